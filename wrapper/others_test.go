package wrapper_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// What Limiters and Auths of others do, and what stands between a shop and the Market.

type limiterFunc func(context.Context, string) (func(wrapper.Response), error)

func (f limiterFunc) Acquire(ctx context.Context, operation string) (func(wrapper.Response), error) {
	return f(ctx, operation)
}

func TestLimiterThatReturnsNoRelease(t *testing.T) {
	none := limiterFunc(func(context.Context, string) (func(wrapper.Response), error) { return nil, nil })
	for op, c := range operationCases {
		client := newClient(t, newScript(t, ok(op)), wrapper.WithLimiter(none))
		assert.NoError(t, c.call(t.Context(), client), op)
	}
}

// A nil *Error in an error is not nil. It panics nowhere, whoever returns it.
func TestNilErrorsOfOthers(t *testing.T) {
	var none *wrapper.Error
	assert.Equal(t, "<nil>", none.Error())
	assert.NotErrorIs(t, none, wrapper.ErrServer)
	refuses := limiterFunc(func(context.Context, string) (func(wrapper.Response), error) { return nil, none })
	fails := func(wrapper.Doer) wrapper.Doer {
		return doerFunc(func(*http.Request) (*http.Response, error) { return nil, none })
	}
	for what, opt := range map[string]wrapper.Option{
		"a Limiter": wrapper.WithLimiter(refuses), "a middleware": wrapper.WithMiddleware(fails),
	} {
		err := newClient(t, newScript(t), opt, resending(wrapper.ResendNever)).SendMessage(t.Context(), chatID, text)
		assert.ErrorContains(t, err, "sendMessageToChat: <nil> (", what)
	}
	client, err := wrapper.New(business, func(context.Context, *http.Request) error { return none })
	require.NoError(t, err)
	err = client.SendMessage(t.Context(), chatID, text)
	assert.EqualError(t, err, "sendMessageToChat: <nil> (attempts: 0, not sent)")
}

// An Auth that asks a vault over HTTP has connections of its own. They tell nothing of the message.
func TestAuthThatAsksAVault(t *testing.T) {
	vault := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer vault.Close()
	ask := func(ctx context.Context, _ *http.Request) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, vault.URL, nil)
		if err != nil {
			return err
		}
		resp, err := vault.Client().Do(req)
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}
	for what, row := range map[string]struct {
		transport http.RoundTripper
		outcome   wrapper.Outcome
	}{
		"the message has left": {roundTripFunc(func(*http.Request) (*http.Response, error) { return nil, io.EOF }), wrapper.Unknown},
		"the message never left": {&http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("no route")
		}}, wrapper.NotSent},
	} {
		client, err := wrapper.New(business, ask, wrapper.WithHTTPClient(&http.Client{Transport: row.transport}))
		require.NoError(t, err)
		err = client.SendMessage(t.Context(), chatID, text, wrapper.Attempts(1))
		assert.Equal(t, row.outcome, asError(t, err).Outcome, what)
	}
}

// The context, or the time of the attempt, ends while Auth is asked: the transport is not.
func TestContextEndsInAuth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t)
		client, err := wrapper.New(business, func(ctx context.Context, _ *http.Request) error {
			<-ctx.Done()
			return nil
		}, wrapper.WithHTTPClient(&http.Client{Transport: s}))
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err = client.SendMessage(ctx, chatID, text)
		assertClasses(t, err, []error{context.DeadlineExceeded})
		assert.Equal(t, wrapper.NotSent, asError(t, err).Outcome)

		err = client.SendMessage(t.Context(), chatID, text)
		assertClasses(t, err, nil)
		assert.ErrorContains(t, err, "the attempt ran out of time")
		assert.Equal(t, wrapper.NotSent, asError(t, err).Outcome)
		assert.Zero(t, s.attempts())
		var timeout net.Error
		require.ErrorAs(t, err, &timeout)
		assert.True(t, timeout.Timeout())
		assert.True(t, timeout.Temporary(), "another attempt may succeed") //nolint:staticcheck // part of net.Error
	})
}

// Handshakes that hang and were given up hold up nobody: the server is well again.
func TestHungHandshakesHoldUpNobody(t *testing.T) {
	server := httptest.NewTLSServer(sandbox.New())
	defer server.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	const hung = 4
	go func() {
		for n := 0; ; n++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			if n >= hung {
				go forward(conn, server.Listener.Addr().String())
			}
		}
	}()
	transport := wrapper.NewTransport()
	transport.TLSClientConfig.RootCAs = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	base := wrapper.WithBaseURL("https://" + listener.Addr().String() + "/v2")
	hasty, err := wrapper.New(business, wrapper.APIKey(token), base,
		wrapper.WithHTTPClient(&http.Client{Transport: transport, Timeout: 20 * time.Millisecond}))
	require.NoError(t, err)
	for range hung {
		_, err := hasty.CreateChat(t.Context(), wrapper.Order(5), wrapper.Attempts(1))
		require.Error(t, err)
	}
	patient, err := wrapper.New(business, wrapper.APIKey(token), base,
		wrapper.WithHTTPClient(&http.Client{Transport: transport, Timeout: 14 * time.Second}))
	require.NoError(t, err)
	_, err = patient.CreateChat(t.Context(), wrapper.Order(5), wrapper.Attempts(1))
	assert.NoError(t, err, "net/http counts the dials that were given up until they end, after 15 s")
}

// forward joins a connection with another one.
func forward(conn net.Conn, address string) {
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	go func() { _, _ = io.Copy(server, conn) }()
	_, _ = io.Copy(conn, server)
}

// A proxy that refuses to connect is named, and its password is not.
func TestProxyThatRefusesToConnect(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer proxy.Close()
	address, err := http.NewRequest(http.MethodGet, strings.Replace(proxy.URL, "//", "//user:canary@", 1), nil)
	require.NoError(t, err)
	transport := wrapper.NewTransport()
	transport.Proxy = http.ProxyURL(address.URL)
	client := newClient(t, transport, wrapper.WithBaseURL("https://market.invalid/v2"))
	err = client.SendMessage(t.Context(), chatID, text, wrapper.Attempts(1))
	assert.ErrorContains(t, err, "the proxy "+address.URL.Host+" refused to connect to the Market: 502 Bad Gateway")
	assert.NotContains(t, err.Error(), "canary")
	assert.Equal(t, wrapper.NotSent, asError(t, err).Outcome)
}
