package api_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
)

func TestReportThatIsRefused(t *testing.T) {
	_, err := api.NewValidator(api.WithReport(nil))
	assert.EqualError(t, err, "api: WithReport is given nil, allowed is a function")
}

// reported collects what a Validator reports.
type reported []string

func (l *reported) add(err error) { *l = append(*l, places(err)...) }

// With a report the traffic passes as it is, in both directions.
func TestTransportWithReport(t *testing.T) {
	rows := map[string]struct {
		target, body, reply string
		status              int
		want                reported
	}{
		"nothing to report":  {message, `{"message":"x"}`, `{"status":"OK"}`, 200, nil},
		"a request":          {message, `{"message":""}`, `{"status":"OK"}`, 200, reported{"body /message: minLength 1"}},
		"an answer":          {message, `{"message":"x"}`, `{}`, 200, reported{"body /status: required"}},
		"both":               {message, `{}`, `{}`, 200, reported{"body /message: required", "body /status: required"}},
		"a gateway's answer": {message, `{"message":"x"}`, `bad gateway`, 502, reported{"status: is not declared"}},
		"an unknown value":   {message, `{"message":"x"}`, `{"status":"LATER"}`, 200, nil},
		"no operation":       {"/v2/campaigns", `{}`, `{"campaigns":[]}`, 200, reported{"path: is not one of the contract"}},
	}
	for what, row := range rows {
		t.Run(what, func(t *testing.T) {
			var got reported
			next := roundTripperFunc(func(req *http.Request) (*http.Response, error) {
				sent, err := io.ReadAll(req.Body)
				assert.NoError(t, err)
				assert.Equal(t, row.body, string(sent))
				return answer(row.status, row.reply), nil
			})
			v := newValidator(t, api.WithReport(got.add))
			resp, err := v.Transport(next).RoundTrip(request(t, "POST", row.target, row.body))
			require.NoError(t, err)
			assert.Equal(t, row.status, resp.StatusCode)
			reply, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			assert.Equal(t, row.reply, string(reply))
			assert.Equal(t, row.want, got)
		})
	}
}

// What breaks in the middle of an answer is what the client sees, with the status that came before it.
func TestTransportHandsOnFailures(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(200)
		assert.NoError(t, http.NewResponseController(w).Flush())
		<-r.Context().Done()
	}))
	defer server.Close()
	for what, opts := range map[string][]api.Option{"plain": nil, "with a report": {api.WithReport(func(err error) { t.Error(err) })}} {
		t.Run(what, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			tooLate := errors.New("too late")
			next := roundTripperFunc(func(req *http.Request) (*http.Response, error) {
				resp, err := http.DefaultTransport.RoundTrip(req)
				cancel(tooLate) // the headers are there, the body never comes
				return resp, err
			})
			req, err := http.NewRequestWithContext(ctx, "GET", server.URL+chat+"?chatId=1", nil)
			require.NoError(t, err)
			req.Header.Set("Api-Key", "k")
			resp, err := newValidator(t, opts...).Transport(next).RoundTrip(req)
			require.NoError(t, err)
			assert.Equal(t, 200, resp.StatusCode)
			_, err = io.ReadAll(resp.Body)
			assert.ErrorIs(t, err, tooLate, "as without the checks")
			require.NoError(t, resp.Body.Close())
		})
	}
}

// A request whose body breaks is left to the transport: it meets the same bytes and the same error.
func TestTransportHandsOnBrokenRequests(t *testing.T) {
	broken := errors.New("canary")
	next := roundTripperFunc(func(req *http.Request) (*http.Response, error) {
		data, err := io.ReadAll(req.Body)
		assert.Equal(t, `{"mess`, string(data))
		return nil, err
	})
	req := request(t, "POST", message, "")
	req.Header.Set("Content-Type", "application/json")
	req.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"mess`), failing{broken}))
	_, err := newValidator(t).Transport(next).RoundTrip(req)
	assert.Equal(t, broken, err)
}

