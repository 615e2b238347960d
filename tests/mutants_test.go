package tests

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// TestMutants runs clients that are wrong in one point each against the sandbox, and shows that the checks between them
// name the point. The mistake stands where it would in a client: in what it hands to its transport.
func TestMutants(t *testing.T) {
	header := func(change func(http.Header)) mutant {
		return func(req *http.Request) { change(req.Header) }
	}
	query := func(change func(url.Values)) mutant {
		return func(req *http.Request) {
			q := req.URL.Query()
			change(q)
			req.URL.RawQuery = q.Encode()
		}
	}
	path := func(old, by string) mutant {
		return func(req *http.Request) { req.URL.Path = strings.Replace(req.URL.Path, old, by, 1) }
	}
	body := func(old, by string) mutant {
		return func(req *http.Request) {
			if req.Body == nil {
				return
			}
			data, _ := io.ReadAll(req.Body)
			setBody(req, strings.Replace(string(data), old, by, 1))
		}
	}
	rows := []struct {
		mistake string
		mutant  mutant
		caught  string
	}{
		{"no key", header(func(h http.Header) { h.Del("Api-Key") }), "header Api-Key: required"},
		{"an empty key", header(func(h http.Header) { h.Set("Api-Key", "") }), "header Api-Key: required"},
		{"the key in the wrong header", header(func(h http.Header) { h.Set("X-Api-Key", h.Get("Api-Key")); h.Del("Api-Key") }), "header Api-Key: required"},
		{"the key twice", header(func(h http.Header) { h.Add("Api-Key", "key") }), "header Api-Key: required"},
		{"the key in the query", query(func(q url.Values) { q.Set("api_key", "key") }), "query api_key: is not declared"},
		{"no content type", header(func(h http.Header) { h.Del("Content-Type") }), "header Content-Type: must be"},
		{"a form's content type", header(func(h http.Header) { h.Set("Content-Type", "application/x-www-form-urlencoded") }), "header Content-Type: must be"},
		{"another charset", header(func(h http.Header) { h.Set("Content-Type", "application/json; charset=windows-1251") }), "header Content-Type: must be"},

		{"no version", path("/v2", ""), "path: is not one of the contract"},
		{"the version twice", path("/v2", "/v2/v2"), "path: is not one of the contract"},
		{"the version in upper case", path("/v2", "/V2"), "path: is not one of the contract"},
		{"another version", path("/v2", "/v3"), "path: is not one of the contract"},
		{"the singular where the plural is", path("businesses", "business"), "path: is not one of the contract"},
		{"a slash too much", path("/businesses", "//businesses"), "path: is not one of the contract"},
		{"a slash at the end", func(req *http.Request) { req.URL.Path += "/" }, "path: is not one of the contract"},
		{"no cabinet", path("4200", ""), "path: is not one of the contract"},
		{"cabinet 0", path("4200", "0"), "path businessId: minimum 1"},
		{"cabinet below 0", path("4200", "-4200"), "path businessId: minimum 1"},
		{"a cabinet's name", path("4200", "shop"), "path businessId: type integer"},
		{"another method", func(req *http.Request) { req.Method = http.MethodPut }, "method: is not one of the path"},

		{"no chatId", query(func(q url.Values) { q.Del("chatId") }), "query chatId: required"},
		{"the query in snake case", query(func(q url.Values) { q["chat_id"] = q["chatId"]; q.Del("chatId") }), "query chat_id: is not declared"},
		{"the query in lower case", query(func(q url.Values) { q["chatid"] = q["chatId"]; q.Del("chatId") }), "query chatid: is not declared"},
		{"the query twice", query(func(q url.Values) { q.Add("chatId", "1") }), "query chatId: comes more than once"},
		{"chatId 0", query(func(q url.Values) { q.Set("chatId", "0") }), "query chatId: minimum 1"},
		{"chatId through float64", query(func(q url.Values) { q.Set("chatId", "7.000001e+06") }), "query chatId: type integer"},
		{"chatId beyond int64", query(func(q url.Values) { q.Set("chatId", "9223372036854775808") }), "query chatId: format int64"},
		{"a cache buster", query(func(q url.Values) { q.Set("_", "1") }), "query _: is not declared"},

		{"no body", func(req *http.Request) { req.Body, req.ContentLength = nil, 0 }, "body: required"},
		{"a body where none belongs", func(req *http.Request) {
			if req.Method == http.MethodGet {
				setBody(req, "{}")
			}
		}, "body: none is declared"},
		{"a body that was read before", func(req *http.Request) {
			if req.Body != nil {
				_, _ = io.ReadAll(req.Body)
			}
		}, "header Content-Length: must be the length of the body"},
		{"half a body", body(`"}`, ``), "body: is not JSON"},
		{"two bodies", body(`"}`, `"}{}`), "body: has bytes after the JSON"},
		{"message as an object", body(`"hello"`, `{"text":"hello"}`), "body /message: type string"},
		{"message under another name", body(`"message"`, `"text"`), "body /message: required"},
		{"message in upper case", body(`"message"`, `"Message"`), "body /Message: is not declared"},
		{"message twice", body(`{"message"`, `{"message":"a","message"`), "body /message: comes twice"},
		{"message empty", body(`"hello"`, `""`), "body /message: minLength 1"},
		{"message too long", body(`"hello"`, `"`+strings.Repeat("x", 4097)+`"`), "body /message: maxLength 4096"},
		{"message null", body(`"hello"`, `null`), "body /message: must not be null"},
		{"message not in UTF-8", body(`"hello"`, "\"\xcf\xf0\""), "body: is not UTF-8"},
		{"context as text", body(`"ORDER"`, `"order"`), "body /context/type: enum [ORDER RETURN]"},
		{"context DIRECT", body(`"ORDER"`, `"DIRECT"`), "body /context/type: enum [ORDER RETURN]"},
		{"context without a type", body(`,"type":"ORDER"`, ``), "body /context/type: required"},
		{"context without an id", body(`"id":31,`, ``), "body /context/id: required"},
		{"context with id 0", body(`"id":31`, `"id":0`), "body /context/id: minimum 1"},
		{"context with an id as text", body(`"id":31`, `"id":"31"`), "body /context/id: type integer"},
		{"context with an id beyond int64", body(`"id":31`, `"id":9223372036854775808`), "body /context/id: format int64"},
		{"context with an unknown field", body(`"id":31`, `"id":31,"shopId":5`), "body /context/shopId: is not declared"},
		{"a field of another operation", body(`"hello"`, `"hello","chatId":1`), "body /chatId: is not declared"},
	}
	died := 0
	for _, row := range rows {
		t.Run(row.mistake, func(t *testing.T) {
			if assert.Contains(t, strings.Join(caught(t, row.mutant), "\n"), row.caught) {
				died++
			}
		})
	}
	t.Run("none", func(t *testing.T) {
		assert.Empty(t, caught(t, func(*http.Request) {}), "the client as it is")
	})
	t.Logf("mutants caught: %d of %d", died, len(rows))
}

