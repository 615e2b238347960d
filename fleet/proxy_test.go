package fleet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

const (
	stop = syscall.SIGSTOP
	goOn = syscall.SIGCONT
)

// old answers as a server does that was made before scripts could declare flags.
type old struct{ commandsAlone }

func (*old) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if args := cmd.Args(); len(args) > 1 && args[0] == "eval" && strings.HasPrefix(args[1].(string), "#!") {
			err := errors.New("ERR Error compiling script (new function): user_script:1: unexpected symbol near '#'")
			cmd.SetErr(err)
			return err
		}
		return next(ctx, cmd)
	}
}

// proxy passes on what a client and a server say to each other. Told to, it swallows the next answer to a command that
// holds a word.
type proxy struct {
	server  *server
	address string
	delay   time.Duration // of what is said, each way
	link    sync.RWMutex  // locked: it is cut, and what is said arrives when it is whole again

	mu        sync.Mutex
	word      []byte
	swallowed int
}

var proxies atomic.Int64 // gives each one a socket of its own

func newProxy(t *testing.T, s *server, delay time.Duration) *proxy {
	t.Helper()
	p := &proxy{server: s, address: fmt.Sprintf("%s-%d", s.address, proxies.Add(1)), delay: delay}
	listener, err := net.Listen("unix", p.address)
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
	return p
}

func (p *proxy) swallow(word string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.word = []byte(word)
}

func (p *proxy) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.swallowed
}

// wants tells whether the answer to this is to be swallowed.
func (p *proxy) wants(said []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.word) == 0 || !bytes.Contains(said, p.word) {
		return false
	}
	p.word = nil
	p.swallowed++
	return true
}

func (p *proxy) serve(client net.Conn) {
	server, err := net.Dial("unix", p.server.address)
	if err != nil {
		client.Close()
		return
	}
	var deaf atomic.Bool // the answer is lost, and the connection with it
	go p.pass(server, client, func([]byte) bool { return !deaf.Load() })
	p.pass(client, server, func(said []byte) bool {
		if p.wants(said) {
			deaf.Store(true)
		}
		return true
	})
}

// pass hands on what is said, later, and not while the link is cut.
func (p *proxy) pass(from, to net.Conn, wanted func([]byte) bool) {
	defer from.Close()
	type part struct {
		bytes []byte
		due   time.Time
	}
	parts := make(chan part, 1<<10)
	defer close(parts)
	go func() {
		defer to.Close()
		for one := range parts {
			time.Sleep(time.Until(one.due))
			p.link.RLock()
			_, _ = to.Write(one.bytes)
			p.link.RUnlock()
		}
	}()
	for {
		bytes := make([]byte, 4<<10)
		n, err := from.Read(bytes)
		if err == nil && !wanted(bytes[:n]) {
			_, err = io.Copy(io.Discard, from)
		}
		if err != nil {
			return
		}
		parts <- part{bytes[:n], time.Now().Add(p.delay)}
	}
}

// Whichever answer is lost: the call goes on, nothing is doubled, and all slots are free soon.
func TestLostAnswers(t *testing.T) {
	beside(t)
	for name, row := range map[string]struct {
		word  string
		lease time.Duration
		held  time.Duration
	}{
		"acquire": {"\r\nacquire\r\n", defaultLease, 0},
		"release": {"\r\ntell\r\n", defaultLease, 0},
		"renew":   {"\r\ntell\r\n", brief, 1500 * time.Millisecond},
		"message": {"subscribe", defaultLease, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := onOne(t)
			p := newProxy(t, s, 0)
			rdb := redis.NewClient(&redis.Options{Network: "unix", Addr: p.address, ReadTimeout: time.Second})
			t.Cleanup(func() { rdb.Close() })
			if name == "message" {
				p.swallow(row.word)
			}
			_, l := memberOver(t, rdb, leaseOf(row.lease))
			if name != "message" {
				take(t, l, "getChat")(served) // it knows the clock now
				p.swallow(row.word)
			}
			release := take(t, l, "getChat")
			time.Sleep(row.held)
			release(served)
			eventually(t, "an answer is lost", func() bool { return p.count() == 1 })
			eventually(t, "Redis is back, and all slots are free", func() bool {
				away := isAway(l)
				return !away && s.leases(cabinet) == 0 && s.waiting() == 0
			})
			_, other := member(t, s, WithTimeout(slow))
			for range 4 {
				defer take(t, other, "getChat")(served)
			}
			w := ask(l, "getChat")
			eventually(t, "a fifth waits", func() bool { return s.waiting() == 1 })
			w.cancel()
			w.wait(t)
			if w.err == nil {
				w.release(wrapper.Response{})
			}
		})
	}
}
