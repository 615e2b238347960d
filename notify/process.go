package notify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"
)

const (
	functionTime = 9 * time.Second                     // then the context of a function ends
	answerTime   = functionTime + 750*time.Millisecond // then there is an answer, as the Market waits for 10 s
	rememberTime = functionTime                        // for Seen.Add
)

// flight is an event in work. What is in it may be read when done is closed.
type flight struct {
	done    chan struct{}
	outcome outcome
}

// process hands an event to its function, and gives the answer in time even when the function does not return. Of equal
// events at the same moment only one is handed over; the others wait for it, and take their turn when it has failed.
func (h *handler) process(ctx context.Context, e event) outcome {
	ctx, cancel := context.WithTimeout(ctx, functionTime)
	defer cancel()
	late := time.NewTimer(answerTime)
	defer late.Stop()
	for ctx.Err() == nil {
		f, first := h.enter(e.key)
		if first {
			go h.work(ctx, e, f)
		}
		select {
		case <-f.done:
			if first || f.outcome.status == http.StatusOK {
				return f.outcome
			}
		case <-late.C:
			return failure(http.StatusInternalServerError, "the event took too long")
		}
	}
	return failure(http.StatusInternalServerError, "an equal event took too long")
}

// enter gives the flight of a key, and whether it is new.
func (h *handler) enter(key string) (f *flight, first bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if f = h.flights[key]; f != nil {
		return f, false
	}
	f = &flight{done: make(chan struct{})}
	h.flights[key] = f
	return f, true
}

// work runs in a goroutine of its own, as a function may panic, end its goroutine, or never return.
func (h *handler) work(ctx context.Context, e event, f *flight) {
	f.outcome = failure(http.StatusInternalServerError, "the event could not be processed")
	f.outcome.cause = errors.New("the function ended its goroutine")
	defer func() {
		if p := recover(); p != nil {
			f.outcome.cause = &panicked{fmt.Sprintf("%T", p), debug.Stack()}
		}
		h.mu.Lock()
		delete(h.flights, e.key)
		h.mu.Unlock()
		close(f.done)
	}()
	repeat, err := h.once(ctx, e)
	if err != nil {
		f.outcome.cause = err
		return
	}
	f.outcome = taken
	f.outcome.repeat = repeat
}

// once calls the function of an event, unless it is known already.
func (h *handler) once(ctx context.Context, e event) (repeat bool, err error) {
	if h.seen == nil {
		return false, e.call(ctx)
	}
	known, err := h.seen.Has(ctx, e.key)
	if known || err != nil {
		return known, err
	}
	if err := e.call(ctx); err != nil {
		return false, err
	}
	// The context may have ended with the function's work done. The event must not be forgotten for that.
	remember, cancel := context.WithTimeout(context.WithoutCancel(ctx), rememberTime)
	defer cancel()
	return false, h.seen.Add(remember, e.key)
}

// panicked stands for a panic. The value is not kept: it may hold anything.
type panicked struct {
	kind  string
	stack []byte
}

func (p *panicked) Error() string { return "panic of a " + p.kind }
