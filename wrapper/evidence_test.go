package wrapper_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// An answer that came is worth more than what the hooks say of the way of its request.

// A transport whose dial fails goes another way, which calls no hooks.
func TestAnswerOfAFallback(t *testing.T) {
	for op, call := range operations {
		s := newScript(t, ok(op), ok(op))
		fallback := roundTripFunc(func(req *http.Request) (*http.Response, error) {
			httptrace.ContextClientTrace(req.Context()).GetConn("host:443")
			return s.RoundTrip(req)
		})
		require.NoError(t, call(t.Context(), newClient(t, fallback)), op)
		assert.Equal(t, 1, s.attempts(), op)
	}
}

// stale-if-error: a cache answers for a Market that cannot be reached.
func TestAnswerOfACacheWhileTheMarketIsAway(t *testing.T) {
	dials := 0
	away := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		dials++
		return nil, errors.New("no route")
	}}
	client := newClient(t, away, wrapper.WithMiddleware(func(next wrapper.Doer) wrapper.Doer {
		return doerFunc(func(req *http.Request) (*http.Response, error) {
			if _, err := next.Do(req); err == nil {
				return nil, errors.New("the Market is not away")
			}
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(ok("getChat").body))}, nil
		})
	}))
	_, err := client.GetChat(t.Context(), chatID)
	require.NoError(t, err)
	assert.Equal(t, 1, dials)
}

// The hooks say that nothing left, but somebody has read the body: by another way it may have left.
func TestBodyThatWasRead(t *testing.T) {
	read := func(body io.ReadCloser) { _, _ = io.Copy(io.Discard, body) }
	for what, way := range map[string]func(*http.Request){
		"the body":       func(req *http.Request) { read(req.Body) },
		"a second one":   func(req *http.Request) { body, _ := req.GetBody(); read(body) },
		"its first byte": func(req *http.Request) { _, _ = req.Body.Read(make([]byte, 1)) },
	} {
		transport := roundTripFunc(func(req *http.Request) (*http.Response, error) {
			httptrace.ContextClientTrace(req.Context()).GetConn("host:443")
			way(req)
			return nil, io.EOF
		})
		err := newClient(t, transport).SendMessage(t.Context(), chatID, text, wrapper.Attempts(1))
		assert.Equal(t, wrapper.Unknown, asError(t, err).Outcome, what)
	}
}

// A middleware that logs what is sent does not send it.
func TestBodyThatAMiddlewareRead(t *testing.T) {
	refused := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no route")
	}}
	client := newClient(t, refused, wrapper.WithMiddleware(func(next wrapper.Doer) wrapper.Doer {
		return doerFunc(func(req *http.Request) (*http.Response, error) {
			body, err := io.ReadAll(req.Body)
			if err != nil {
				return nil, err
			}
			req.Body = io.NopCloser(bytes.NewReader(body))
			return next.Do(req)
		})
	}))
	err := client.SendMessage(t.Context(), chatID, text, wrapper.Attempts(1))
	assert.Equal(t, wrapper.NotSent, asError(t, err).Outcome)
}

// A middleware that fails by itself: nothing left this machine, if it has not read the message either.
func TestMiddlewareThatFails(t *testing.T) {
	errBroken := errors.New("no span could be started")
	for what, row := range map[string]struct {
		before  func(next wrapper.Doer, req *http.Request)
		outcome wrapper.Outcome
		lasts   time.Duration
	}{
		"at once": {func(wrapper.Doer, *http.Request) {}, wrapper.NotSent, 250*ms + 500*ms + time.Second},
		"after it has read the message": {func(_ wrapper.Doer, req *http.Request) {
			_, _ = io.Copy(io.Discard, req.Body)
		}, wrapper.Unknown, 10 * time.Second},
		"after it has sent the message without its context": {func(next wrapper.Doer, req *http.Request) {
			resp, err := next.Do(req.WithContext(context.Background()))
			if err == nil {
				_ = resp.Body.Close()
			}
		}, wrapper.Unknown, 10 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(t, ok("sendMessageToChat"))
			client := newClient(t, s, wrapper.WithMiddleware(func(next wrapper.Doer) wrapper.Doer {
				return doerFunc(func(req *http.Request) (*http.Response, error) {
					if req.Method == http.MethodPost {
						row.before(next, req)
					}
					return nil, errBroken
				})
			}))
			began := time.Now()
			err := client.SendMessage(t.Context(), chatID, text)
			assert.ErrorIs(t, err, errBroken, what)
			assert.Equal(t, row.outcome, asError(t, err).Outcome, what)
			assert.GreaterOrEqual(t, time.Since(began), row.lasts, what)
			if row.outcome == wrapper.NotSent {
				assert.Equal(t, row.lasts, time.Since(began), what)
				assert.Equal(t, 4, asError(t, err).Attempts, what)
			}
		})
	}
}