// A violation beside a failure of the network is one all the same, and the failure can be found.
func TestViolationBesideAFailure(t *testing.T) {
	broken := errors.New("canary")
	req := request(t, "POST", message+"&x=1", "")
	req.Body = io.NopCloser(failing{broken})
	err := newValidator(t).Request(req)
	assert.Equal(t, []string{"query x: is not declared"}, places(err))
	assert.ErrorIs(t, err, broken)
	assert.NotContains(t, err.Error(), "canary")
	_, err = newValidator(t).Transport(nil).RoundTrip(req)
	assert.Equal(t, []string{"query x: is not declared"}, places(err))
}

// Trailers travel in both directions.
func TestTransportKeepsTrailers(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		assert.Equal(t, http.Header{"X-Sum": {"7"}}, r.Trailer)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Trailer", "X-Total")
		_, _ = io.WriteString(w, `{"status":"OK"}`)
		w.Header().Set("X-Total", "1")
	}))
	defer server.Close()
	req := request(t, "POST", message, "")
	var err error
	req.URL, err = url.Parse(server.URL + message)
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.ContentLength, req.Trailer = -1, http.Header{"X-Sum": nil}
	req.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"message":"x"}`), readerFunc(func([]byte) (int, error) {
		req.Trailer.Set("X-Sum", "7") // the sum is known at the end
		return 0, io.EOF
	})))
	resp, err := newValidator(t).Transport(nil).RoundTrip(req)
	require.NoError(t, err)
	_, err = io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, http.Header{"X-Total": {"1"}}, resp.Trailer)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// What next gives beside an error stays beside it.
func TestTransportHandsOnBoth(t *testing.T) {
	refused := errors.New("refused")
	half := &http.Response{StatusCode: 407}
	next := roundTripperFunc(func(*http.Request) (*http.Response, error) { return half, refused })
	resp, err := newValidator(t).Transport(next).RoundTrip(request(t, "GET", chat+"?chatId=1", ""))
	assert.Same(t, half, resp)
	assert.Equal(t, refused, err)
}

// No method is GET, and an opaque URL is what is sent.
func TestAddressAsItIsSent(t *testing.T) {
	v := newValidator(t)
	get := request(t, "GET", chat+"?chatId=1", "")
	get.Method = ""
	assert.NoError(t, v.Request(get))
	assert.Equal(t, "getChat", v.Operation(get))
	for opaque, want := range map[string][]string{
		"//api.partner.market.yandex.ru" + chat: nil,
		chat:                                    nil,
		"//api.partner.market.yandex.ru/v2/business": {"path: is not one of the contract"},
		"/v2/businesses/0/chat":                      {"path businessId: minimum 1"},
		"//%zz/":                                     {"path: is not one of the contract"},
		"chats":                                      {"path: is not one of the contract"},
	} {
		req := request(t, "GET", chat+"?chatId=1", "")
		req.URL.Opaque = opaque
		assert.Equal(t, want, places(v.Request(req)), opaque)
		req.URL.Path = "/elsewhere"
		assert.Equal(t, want, places(v.Request(req)), opaque)
	}
	req := request(t, "GET", chat, "")
	req.URL.Opaque = chat
	assert.Equal(t, []string{"query chatId: required"}, places(v.Request(req)))
}

// The handler is reached, and its answer goes out as it writes it.
func TestHandlerWithReport(t *testing.T) {
	const good, bad = `{"status":"OK"}`, `{"status":7}`
	rows := map[string]struct {
		target, body string
		handle       http.HandlerFunc
		status       int
		says         string
		want         reported
	}{
		"nothing to report": {message, `{"message":"x"}`, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, good) }, 200, good, nil},
		"a request":         {message, `{}`, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, good) }, 200, good, reported{"body /message: required"}},
		"an answer in parts": {message, `{"message":"x"}`, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(400)
			_, _ = io.WriteString(w, bad[:5])
			assert.NoError(t, http.NewResponseController(w).Flush())
			w.Header().Set("Content-Type", "text/plain") // too late
			_, _ = io.WriteString(w, bad[5:])
		}, 400, bad, reported{"body /status: type string"}},
		"a status":     {message, `{"message":"x"}`, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(418); _, _ = io.WriteString(w, bad) }, 418, bad, reported{"status: is not declared"}},
		"silence":      {newChat, `{}`, func(http.ResponseWriter, *http.Request) {}, 200, "", reported{"body: is not JSON"}},
		"no operation": {"/v2/campaigns", ``, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, 404, "", reported{"path: is not one of the contract"}},
	}
	for what, row := range rows {
		t.Run(what, func(t *testing.T) {
			var got reported
			handler := newValidator(t, api.WithReport(got.add)).Handler(row.handle)
			req := httptest.NewRequest("POST", row.target, strings.NewReader(row.body))
			req.Header = http.Header{"Api-Key": {"k"}, "Content-Type": {"application/json"}}
			w := httptest.NewRecorder()
			w.Header().Set("Content-Type", "application/json")
			handler.ServeHTTP(w, req)
			assert.Equal(t, row.status, w.Code)
			assert.Equal(t, row.says, w.Body.String())
			assert.Equal(t, row.want, got)
		})
	}
}

// Early hints are no answer yet.
func TestHandlerWithReportOfEarlyHints(t *testing.T) {
	got := make(chan error, 1)
	server := httptest.NewServer(newValidator(t, api.WithReport(func(err error) { got <- err })).Handler(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(103)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(400)
			_, _ = io.WriteString(w, `{"status":7}`)
		})))
	defer server.Close()
	req := request(t, "GET", chat+"?chatId=1", "")
	var err error
	req.URL, err = url.Parse(server.URL + chat + "?chatId=1")
	require.NoError(t, err)
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, 400, resp.StatusCode)
	assert.Equal(t, []string{"body /status: type string"}, places(<-got))
}

// A large answer goes out whole, and is not kept whole.
func TestHandlerWithReportOfALargeAnswer(t *testing.T) {
	var got reported
	handler := newValidator(t, api.WithReport(got.add)).Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 10 {
			n, err := io.WriteString(w, strings.Repeat(" ", 1<<20))
			assert.NoError(t, err)
			assert.Equal(t, 1<<20, n)
		}
	}))
	req := httptest.NewRequest("GET", chat+"?chatId=1", nil)
	req.Header.Set("Api-Key", "k")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, req)
	assert.Equal(t, 10<<20, w.Body.Len())
	assert.Equal(t, reported{"body: is too large to be checked"}, got)
}

// nowhere is a ResponseWriter that keeps nothing.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header       { return n.header }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) WriteHeader(int)             {}

func TestHandlerWithReportKeepsLittle(t *testing.T) {
	part := []byte(strings.Repeat(" ", 1<<20))
	handler := newValidator(t, api.WithReport(func(error) {})).Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 256 {
			_, _ = w.Write(part)
		}
	}))
	req := httptest.NewRequest("GET", chat+"?chatId=1", nil)
	req.Header.Set("Api-Key", "k")
	before := allocated()
	handler.ServeHTTP(nowhere{http.Header{}}, req)
	assert.Less(t, allocated()-before, uint64(128<<20), "bytes allocated of 256 MiB that were written")
}

// A handler meets the failure of a body that breaks off, as it would without the checks.
func TestHandlerMeetsBrokenRequests(t *testing.T) {
	reached := false
	handler := newValidator(t).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached = true
		_, err := io.ReadAll(r.Body)
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(400)
		_, _ = io.WriteString(w, `{"status":"ERROR"}`)
	}))
	req := httptest.NewRequest("POST", message, failing{io.ErrUnexpectedEOF})
	req.Header = http.Header{"Api-Key": {"k"}, "Content-Type": {"application/json"}}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, req)
	assert.True(t, reached)
	assert.Equal(t, 400, w.Code)
}
