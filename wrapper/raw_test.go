package wrapper_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

var (
	chatParams = &gen.GetChatParams{ChatID: chatID}
	sendParams = &gen.SendMessageToChatParams{ChatID: chatID}
	message    = gen.SendMessageToChatRequest{Message: text}
)

func TestRawRetriesAndGivesTheLastAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t, tooMany(), serverError(), failure(404, "NOT_FOUND", "no such chat"))
		resp, err := newClient(t, s).Raw().GetChat(t.Context(), business, chatParams)
		require.NoError(t, err)
		defer resp.Body.Close()
		assert.Equal(t, 404, resp.StatusCode)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.Equal(t, failure(404, "NOT_FOUND", "no such chat").body, string(body))
		assert.Equal(t, []time.Duration{0, 250 * ms, 750 * ms}, s.at)
		assert.Equal(t, token, s.asked[2].Header.Get("Api-Key"))
		assert.NotContains(t, resp.Request.Header, "Api-Key", "the answer does not carry the key away")
	})
}

func TestRawWorksWithTheGeneratedParsers(t *testing.T) {
	s := newScript(t, ok("getChat"))
	client := gen.ClientWithResponses{ClientInterface: newClient(t, s).Raw()}
	resp, err := client.GetChatWithResponse(t.Context(), business, chatParams)
	require.NoError(t, err)
	require.NotNil(t, resp.JSON200)
	assert.EqualValues(t, 77, resp.JSON200.Result.ChatID)
}

// A body that cannot be sent twice is kept, so that it can.
func TestRawReplaysAnyBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t, serverError(), ok("createChat"))
		body := `{"context":{"type":"ORDER","id":5}}`
		resp, err := newClient(t, s).Raw().CreateChatWithBody(t.Context(), business, "application/json", io.NopCloser(strings.NewReader(body)))
		require.NoError(t, err)
		defer resp.Body.Close()
		assert.Equal(t, []string{body, body}, s.bodies)
		assert.EqualValues(t, len(body), s.asked[1].ContentLength)
	})
}

// The query is the caller's own, in each attempt.
func TestRawKeepsTheQuery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t, serverError(), ok("getChat"))
		resp, err := newClient(t, s).Raw().GetChat(t.Context(), business, &gen.GetChatParams{ChatID: 7001001})
		require.NoError(t, err)
		defer resp.Body.Close()
		for _, asked := range s.asked {
			assert.Equal(t, "chatId=7001001", asked.URL.RawQuery)
		}
		assert.Len(t, s.asked, 2)
	})
}

func TestRawRefuses(t *testing.T) {
	unreadable := errors.New("disk gone")
	edit := func(f func(*http.Request)) gen.RequestEditorFn {
		return func(_ context.Context, req *http.Request) error { f(req); return nil }
	}
	get := func(c *wrapper.Client, cabinet int64, edits ...gen.RequestEditorFn) (*http.Response, error) {
		return c.Raw().GetChat(t.Context(), cabinet, chatParams, edits...)
	}
	rows := map[string]struct {
		call func(*wrapper.Client) (*http.Response, error)
		says string
	}{
		"another cabinet": {func(c *wrapper.Client) (*http.Response, error) { return get(c, business+1) }, "raw: invalid request: it goes elsewhere than to the operations below https://api.partner.market.yandex.ru/v2/businesses/4200, to which"},
		"another host": {func(c *wrapper.Client) (*http.Response, error) {
			return get(c, business, edit(func(r *http.Request) { r.URL.Host = "evil.example" }))
		}, "it goes elsewhere"},
		"another Host header": {func(c *wrapper.Client) (*http.Response, error) {
			return get(c, business, edit(func(r *http.Request) { r.Host = "evil.example" }))
		}, "it goes elsewhere"},
		"another scheme": {func(c *wrapper.Client) (*http.Response, error) {
			return get(c, business, edit(func(r *http.Request) { r.URL.Scheme = "http" }))
		}, "it goes elsewhere"},
		"another path": {func(c *wrapper.Client) (*http.Response, error) {
			return get(c, business, edit(func(r *http.Request) { r.URL.Path += "/../../../campaigns" }))
		}, "it goes elsewhere"},
		"no URL": {func(c *wrapper.Client) (*http.Response, error) {
			return get(c, business, edit(func(r *http.Request) { r.URL = nil }))
		}, "it goes elsewhere"},
		"another method": {func(c *wrapper.Client) (*http.Response, error) {
			return get(c, business, edit(func(r *http.Request) { r.Method = http.MethodDelete }))
		}, "it goes elsewhere"},
		"a large body": {func(c *wrapper.Client) (*http.Response, error) {
			return c.Raw().SendMessageToChatWithBody(t.Context(), business, sendParams, "application/json", strings.NewReader(strings.Repeat("x", 512<<10+1)))
		}, "524288 bytes"},
		"a body that fails": {func(c *wrapper.Client) (*http.Response, error) {
			return c.Raw().SendMessageToChatWithBody(t.Context(), business, sendParams, "application/json", failingReader{unreadable})
		}, "disk gone"},
	}
	for what, row := range rows {
		t.Run(what, func(t *testing.T) {
			s := newScript(t)
			resp, err := row.call(newClient(t, s))
			assert.Nil(t, resp)
			assertClasses(t, err, []error{wrapper.ErrInvalidRequest})
			assert.ErrorContains(t, err, row.says)
			assert.Equal(t, what == "a body that fails", errors.Is(err, unreadable))
			assert.Zero(t, s.attempts())
		})
	}
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

// The largest body that the API takes.
func TestRawLargestBody(t *testing.T) {
	s := newScript(t, failure(400, "BAD_REQUEST", "no"))
	s.lax = true
	resp, err := newClient(t, s).Raw().SendMessageToChatWithBody(t.Context(), business, sendParams, "application/json", strings.NewReader(strings.Repeat("x", 512<<10)))
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Equal(t, 400, resp.StatusCode)
}

// Raw hands answers on as they are, but it does not hide a doubt behind one.
func TestRawDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		echo := failure(404, "NOT_FOUND", "(rejected value: "+text+")")
		s := newScript(t, serverError(), echo)
		resp, err := newClient(t, s, resending(wrapper.ResendAlways)).Raw().SendMessageToChat(t.Context(), business, sendParams, message)
		assert.Nil(t, resp)
		assertClasses(t, err, []error{wrapper.ErrNotFound, wrapper.ErrOutcomeUnknown})
		assert.NotContains(t, err.Error(), text)
	})
}

