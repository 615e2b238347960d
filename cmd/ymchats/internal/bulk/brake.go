package bulk

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/ymarket-go/chats/wrapper"
)

// toReadOn is how long a run that stops reads on after the last answer began.
const toReadOn = 300 * time.Millisecond

var errStopped = errors.New("the run was stopped")

// Brake stops a run: attempts in flight may end, which the Client gives 15 s, and no other begins. Middleware goes into
// that Client.
type Brake struct {
	mu       sync.Mutex
	inFlight int
	why      error         // nil: the run was not stopped
	starting chan struct{} // closed: no row begins
	cancel   context.CancelFunc
}

// NewBrake gives a brake for one run.
func NewBrake() *Brake { return &Brake{starting: make(chan struct{}), cancel: func() {}} }

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }

// Middleware counts the attempts in flight, and lets none begin after the stop.
func (b *Brake) Middleware(next wrapper.Doer) wrapper.Doer {
	return doer(func(r *http.Request) (*http.Response, error) {
		if !b.enter() {
			return nil, errStopped
		}
		defer b.leave()
		return next.Do(r)
	})
}

func (b *Brake) enter() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.why != nil {
		return false
	}
	b.inFlight++
	return true
}

func (b *Brake) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inFlight--
	if b.why != nil && b.inFlight == 0 {
		time.AfterFunc(toReadOn, b.cancel)
	}
}

// stop ends the run for a reason; the first one counts.
func (b *Brake) stop(why error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.why != nil {
		return
	}
	b.why = why
	close(b.starting)
	if b.inFlight == 0 {
		b.cancel() // calls that pause would try again
	}
}

// sleep waits, and tells whether the run goes on.
func (b *Brake) sleep(d time.Duration) bool {
	select {
	case <-b.starting:
	case <-time.After(d):
	}
	return b.reason() == nil
}

// reason is why the run was stopped; nil: it was not.
func (b *Brake) reason() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.why
}
