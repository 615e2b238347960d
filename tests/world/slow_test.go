package world

import (
	"context"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// slowly dials connections of which some pause in the middle of what they write.
func slowly(seed uint64, pause time.Duration) func(context.Context, string, string) (net.Conn, error) {
	random := rand.New(rand.NewPCG(seed, 3))
	var mu sync.Mutex
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		mu.Lock()
		defer mu.Unlock()
		if err != nil || random.IntN(10) > 0 {
			return conn, err
		}
		return slowConn{conn, pause}, nil
	}
}

type slowConn struct {
	net.Conn
	pause time.Duration
}

func (c slowConn) Write(p []byte) (int, error) {
	half := len(p) / 2
	n, err := c.Conn.Write(p[:half])
	if err != nil {
		return n, err
	}
	time.Sleep(c.pause)
	m, err := c.Conn.Write(p[half:])
	return n + m, err
}
