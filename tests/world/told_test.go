package world

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// Proxies that were told to send a POST again, or to hide that they are caches, double messages: no client can see it.
// docs/world.md warns of these settings. The tests show that they do what it says.
func TestToldToDouble(t *testing.T) {
	t.Run("nginx, proxy_next_upstream non_idempotent", func(t *testing.T) {
		needs(t, "nginx")
		l := newLedger(t, 1, 10, nil, nil)
		n := nginx{Second: "server " + host(serve(t, l)) + " max_fails=0;",
			Location: "proxy_next_upstream error timeout http_500 non_idempotent;"}
		g := n.start(t, serve(t, l))
		assert.Equal(t, 2, oneSend(t, l, g, sandbox.CommitThen(sandbox.Abort())))
		assert.Equal(t, 2, oneSend(t, l, g, sandbox.CommitThen(sandbox.Fail(500, "INTERNAL_ERROR", "try later"))))
	})
	t.Run("HAProxy, retry-on all-retryable-errors", func(t *testing.T) {
		needs(t, "haproxy")
		l := newLedger(t, 1, 10, nil, nil)
		g := haproxy{Defaults: "  retry-on all-retryable-errors\n  option http-buffer-request"}.start(t, serve(t, l))
		assert.Equal(t, 2, oneSend(t, l, g, sandbox.CommitThen(sandbox.Abort())))
	})
}

// What these proxies do by themselves is to leave a POST alone.
func TestNotToldToDouble(t *testing.T) {
	t.Run("nginx", func(t *testing.T) {
		needs(t, "nginx")
		l := newLedger(t, 1, 10, nil, nil)
		n := nginx{Second: "server " + host(serve(t, l)) + " max_fails=0;",
			Location: "proxy_next_upstream error timeout http_500;"}
		assert.Equal(t, 1, oneSend(t, l, n.start(t, serve(t, l)), sandbox.CommitThen(sandbox.Abort())))
	})
	t.Run("HAProxy", func(t *testing.T) {
		needs(t, "haproxy")
		l := newLedger(t, 1, 10, nil, nil)
		assert.Equal(t, 1, oneSend(t, l, haproxy{}.start(t, serve(t, l)), sandbox.CommitThen(sandbox.Abort())))
	})
	t.Run("HAProxy, HTTP/2 to the Market", func(t *testing.T) {
		needs(t, "haproxy")
		l := newLedger(t, 1, 10, nil, nil)
		g := haproxy{Server: "proto h2"}.start(t, serve(t, l))
		for _, code := range []sandbox.StreamError{sandbox.ProtocolError, sandbox.RefusedStream, sandbox.InternalError} {
			assert.Equal(t, 1, oneSend(t, l, g, sandbox.CommitThen(sandbox.ResetStream(code))), "code %d", code)
		}
		assert.Equal(t, 1, oneSend(t, l, g, sandbox.CommitThen(sandbox.GoAway())), "GOAWAY")
	})
}

// A cache does not answer the look, which is a POST: not one that hides itself, and not one that tells the Age.
func TestLookBehindACache(t *testing.T) {
	t.Run("nginx", func(t *testing.T) {
		needs(t, "nginx")
		l := newLedger(t, 1, 10, nil, nil)
		g := nginx{Location: "proxy_cache chats; proxy_cache_valid 200 1m;"}.start(t, serve(t, l))
		client := g.client(t, wrapper.ResendChecked)
		stored, err := sendBehindACache(t, l, client, client)
		require.NoError(t, err)
		assert.Equal(t, 1, stored)
	})
	t.Run("Squid", func(t *testing.T) {
		needs(t, "squid")
		l := newLedger(t, 1, 10, nil, nil)
		s := squid{More: "refresh_pattern . 1 100% 2 ignore-reload"}
		client := s.start(t, serve(t, l), false).client(t, wrapper.ResendChecked)
		stored, err := sendBehindACache(t, l, client, client)
		require.NoError(t, err)
		assert.Equal(t, 1, stored)
	})
}

// sendBehindACache lets a reader read a chat, and so the cache, and then a sender send a message that is stored with a
// 500.
func sendBehindACache(t *testing.T, l *ledger, reader, sender *wrapper.Client) (stored int, returned error) {
	t.Helper()
	chat := l.take(1)[0]
	_, err := reader.GetChat(t.Context(), chat)
	require.NoError(t, err)
	l.market.Script("sendMessageToChat", sandbox.CommitThen(sandbox.Fail(500, "INTERNAL_ERROR", "try later")))
	returned = sender.SendMessage(t.Context(), chat, "Hello!")
	return len(l.market.Messages(chat)), returned
}

// oneSend tells how often a message is stored that meets a fault, with one attempt of the client.
func oneSend(t *testing.T, l *ledger, g gate, fault sandbox.Fault) int {
	t.Helper()
	chat := l.take(1)[0]
	l.market.Script("sendMessageToChat", fault)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_ = g.client(t, wrapper.ResendNever).SendMessage(ctx, chat, "Hello!", wrapper.Attempts(1))
	return len(l.market.Messages(chat))
}