// A middleware that asks again after an Auth that failed: the second request was handed over, and may be repeated.
func TestMiddlewareThatRepeatsAfterAuth(t *testing.T) {
	dials, asked := 0, 0
	away := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		dials++
		return nil, errors.New("no route")
	}}
	again := wrapper.WithMiddleware(func(next wrapper.Doer) wrapper.Doer {
		return doerFunc(func(req *http.Request) (*http.Response, error) {
			if resp, err := next.Do(req); err == nil {
				return resp, nil
			}
			return next.Do(req)
		})
	})
	client, err := wrapper.New(business, func(context.Context, *http.Request) error {
		if asked++; asked%2 == 1 {
			return errAuth
		}
		return nil
	}, again, impatient, wrapper.WithHTTPClient(&http.Client{Transport: away}))
	require.NoError(t, err)
	_, err = client.GetChat(t.Context(), chatID)
	assert.Equal(t, wrapper.NotSent, asError(t, err).Outcome)
	assert.Equal(t, 4, dials)
}

// A middleware that answers for an Auth that failed. Its answers are counted, as any other.
func TestMiddlewareThatAnswersForAuth(t *testing.T) {
	answers := 0
	answering := wrapper.WithMiddleware(func(next wrapper.Doer) wrapper.Doer {
		return doerFunc(func(req *http.Request) (*http.Response, error) {
			_, _ = next.Do(req)
			answers++
			return &http.Response{StatusCode: 503, Body: io.NopCloser(strings.NewReader("vault is sealed"))}, nil
		})
	})
	client, err := wrapper.New(business, func(context.Context, *http.Request) error { return errAuth }, answering, impatient)
	require.NoError(t, err)
	_, err = client.GetChat(t.Context(), chatID)
	assert.ErrorIs(t, err, wrapper.ErrServer)
	assert.Equal(t, 4, answers)
}

// What the user's own functions ask over HTTP, with the context of the attempt, is not the attempt.
func TestTransportThatAsksOverHTTP(t *testing.T) {
	market := sandbox.New()
	server, secured := httptest.NewServer(market), httptest.NewTLSServer(market)
	defer server.Close()
	defer secured.Close()
	vault := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	defer vault.Close()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		forward(conn, r.Host)
	}))
	defer proxy.Close()
	through, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	ask := func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, vault.URL, bytes.NewReader([]byte("which way?")))
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if err := ask(ctx); err != nil {
			return nil, err
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	trusting := secured.Client().Transport.(*http.Transport)
	for what, change := range map[string]func(*http.Transport){
		"DialContext": func(tr *http.Transport) { tr.DialContext = dial },
		"DialTLSContext": func(tr *http.Transport) {
			config := tr.TLSClientConfig
			tr.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				if err := ask(ctx); err != nil {
					return nil, err
				}
				return (&tls.Dialer{Config: config}).DialContext(ctx, network, address)
			}
		},
		"Proxy": func(tr *http.Transport) {
			tr.Proxy = func(req *http.Request) (*url.URL, error) { return nil, ask(req.Context()) }
		},
		"GetProxyConnectHeader": func(tr *http.Transport) {
			tr.Proxy = http.ProxyURL(through)
			tr.GetProxyConnectHeader = func(ctx context.Context, _ *url.URL, _ string) (http.Header, error) {
				return http.Header{}, ask(ctx)
			}
		},
	} {
		for base, tr := range map[string]*http.Transport{
			server.URL: {}, secured.URL: {TLSClientConfig: trusting.TLSClientConfig.Clone()},
		} {
			if what == "GetProxyConnectHeader" && base == server.URL {
				continue // net/http connects through a proxy for TLS alone
			}
			change(tr)
			client := newClient(t, tr, wrapper.WithBaseURL(base+"/v2"))
			chat, err := client.CreateChat(t.Context(), wrapper.Order(31), wrapper.Attempts(1))
			require.NoError(t, err, "%s, %s", what, base)
			require.NoError(t, client.SendMessage(t.Context(), chat.ChatID, text, wrapper.Attempts(1)), what)
			tr.CloseIdleConnections()
		}
	}

	// What was asked over HTTP is not the message either where the dial fails afterwards.
	failing := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		if err := ask(ctx); err != nil {
			return nil, err
		}
		return nil, errors.New("no route")
	}}
	err = newClient(t, failing).SendMessage(t.Context(), chatID, text, wrapper.Attempts(1))
	assert.Equal(t, wrapper.NotSent, asError(t, err).Outcome)
}