func TestRawAnswerThatIsTooLarge(t *testing.T) {
	s := newScript(t, reply{status: 200, body: strings.Repeat("x", 1<<20+1)})
	resp, err := newClient(t, s).Raw().GetChat(t.Context(), business, chatParams)
	assert.Nil(t, resp)
	assertClasses(t, err, []error{wrapper.ErrInvalidResponse})
}

// An answer that broke off reads as it came: what there was, and then the error.
func TestRawAnswerThatBrokeOff(t *testing.T) {
	s := newScript(t, reply{status: 404, body: "half", readErr: io.ErrUnexpectedEOF})
	resp, err := newClient(t, s).Raw().GetChat(t.Context(), business, chatParams)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	assert.Equal(t, "half", string(body))
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestRawNoAnswer(t *testing.T) {
	s := newScript(t, reply{err: io.EOF})
	resp, err := newClient(t, s, resending(wrapper.ResendNever)).Raw().SendMessageToChat(t.Context(), business, sendParams, message)
	assert.Nil(t, resp)
	assertClasses(t, err, []error{io.EOF, wrapper.ErrOutcomeUnknown})
	asError(t, err)
}

// A doubt is over when the chat was read, and Raw knows which one.
func TestRawSendThatSucceedsInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t, serverError(), ok("getChatHistory"), ok("getChatHistory"), ok("sendMessageToChat"))
		resp, err := newClient(t, s).Raw().SendMessageToChat(t.Context(), business, sendParams, message)
		require.NoError(t, err)
		assert.Equal(t, 200, resp.StatusCode)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, "77", s.asked[1].URL.Query().Get("chatId"))
	})
}

// What a request editor has set stays.
func TestRawKeepsHeaders(t *testing.T) {
	s := newScript(t, ok("getChat"))
	resp, err := newClient(t, s).Raw().GetChat(t.Context(), business, chatParams, func(_ context.Context, req *http.Request) error {
		req.Header.Set("User-Agent", "mine/1")
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, []string{"mine/1"}, s.asked[0].Header.Values("User-Agent"))
	assert.Equal(t, []string{"application/json"}, s.asked[0].Header.Values("Accept"))
}

// Raw finds its operations below any base URL.
func TestRawBaseURLs(t *testing.T) {
	for _, base := range []string{"https://host", "HTTPS://host/v2", "https://host/v2//", "https://host/a/../v2", "http://[::1]:80/deep/down/v2"} {
		s := newScript(t, ok("getChat"))
		resp, err := newClient(t, s, wrapper.WithBaseURL(base)).Raw().GetChat(t.Context(), business, chatParams)
		require.NoError(t, err, base)
		require.NoError(t, resp.Body.Close())
	}
}

func TestRawDoubts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := reply{status: 200, body: `{"st`, readErr: io.ErrUnexpectedEOF}
		_, err := newClient(t, newScript(t, broken)).Raw().SendMessageToChat(t.Context(), business, sendParams, message)
		assertClasses(t, err, []error{wrapper.ErrInvalidResponse, wrapper.ErrOutcomeUnknown, io.ErrUnexpectedEOF})
		_, err = newClient(t, newScript(t, serverError(), serverError(), serverError(), serverError()), resending(wrapper.ResendAlways)).Raw().SendMessageToChat(t.Context(), business, sendParams, message)
		assertClasses(t, err, []error{wrapper.ErrServer, wrapper.ErrOutcomeUnknown})
	})
}

// Where Raw cannot read the text in the body, it takes no message of the chat for it, not even an empty one.
func TestRawDoubtOfATextThatCannotBeRead(t *testing.T) {
	for _, body := range []string{"\x1f\x8b packed", "{}"} {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(t, serverError())
			s.lax = true
			s.history = shows("PARTNER", "", 0)
			_, err := newClient(t, s).Raw().SendMessageToChatWithBody(t.Context(), business, sendParams, "application/json", strings.NewReader(body))
			assertClasses(t, err, []error{wrapper.ErrServer, wrapper.ErrOutcomeUnknown})
		})
	}
}

// Raw finds the text in the body, to keep it out of errors.
func TestRawCutsTheTextOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t, serverError(), failure(404, "NOT_FOUND", "cannot send "+text+"!"))
		_, err := newClient(t, s, resending(wrapper.ResendAlways)).Raw().SendMessageToChat(t.Context(), business, sendParams, message)
		assert.Equal(t, "…", *asError(t, err).Errors[0].Message)
	})
}

// net/http takes a request without a Host or a Header.
func TestRawWithoutAHost(t *testing.T) {
	resp, err := newClient(t, newScript(t, ok("getChat"))).Raw().GetChat(t.Context(), business, chatParams, func(_ context.Context, r *http.Request) error {
		r.Host, r.Header = "", nil
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
}
