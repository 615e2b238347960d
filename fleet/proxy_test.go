package fleet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
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
type old struct{}

func (*old) DialHook(next redis.DialHook) redis.DialHook { return next }

func (*old) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

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

	mu        sync.Mutex
	word      []byte
	swallowed int
}

func newProxy(t *testing.T, s *server) *proxy {
	t.Helper()
	p := &proxy{server: s, address: filepath.Join(filepath.Dir(s.address), "p")}
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
	defer client.Close()
	server, err := net.Dial("unix", p.server.address)
	if err != nil {
		return
	}
	defer server.Close()
	var mu sync.Mutex
	deaf := false
	go func() {
		defer client.Close()
		part := make([]byte, 64<<10)
		for {
			n, err := server.Read(part)
			mu.Lock()
			lost := deaf // the answer is lost, and the connection with it
			mu.Unlock()
			if err != nil || lost {
				_, _ = io.Copy(io.Discard, server)
				return
			}
			if _, err = client.Write(part[:n]); err != nil {
				return
			}
		}
	}()
	part := make([]byte, 64<<10)
	for {
		n, err := client.Read(part)
		if err != nil {
			return
		}
		if p.wants(part[:n]) {
			mu.Lock()
			deaf = true
			mu.Unlock()
		}
		if _, err = server.Write(part[:n]); err != nil {
			return
		}
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
			p := newProxy(t, s)
			rdb := redis.NewClient(&redis.Options{Network: "unix", Addr: p.address, ReadTimeout: time.Second})
			t.Cleanup(func() { rdb.Close() })
			if name == "message" {
				p.swallow(row.word)
			}
			_, l := memberOver(t, s, rdb, leaseOf(row.lease))
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
