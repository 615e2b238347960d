// Package kill is for tests of programs that may be killed at any point: it starts the real program on a sandbox, holds
// the request at which it is to be killed, and kills it.
package kill

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

var dir string

// Main is for TestMain: it runs the tests, and takes away what Start has compiled.
func Main(m *testing.M) (code int) {
	var err error
	if dir, err = os.MkdirTemp("", "kill"); err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	return m.Run()
}

// build compiles the program of the package under test.
var build = sync.OnceValues(func() (binary string, err error) {
	binary = filepath.Join(dir, "program")
	out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, out)
	}
	return binary, err
})

// Program is one that was started.
type Program struct {
	Process *os.Process
	Ended   chan error // holds how it ended, when it has

	market *httptest.Server
	mu     sync.Mutex
	said   bytes.Buffer
}

// Start starts the program of the package under test on a server of its own: when that is closed, nothing that the
// program sent is under way.
func Start(t *testing.T, market http.Handler, args ...string) *Program {
	binary, err := build()
	require.NoError(t, err)
	p := &Program{Ended: make(chan error, 1), market: httptest.NewServer(market)}
	command := exec.Command(binary, append([]string{"-business", "12345", "-market", p.market.URL}, args...)...)
	command.Env = append(os.Environ(), "YM_API_KEY=any")
	command.Stdout, command.Stderr = p, p
	require.NoError(t, command.Start())
	p.Process = command.Process
	t.Cleanup(func() { _ = p.Process.Kill() })
	go func() { p.Ended <- command.Wait() }()
	return p
}

// Write takes what the program writes.
func (p *Program) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.Write(text)
}

// Said gives what the program has written so far.
func (p *Program) Said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

// Await waits until the program has written some words and the rest of their line, which it gives.
func (p *Program) Await(t *testing.T, words string) (rest string) {
	require.Eventually(t, func() (whole bool) {
		_, after, _ := strings.Cut(p.Said(), words)
		rest, _, whole = strings.Cut(after, "\n")
		return whole
	}, time.Minute, 5*time.Millisecond, "it does not say %q", words)
	return rest
}

// Kill is SIGKILL. When it returns nothing of the program is under way.
func (p *Program) Kill(t *testing.T) {
	require.NoError(t, p.Process.Kill())
	_ = p.Wait()
}

// Wait waits until the program has ended, and tells how.
func (p *Program) Wait() error {
	err := <-p.Ended
	p.market.Close()
	return err
}

// At has one request of an operation meet a fault, after some that go well.
func At(market *sandbox.Market, operation string, after int, fault sandbox.Fault) {
	var once sync.Once
	market.Every(operation, sandbox.After(after, func(next http.Handler) http.Handler {
		handler := next
		once.Do(func() { handler = fault(next) })
		return handler
	}))
}

// Before holds a request before it happens in the Market, until the program is no more.
func Before(reached chan<- struct{}) sandbox.Fault {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			reached <- struct{}{}
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		})
	}
}

// Within holds a request when it has happened, before it is answered.
func Within(reached chan<- struct{}) sandbox.Fault { return sandbox.CommitThen(Before(reached)) }

// Behind lets the answer through: the program is killed when it has the answer, or is about to have it.
func Behind(reached chan<- struct{}) sandbox.Fault {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r)
			reached <- struct{}{}
		})
	}
}
