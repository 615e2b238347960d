package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
)

const (
	newChat = "/v2/businesses/1/chats/new"
	order5  = `{"context":{"type":"ORDER","id":5}}`
	hello   = `{"message":"hello"}`
)

func messageTo(chat int64) string {
	return "/v2/businesses/1/chats/message?chatId=" + strconv.FormatInt(chat, 10)
}
func chatOf(chat int64) string { return "/v2/businesses/1/chat?chatId=" + strconv.FormatInt(chat, 10) }

// newMarket makes a Market whose clock stands, unless opts set another: on the full hour a quota begins anew, and a test
// that counts would fail once in a while.
func newMarket(opts ...sandbox.Option) *sandbox.Market {
	noon := time.Date(2026, 9, 9, 12, 0, 0, 0, time.UTC)
	return sandbox.New(append([]sandbox.Option{sandbox.WithClock(func() time.Time { return noon })}, opts...)...)
}

var contract = sync.OnceValues(func() (*api.Validator, error) { return api.NewValidator() })

// answer is what a Market said: every one is checked against the contract, unless it is no operation of it.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) error(t *testing.T) (code, message string) {
	t.Helper()
	var e gen.APIErrorResponse
	require.NoError(t, json.Unmarshal([]byte(a.body), &e), a.body)
	require.Len(t, e.Errors, 1, a.body)
	assert.Equal(t, gen.APIResponseStatusTypeError, e.Status)
	return e.Errors[0].Code, *e.Errors[0].Message
}

// serve makes a request of this machine with the key "k", of JSON where there is a body; headers are name, value, name,
// value; an empty value takes the header away.
func serve(h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, newRequest(method, target, body, headers...))
	return w
}

func newRequest(method, target, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Api-Key", "k")
	if r.Host == "example.com" { // the target has none
		r.Host = "127.0.0.1:8080"
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		switch name, value := headers[i], headers[i+1]; {
		case name == "Host":
			r.Host = value
		case value == "":
			r.Header.Del(name)
		default:
			r.Header.Set(name, value)
		}
	}
	return r
}

// ask is serve for answers of the API, each of which is checked against the contract.
func ask(t *testing.T, m http.Handler, method, target, body string, headers ...string) answer {
	t.Helper()
	resp := serve(m, method, target, body, headers...).Result()
	req := newRequest(method, target, body, headers...)
	if v, err := contract(); assert.NoError(t, err) && v.Operation(req) != "" {
		assert.NoError(t, v.Response(req, resp), "the sandbox keeps the contract")
	}
	data, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return answer{resp.StatusCode, resp.Header, string(data)}
}

// formOf writes a file as a form, and gives its content type and its body.
func formOf(t *testing.T, name, content string) (contentType, body string) {
	t.Helper()
	var text bytes.Buffer
	form := multipart.NewWriter(&text)
	part, err := form.CreateFormFile("file", name)
	require.NoError(t, err)
	_, err = io.WriteString(part, content)
	require.NoError(t, err)
	require.NoError(t, form.Close())
	return form.FormDataContentType(), text.String()
}

func startChat(t *testing.T, m http.Handler, about string) int64 {
	t.Helper()
	a := ask(t, m, "POST", newChat, about)
	require.Equal(t, 200, a.status, a.body)
	var r gen.CreateChatResponse
	require.NoError(t, json.Unmarshal([]byte(a.body), &r))
	return r.Result.ChatID
}

func readChat(t *testing.T, m http.Handler, chat int64) gen.GetChatInfoDTO {
	t.Helper()
	a := ask(t, m, "GET", chatOf(chat), "")
	require.Equal(t, 200, a.status, a.body)
	var r gen.GetChatResponse
	require.NoError(t, json.Unmarshal([]byte(a.body), &r))
	return *r.Result
}

// rawAsk and rawSend are ask for answers that break the contract.
func rawAsk(m http.Handler, method, target string) *httptest.ResponseRecorder {
	return serve(m, method, target, "")
}

func rawSend(m http.Handler, chat int64) *httptest.ResponseRecorder {
	return serve(m, "POST", messageTo(chat), hello)
}

// drive sends a request to the control API. Its answer is checked against control.yaml.
func drive(t *testing.T, m *sandbox.Market, method, path, body string) (status int, answer string) {
	t.Helper()
	w := serve(m.Control(), method, path, body)
	router, err := controlRouter()
	require.NoError(t, err)
	req := newRequest(method, "http://127.0.0.1:8080"+path, body)
	route, params, err := router.FindRoute(req)
	require.NoError(t, err, path)
	require.NoError(t, openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, Route: route, PathParams: params},
		Status:                 w.Code, Header: w.Header(), Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}))
	return w.Code, strings.TrimSpace(w.Body.String())
}

