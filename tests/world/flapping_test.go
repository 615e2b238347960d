package world

import (
	"math/rand/v2"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

// serveFlapping serves a sandbox that is killed every now and then, in the middle of what it does, and comes back on the
// same address a moment later.
func serveFlapping(t *testing.T, l *ledger, seed uint64) (url string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	stop, stopped := make(chan struct{}), make(chan struct{})
	random := rand.New(rand.NewPCG(seed, 2))
	go func() {
		defer close(stopped)
		for {
			server := &http.Server{Handler: l.market}
			serving := sandbox.HTTP2(server, listener)
			go func() { _ = server.Serve(serving) }()
			wait(stop, time.Duration(100+random.IntN(400))*time.Millisecond)
			_ = server.Close()
			l.countFault()
			wait(stop, time.Duration(random.IntN(60))*time.Millisecond)
			select {
			case <-stop:
				return
			default:
			}
			if listener, err = net.Listen("tcp", address); err != nil {
				return // somebody else has the port; the path fails its first sends, and the test says so
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-stopped })
	return "http://" + address
}

func wait(stop <-chan struct{}, pause time.Duration) {
	select {
	case <-stop:
	case <-time.After(pause):
	}
}