// mutant spoils a request.
type mutant func(*http.Request)

// caught makes the three calls with a client that has a mistake, each call tried twice, and lists what the checks found.
func caught(t *testing.T, mistake mutant) []string {
	t.Helper()
	var found []string
	synctest.Test(t, func(t *testing.T) {
		market := sandbox.New()
		spoilt := transportFunc(func(req *http.Request) (*http.Response, error) {
			req = req.Clone(req.Context())
			mistake(req)
			resp, err := contract().Transport(market.RoundTripper()).RoundTrip(req)
			for _, v := range api.Violations(err) {
				found = append(found, v.Where+": "+v.Rule)
			}
			return resp, err
		})
		client, err := wrapper.New(business, wrapper.APIKey("key"), wrapper.WithHTTPClient(&http.Client{Transport: spoilt}))
		require.NoError(t, err)
		two := wrapper.Attempts(2)
		_, _ = client.CreateChat(t.Context(), wrapper.Order(31), two)
		_ = client.SendMessage(t.Context(), 7000001, "hello", two)
		_, _ = client.GetChat(t.Context(), 7000001, two)
	})
	return found
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func setBody(req *http.Request, body string) {
	req.Body, req.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
}

// A client that forgets to rewind the body when it tries again is caught at its second attempt. It is written the way
// such clients are: one request, sent twice.
func TestMutantThatDoesNotReplayItsBody(t *testing.T) {
	market := sandbox.New()
	market.Script("createChat", sandbox.Fail(500, "INTERNAL_ERROR", "x"))
	hc := &http.Client{Transport: contract().Transport(market.RoundTripper())}
	req, err := http.NewRequest(http.MethodPost, "https://market/v2/businesses/1/chats/new", bytes.NewBufferString(`{"context":{"type":"ORDER","id":1}}`))
	require.NoError(t, err)
	req.Header = http.Header{"Api-Key": {"k"}, "Content-Type": {"application/json"}}
	resp, err := hc.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, 500, resp.StatusCode)
	_, err = hc.Do(req)
	assert.ErrorContains(t, err, "createChat: header Content-Length: must be the length of the body")
}

// A client that leaves bodies of answers open is caught by counting them.
func TestMutantThatLeavesBodiesOpen(t *testing.T) {
	market := sandbox.New()
	var open atomic.Int32
	hc := &http.Client{Transport: countOpen(market.RoundTripper(), &open)}
	client, err := wrapper.New(business, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc))
	require.NoError(t, err)
	for range 3 {
		_, err := client.GetChat(t.Context(), 1)
		require.ErrorIs(t, err, wrapper.ErrNotFound)
	}
	assert.Zero(t, open.Load(), "the wrapper closes what it opens")

	req, err := http.NewRequest(http.MethodGet, "https://market/v2/businesses/1/chat?chatId=1", nil)
	require.NoError(t, err)
	_, err = hc.Do(req)
	require.NoError(t, err)
	assert.EqualValues(t, 1, open.Load(), "and who does not is seen")
}

func countOpen(next http.RoundTripper, open *atomic.Int32) http.RoundTripper {
	return transportFunc(func(req *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(req)
		if err == nil {
			open.Add(1)
			resp.Body = &counted{resp.Body, open}
		}
		return resp, err
	})
}

type counted struct {
	io.ReadCloser
	open *atomic.Int32
}

func (c *counted) Close() error {
	c.open.Add(-1)
	return c.ReadCloser.Close()
}