// controlRouter finds the operations of control.yaml.
var controlRouter = sync.OnceValues(func() (routers.Router, error) {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(sandbox.ControlSpec)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(loader.Context); err != nil {
		return nil, err
	}
	return gorillamux.NewRouter(doc)
})

// pageOf loads the page with a query, "?chats=2".
func pageOf(t *testing.T, m *sandbox.Market, query string) string {
	t.Helper()
	w := serve(m.Site(), "GET", "/_sandbox/"+query, "")
	require.Equal(t, 200, w.Code, query)
	assert.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
	return w.Body.String()
}

// section is a part of the page by the id of its element.
func section(t *testing.T, page, id string) string {
	t.Helper()
	_, from, found := strings.Cut(page, `<section id="`+id+`"`)
	require.True(t, found, id)
	inside, _, found := strings.Cut(from, "</section>")
	require.True(t, found, id)
	_, inside, _ = strings.Cut(inside, ">")
	return inside
}

var (
	tags   = regexp.MustCompile(`<[^>]*>`)
	chatID = regexp.MustCompile(`<li id="chat-(\d+)"`)
)

// words are what somebody reads of a part of the page.
func words(part string) string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(part, ""))), " ")
}

// chatsOf are the last digits of the chats of a page, in their order.
func chatsOf(page string) (ids []string) {
	for _, match := range chatID.FindAllStringSubmatch(page, -1) {
		ids = append(ids, strings.TrimLeft(strings.TrimPrefix(match[1], "7"), "0"))
	}
	return ids
}

var (
	pageForm  = regexp.MustCompile(`(?s)<form [^>]*method="post" action="([^"]+)".*?</form>`)
	button    = regexp.MustCompile(`(?s)<button name="(\w+)" value="([^"]*)">(.*?)</button>`)
	formInput = regexp.MustCompile(`<input[^>]*>`)
	attribute = regexp.MustCompile(`(\w+)="([^"]*)"`)
)

// press sends the form of the page that has a button, as a browser does, with some of its fields filled in: name, value,
// name, value. view is the query of the page's address.
func press(t *testing.T, m *sandbox.Market, view, pressed string, fields ...string) *httptest.ResponseRecorder {
	t.Helper()
	for _, form := range pageForm.FindAllStringSubmatch(pageOf(t, m, view), -1) {
		if !strings.Contains(words(form[0])+form[0], pressed) {
			continue
		}
		sent := url.Values{}
		for _, b := range button.FindAllStringSubmatch(form[0], -1) {
			if words(b[3]) == pressed {
				sent.Add(b[1], html.UnescapeString(b[2]))
			}
		}
		for i := 0; i < len(fields); i += 2 {
			sent.Add(fields[i], fields[i+1])
		}
		for _, input := range formInput.FindAllString(form[0], -1) {
			attributes := map[string]string{}
			for _, a := range attribute.FindAllStringSubmatch(input, -1) {
				attributes[a[1]] = html.UnescapeString(a[2])
			}
			name := attributes["name"]
			if !sent.Has(name) {
				sent.Add(name, attributes["value"])
			}
		}
		return post(m, html.UnescapeString(form[1]), sent)
	}
	require.Fail(t, "the page has no such button", pressed)
	return nil
}

// post sends a form as a browser does.
func post(m *sandbox.Market, address string, fields url.Values) *httptest.ResponseRecorder {
	return postText(m, address, fields.Encode())
}

func postText(m *sandbox.Market, address, body string) *httptest.ResponseRecorder {
	return serve(m.Site(), "POST", address, body, "Content-Type", "application/x-www-form-urlencoded", "Api-Key", "",
		"Accept", "text/html,*/*;q=0.8", "Origin", "http://127.0.0.1:8080", "Sec-Fetch-Site", "same-origin")
}

// goesBack checks that the browser is sent back to the page, and gives what that says.
func goesBack(t *testing.T, m *sandbox.Market, w *httptest.ResponseRecorder, location string) string {
	t.Helper()
	require.Equal(t, 303, w.Code, w.Body.String())
	require.Equal(t, location, w.Header().Get("Location"))
	_, query, _ := strings.Cut(location, "?")
	query, _, _ = strings.Cut(query, "#")
	return pageOf(t, m, "?"+query)
}
