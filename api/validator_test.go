package api_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
)

const (
	chat     = "/v2/businesses/1/chat"
	newChat  = "/v2/businesses/1/chats/new"
	message  = "/v2/businesses/1/chats/message?chatId=1"
	allChats = "/v2/businesses/1/chats"
	history  = "/v2/businesses/1/chats/history?chatId=1"
)

func newValidator(t testing.TB, opts ...api.Option) *api.Validator {
	t.Helper()
	v, err := api.NewValidator(opts...)
	require.NoError(t, err)
	return v
}

// request makes one as a client would send it: with a key, and a content type when there is a body.
func request(t *testing.T, method, target, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(method, "https://api.partner.market.yandex.ru"+target, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Api-Key", "canary-key")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}

// places lists violations as "where: rule".
func places(err error) []string {
	var list []string
	for _, v := range api.Violations(err) {
		list = append(list, v.Where+": "+v.Rule)
	}
	return list
}

func TestRequest(t *testing.T) {
	long := func(n int) string { return `{"message":"` + strings.Repeat("😀", n) + `"}` }
	rows := []struct {
		what, method, target, body string
		want                       []string
	}{
		{"getChat", "GET", chat + "?chatId=1", "", nil},
		{"without a version", "GET", "/businesses/1/chat?chatId=1", "", nil},
		{"the largest ids", "GET", "/v2/businesses/9223372036854775807/chat?chatId=9223372036854775807", "", nil},
		{"createChat", "POST", newChat, `{"context":{"type":"RETURN","id":9223372036854775807}}`, nil},
		{"createChat, all the schema allows", "POST", newChat, `{}`, nil},
		{"sendMessageToChat", "POST", message, `{"message":"x"}`, nil},
		{"4096 characters", "POST", message, long(4096), nil},
		{"4096 characters, escaped", "POST", message, `{"message":"` + strings.Repeat(`\n`, 2048) + strings.Repeat(`\u0436`, 2048) + `"}`, nil},
		{"a name with an escape", "POST", message, `{"\u006dessage":"\\\""}`, nil},

		{"another path", "GET", "/v2/campaigns", "", []string{"path: is not one of the contract"}},
		{"doubled version", "GET", "/v2" + chat + "?chatId=1", "", []string{"path: is not one of the contract"}},
		{"upper case version", "GET", "/V2/businesses/1/chat?chatId=1", "", []string{"path: is not one of the contract"}},
		{"slash at the end", "GET", chat + "/?chatId=1", "", []string{"path: is not one of the contract"}},
		{"another method", "DELETE", chat + "?chatId=1", "", []string{"method: is not one of the path"}},

		{"businessId in escapes", "GET", "/v2/businesses/%31%32/chat?chatId=%31", "", nil},
		{"businessId with a slash", "GET", "/v2/businesses/1%2F2/chat?chatId=1", "", []string{"path businessId: type integer"}},
		{"businessId 0", "GET", "/v2/businesses/0/chat?chatId=1", "", []string{"path businessId: minimum 1"}},
		{"businessId: text", "GET", "/v2/businesses/canary/chat?chatId=1", "", []string{"path businessId: type integer"}},
		{"businessId: 2^63", "GET", "/v2/businesses/9223372036854775808/chat?chatId=1", "", []string{"path businessId: format int64"}},
		{"chatId: missing", "GET", chat, "", []string{"query chatId: required"}},
		{"chatId: 0", "GET", chat + "?chatId=0", "", []string{"query chatId: minimum 1"}},
		{"chatId: below 0", "GET", chat + "?chatId=-1", "", []string{"query chatId: minimum 1"}},
		{"chatId: empty", "GET", chat + "?chatId=", "", []string{"query chatId: type integer"}},
		{"chatId: a plus", "GET", chat + "?chatId=%2B1", "", []string{"query chatId: type integer"}},
		{"chatId: leading 0", "GET", chat + "?chatId=01", "", []string{"query chatId: type integer"}},
		{"chatId: a fraction", "GET", chat + "?chatId=1.0", "", []string{"query chatId: type integer"}},
		{"chatId: 2^63", "GET", chat + "?chatId=9223372036854775808", "", []string{"query chatId: format int64"}},
		{"chatId: 2^70", "GET", chat + "?chatId=1180591620717411303424", "", []string{"query chatId: format int64"}},
		{"chatId: twice", "GET", chat + "?chatId=1&chatId=1", "", []string{"query chatId: comes more than once"}},
		{"chatId: wrong case", "GET", chat + "?chatid=1", "", []string{"query chatId: required", "query chatid: is not declared"}},
		{"query: unknown", "GET", chat + "?chatId=1&x=canary", "", []string{"query x: is not declared"}},
		{"query: on createChat", "POST", newChat + "?chatId=1", `{"context":{"type":"ORDER","id":1}}`, []string{"query chatId: is not declared"}},
		{"query: malformed", "GET", chat + "?chatId=1&%zz", "", []string{"query: cannot be parsed"}},

		{"a body where none belongs", "GET", chat + "?chatId=1", `{}`, []string{"body: none is declared"}},
		{"no body", "POST", message, "", []string{"body: required"}},
		{"not JSON", "POST", message, `message=canary`, []string{"body: is not JSON"}},
		{"not UTF-8", "POST", message, "{\"message\":\"\xff\"}", []string{"body: is not UTF-8"}},
		{"null", "POST", message, `null`, []string{"body: must not be null"}},
		{"an array", "POST", message, `["canary"]`, []string{"body: type object"}},
		{"bytes after the JSON", "POST", message, `{"message":"x"} canary`, []string{"body: has bytes after the JSON"}},
		{"another value after the JSON", "POST", message, `{"message":"x"}{}`, []string{"body: has bytes after the JSON"}},
		{"a name twice", "POST", message, `{"message":"x","message":"y"}`, []string{"body /message: comes twice"}},
		{"a name twice, wrong the second time", "POST", message, `{"message":"x","message":""}`, []string{"body /message: comes twice", "body /message: minLength 1"}},
		{"a name twice, wrong the first time", "POST", message, `{"message":"","message":"x"}`, []string{"body /message: comes twice", "body /message: minLength 1"}},
		{"a brace too much", "POST", message, `{"message":"x"}}`, []string{"body: has bytes after the JSON"}},
		{"a name in the wrong case", "POST", message, `{"Message":"canary"}`, []string{"body /Message: is not declared", "body /message: required"}},
		{"an unknown name", "POST", message, `{"message":"x","chatId":1}`, []string{"body /chatId: is not declared"}},
		{"an unknown name, deeper", "POST", newChat, `{"context":{"type":"ORDER","id":1,"x":1}}`, []string{"body /context/x: is not declared"}},
		{"deep", "POST", message, `{"message":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, []string{"body: is not JSON"}},
		{"message: empty", "POST", message, `{"message":""}`, []string{"body /message: minLength 1"}},
		{"message: 4097 characters", "POST", message, long(4097), []string{"body /message: maxLength 4096"}},
		{"message: null", "POST", message, `{"message":null}`, []string{"body /message: must not be null"}},
		{"message: an object, as public code has it", "POST", message, `{"message":{"text":"canary"}}`,
			[]string{"body /message/text: is not declared", "body /message: type string"}},
		{"context: DIRECT", "POST", newChat, `{"context":{"type":"DIRECT","id":1}}`, []string{"body /context/type: enum [ORDER RETURN]"}},
		{"context: no id", "POST", newChat, `{"context":{"type":"ORDER"}}`, []string{"body /context/id: required"}},
		{"context: id 0", "POST", newChat, `{"context":{"type":"ORDER","id":0}}`, []string{"body /context/id: minimum 1"}},
		{"context: id as text", "POST", newChat, `{"context":{"type":"ORDER","id":"1"}}`, []string{"body /context/id: type integer"}},
		{"context: id a fraction", "POST", newChat, `{"context":{"type":"ORDER","id":1.5}}`, []string{"body /context/id: format int64", "body /context/id: type integer"}},
		{"context: id 2^63", "POST", newChat, `{"context":{"type":"ORDER","id":9223372036854775808}}`, []string{"body /context/id: format int64"}},
		{"names that may be values", "POST", message + "&Dear+canary=1", `{"message":"x","Dear canary":1,"q\"":{}}`,
			[]string{"query …: is not declared", "body /…: is not declared"}},
		{"several", "POST", "/v2/businesses/0/chats/message?x=1", `{"message":"","a":1}`,
			[]string{"body /a: is not declared", "body /message: minLength 1", "path businessId: minimum 1", "query chatId: required", "query x: is not declared"}},
	}
	v := newValidator(t)
	for _, row := range rows {
		t.Run(row.what, func(t *testing.T) {
			req := request(t, row.method, row.target, row.body)
			err := v.Request(req)
			assert.ElementsMatch(t, row.want, places(err))
			if err != nil {
				assert.NotContains(t, err.Error(), "canary", "a violation never holds a value")
			}
			body, err := io.ReadAll(req.Body)
			require.NoError(t, err)
			assert.Equal(t, row.body, string(body), "the request is left as it was")
		})
	}
}

func TestRequestHeaders(t *testing.T) {
	rows := []struct {
		what   string
		change func(http.Header)
		want   []string
	}{
		{"OAuth", func(h http.Header) { h.Del("Api-Key"); h.Set("Authorization", "Bearer t") }, nil},
		{"both", func(h http.Header) { h.Set("Authorization", "Bearer t") }, nil},
		{"a good key beside a bad token", func(h http.Header) { h.Set("Authorization", "Basic t") }, nil},
		{"a good token beside an empty key", func(h http.Header) { h.Set("Api-Key", " "); h.Set("Authorization", "Bearer t") }, nil},
		{"charset", func(h http.Header) { h.Set("Content-Type", "application/json; charset=UTF-8") }, nil},
		{"no key", func(h http.Header) { h.Del("Api-Key") }, []string{"header Api-Key: required, or another way to authorize: Api-Key, Authorization"}},
		{"empty key", func(h http.Header) { h.Set("Api-Key", "") }, []string{"header Api-Key: required, or another way to authorize: Api-Key, Authorization"}},
		{"two keys", func(h http.Header) { h.Add("Api-Key", "k") }, []string{"header Api-Key: required, or another way to authorize: Api-Key, Authorization"}},
		{"blank key", func(h http.Header) { h.Set("Api-Key", " ") }, []string{"header Api-Key: required, or another way to authorize: Api-Key, Authorization"}},
		{"two tokens", func(h http.Header) { h.Del("Api-Key"); h["Authorization"] = []string{"Bearer a", "Bearer b"} }, []string{"header Api-Key: required, or another way to authorize: Api-Key, Authorization"}},
		{"blank token", func(h http.Header) { h.Del("Api-Key"); h.Set("Authorization", "Bearer  ") }, []string{"header Api-Key: required, or another way to authorize: Api-Key, Authorization"}},
		{"Basic", func(h http.Header) { h.Del("Api-Key"); h.Set("Authorization", "Basic t") }, []string{"header Api-Key: required, or another way to authorize: Api-Key, Authorization"}},
		{"no content type", func(h http.Header) { h.Del("Content-Type") }, []string{"header Content-Type: must be application/json, in UTF-8"}},
		{"another content type", func(h http.Header) { h.Set("Content-Type", "text/plain") }, []string{"header Content-Type: must be application/json, in UTF-8"}},
		{"two content types", func(h http.Header) { h.Add("Content-Type", "application/json") }, []string{"header Content-Type: must be application/json, in UTF-8"}},
		{"another charset", func(h http.Header) { h.Set("Content-Type", "application/json; charset=cp1251") }, []string{"header Content-Type: must be application/json, in UTF-8"}},
	}
	v := newValidator(t)
	for _, row := range rows {
		req := request(t, "POST", message, `{"message":"x"}`)
		row.change(req.Header)
		assert.Equal(t, row.want, places(v.Request(req)), row.what)
	}
}

// What a transport would send is checked, not what GetBody would give.
func TestRequestBodyThatWasNotRewound(t *testing.T) {
	req := request(t, "POST", message, `{"message":"x"}`)
	_, err := io.ReadAll(req.Body)
	require.NoError(t, err)
	assert.Equal(t, []string{"header Content-Length: must be the length of the body"}, places(newValidator(t).Request(req)))
}

func TestRequestBodyThatIsTooLarge(t *testing.T) {
	large := `{"message":"` + strings.Repeat("x", 512<<10) + `"}`
	req := request(t, "POST", message, large)
	assert.Equal(t, []string{"body: has more than 524288 bytes"}, places(newValidator(t).Request(req)))
	body, err := io.ReadAll(req.Body)
	require.NoError(t, err)
	assert.Equal(t, large, string(body), "what was not checked is still there")
}

func TestRequestBodyThatCannotBeRead(t *testing.T) {
	broken := errors.New("canary")
	req := request(t, "POST", message, `{"message":"x"}`)
	closed := false
	req.Body = body{io.MultiReader(strings.NewReader("{"), failing{broken}), func() error { closed = true; return nil }}
	err := newValidator(t).Request(req)
	assert.Empty(t, places(err), "the network's failure breaks no contract")
	assert.ErrorIs(t, err, broken)
	data, err := io.ReadAll(req.Body)
	assert.Equal(t, "{", string(data))
	assert.ErrorIs(t, err, broken, "the second reading ends as the first one did")
	require.NoError(t, req.Body.Close())
	assert.True(t, closed)
}

type body struct {
	io.Reader
	close func() error
}

func (b body) Close() error { return b.close() }

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestResponse(t *testing.T) {
	const full = `{"status":"OK","result":{"chatId":1,"context":{"type":"ORDER"},"type":"CHAT","status":"NEW","createdAt":"2026-01-01T00:00:00+03:00","updatedAt":"2026-02-28T00:00:00Z"}}`
	put := func(old, by string) string { return strings.Replace(full, old, by, 1) }
	rows := []struct {
		what   string
		status int
		body   string
		want   []string
	}{
		{"a chat", 200, full, nil},
		{"fields that nobody knows", 200, put(`"chatId":1`, `"chatId":1,"x":{"y":[]}`), nil},
		{"a name in the wrong case", 200, put(`"chatId":1`, `"chatId":1,"UpdatedAt":""`), []string{"body /result/UpdatedAt: is declared in another case"}},
		{"an error", 404, `{"status":"ERROR","errors":[{"code":"NOT_FOUND","message":"canary"}]}`, nil},
		{"an error without details", 420, `{"status":"ERROR","errors":null}`, nil},
		{"an undeclared status", 418, `{}`, []string{"status: is not declared"}},
		{"HTML", 200, `<html>canary`, []string{"body: is not JSON"}},
		{"nothing", 200, ``, []string{"body: is not JSON"}},
		{"no status", 200, put(`"status":"OK",`, ``), []string{"body /status: required"}},
		{"an unknown status", 200, put(`"OK"`, `"canary"`), nil},
		{"a status that is a number", 200, put(`"OK"`, `7`), []string{"body /status: type string"}},
		{"chatId 0", 200, put(`"chatId":1`, `"chatId":0`), []string{"body /result/chatId: minimum 1"}},
		{"chatId 2^63", 200, put(`"chatId":1`, `"chatId":9223372036854775808`), []string{"body /result/chatId: format int64"}},
		{"no such date", 200, put("02-28", "02-30"), []string{"body /result/updatedAt: format date-time"}},
		{"a date without offset", 200, put("00:00:00Z", "00:00:00"), []string{"body /result/updatedAt: format date-time"}},
		{"an empty name", 200, put(`"type":"ORDER"`, `"type":"ORDER","customer":{"name":""}`), []string{"body /result/context/customer/name: minLength 1"}},
		{"no errors in the list", 400, `{"status":"ERROR","errors":[]}`, []string{"body /errors: minItems 1"}},
		{"a name twice in a list", 400, `{"status":"ERROR","errors":[{"code":"A"},{"code":"B","code":"C"}]}`, []string{"body /errors/1/code: comes twice"}},
		{"an error without code", 400, `{"status":"ERROR","errors":[{"code":"A"},{"message":"canary"}]}`, []string{"body /errors/1/code: required"}},
	}
	v := newValidator(t)
	for _, row := range rows {
		t.Run(row.what, func(t *testing.T) {
			resp := answer(row.status, row.body)
			err := v.Response(request(t, "GET", chat+"?chatId=1", ""), resp)
			assert.ElementsMatch(t, row.want, places(err))
			if err != nil {
				assert.NotContains(t, err.Error(), "canary")
			}
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			assert.Equal(t, row.body, string(body))
		})
	}
}

func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body))}
}

func TestViolation(t *testing.T) {
	err := newValidator(t).Request(request(t, "GET", chat+"?chatId=0", ""))
	var v *api.Violation
	require.ErrorAs(t, err, &v)
	assert.Equal(t, api.Violation{Operation: "getChat", Where: "query chatId", Rule: "minimum 1"}, *v)
	assert.EqualError(t, err, "getChat: query chatId: minimum 1")
	assert.Empty(t, api.Violations(nil))
	assert.Empty(t, api.Violations(io.EOF))

	several := newValidator(t).Request(request(t, "GET", chat+"?x=1", ""))
	for how, err := range map[string]error{
		"bare":    several,
		"wrapped": fmt.Errorf("outer: %w", several),
		"joined":  errors.Join(io.EOF, fmt.Errorf("%w: %w", io.EOF, several)),
		"by net/http": func() error {
			_, err := (&http.Client{Transport: newValidator(t).Transport(nil)}).Do(request(t, "GET", chat+"?x=1", ""))
			return err
		}(),
	} {
		assert.Equal(t, []string{"query chatId: required", "query x: is not declared"}, places(err), how)
	}
}

// What a RoundTripper must not do does not bring the checks down.
func TestTransportOfAnOddRoundTripper(t *testing.T) {
	for what, row := range map[string]struct {
		resp *http.Response
		says string
	}{
		"nothing":                  {nil, "neither an answer nor an error"},
		"a status without a body":  {&http.Response{StatusCode: 418}, "status: is not declared"},
		"an answer without a body": {&http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}}, "body: is not JSON"},
	} {
		next := roundTripperFunc(func(*http.Request) (*http.Response, error) { return row.resp, nil })
		_, err := newValidator(t).Transport(next).RoundTrip(request(t, "GET", chat+"?chatId=1", ""))
		assert.ErrorContains(t, err, row.says, what)
	}
	assert.Error(t, newValidator(t).Request(&http.Request{}))
	assert.Error(t, newValidator(t).Response(request(t, "GET", chat, ""), nil))
}

type roundTripperFunc func(*http.Request) (*http.Response, error)

func (f roundTripperFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// Transport leaves the request of its caller alone, and closes what it does not hand on.
func TestTransportIsClean(t *testing.T) {
	closed := []string{}
	closer := func(name string, r io.Reader) io.ReadCloser {
		return body{r, func() error { closed = append(closed, name); return nil }}
	}
	next := roundTripperFunc(func(req *http.Request) (*http.Response, error) {
		req.Header.Set("X-Next", "1")
		return &http.Response{StatusCode: 418, Body: closer("answer", strings.NewReader(""))}, nil
	})
	req := request(t, "POST", message, `{"message":""}`)
	req.Body = closer("request", strings.NewReader(`{"message":""}`))
	_, err := newValidator(t).Transport(next).RoundTrip(req)
	require.Error(t, err)
	assert.Equal(t, []string{"request"}, closed, "a request that is not sent is closed")

	sent := request(t, "GET", chat+"?chatId=1", "")
	_, err = newValidator(t).Transport(next).RoundTrip(sent)
	require.Error(t, err)
	assert.Equal(t, []string{"request", "answer"}, closed)
	assert.Empty(t, sent.Header.Get("X-Next"))
}

func TestResponseThatIsTooLarge(t *testing.T) {
	large := `{"status":"OK"}` + strings.Repeat(" ", 8<<20)
	resp := answer(200, large)
	assert.Equal(t, []string{"body: is too large to be checked"}, places(newValidator(t).Response(request(t, "POST", message, ""), resp)))
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, large, string(body))
}

func TestOperation(t *testing.T) {
	v := newValidator(t)
	assert.Equal(t, "getChat", v.Operation(request(t, "GET", chat, "")))
	assert.Equal(t, "", v.Operation(request(t, "PUT", chat, "")))
	doc, err := api.Load()
	require.NoError(t, err)
	var ids []string
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			ids = append(ids, op.OperationID)
		}
	}
	slices.Sort(ids)
	assert.Equal(t, ids, v.Operations())
}

func TestBasePaths(t *testing.T) {
	v := newValidator(t, api.WithBasePaths("/v2"))
	assert.Equal(t, "getChat", v.Operation(request(t, "GET", chat, "")))
	assert.Equal(t, "", v.Operation(request(t, "GET", "/businesses/1/chat", "")))
	for _, bad := range []string{"v2", "/v2/", "/", "/{x}", "/v2?", "/v2#"} {
		_, err := api.NewValidator(api.WithBasePaths(bad))
		assert.ErrorContains(t, err, "is not allowed")
	}
	_, err := api.NewValidator(nil)
	assert.ErrorContains(t, err, "an option is nil")
	_, err = api.NewValidator(api.WithBasePaths())
	assert.ErrorContains(t, err, "allowed is at least one")
}

func TestTransport(t *testing.T) {
	reply := `{"status":"OK"}`
	reached := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached++
		got, _ := io.ReadAll(r.Body)
		assert.Equal(t, `{"message":"x"}`, string(got))
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, reply)
	}))
	defer server.Close()
	client := http.Client{Transport: newValidator(t).Transport(nil)}
	send := func(body string) (*http.Response, error) {
		req, err := http.NewRequest("POST", server.URL+message, bytes.NewBufferString(body))
		require.NoError(t, err)
		req.Header = http.Header{"Api-Key": {"k"}, "Content-Type": {"application/json"}}
		return client.Do(req)
	}
	resp, err := send(`{"message":"x"}`)
	require.NoError(t, err)
	got, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, reply, string(got))

	_, err = send(`{"message":""}`)
	assert.Equal(t, []string{"body /message: minLength 1"}, places(err))
	assert.Equal(t, 1, reached, "what breaks the contract is not sent")

	reply = `{}`
	_, err = send(`{"message":"x"}`)
	assert.Equal(t, []string{"body /status: required"}, places(err))
}

func TestValidatorIsSafeForConcurrentUse(t *testing.T) {
	v := newValidator(t)
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			assert.NoError(t, v.Request(request(t, "POST", message, `{"message":"x"}`)))
			assert.Error(t, v.Request(request(t, "POST", message, `{"message":""}`)))
			assert.NoError(t, v.Response(request(t, "POST", message, ""), answer(200, `{"status":"OK"}`)))
		})
	}
	all.Wait()
}

func TestHandler(t *testing.T) {
	reached := 0
	reply := `{"status":"OK"}`
	handler := newValidator(t).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached++
		got, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		assert.Equal(t, `{"message":"x"}`, string(got))
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Traceparent", "00-1-2-01")
		_, _ = io.WriteString(w, reply)
	}))
	ask := func(body string) *httptest.ResponseRecorder {
		req := httptest.NewRequest("POST", message, strings.NewReader(body))
		req.Header = http.Header{"Api-Key": {"k"}, "Content-Type": {"application/json"}}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, req)
		return w
	}
	good := ask(`{"message":"x"}`)
	assert.Equal(t, 200, good.Code)
	assert.Equal(t, reply, good.Body.String())
	assert.Equal(t, "00-1-2-01", good.Header().Get("Traceparent"))

	refused := ask(`{"message":""}`)
	assert.Equal(t, 400, refused.Code)
	assert.Contains(t, refused.Body.String(), "sendMessageToChat: body /message: minLength 1")
	assert.Equal(t, 1, reached)

	reply = `{"status":["canary"]}`
	broken := ask(`{"message":"x"}`)
	assert.Equal(t, 500, broken.Code)
	assert.Equal(t, "the answer 200 breaks the contract\nsendMessageToChat: body /status: type string\n", broken.Body.String())
	assert.Empty(t, broken.Header().Get("Traceparent"), "nothing of the answer is left")
}

func TestResponseWithoutARecordedBody(t *testing.T) {
	v := newValidator(t)
	req := request(t, "GET", chat+"?chatId=1", "")
	assert.NoError(t, v.Response(req, &http.Response{StatusCode: 200}))
	assert.Equal(t, []string{"status: is not declared"}, places(v.Response(req, &http.Response{StatusCode: 418})))
}
