package fleet

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Who waits for a lease looks once in a while whether it is there, as a message may be lost, and when the lease of
// somebody else ends by itself, as nobody tells of that. Redis forgets who has not looked for 3 s.
const (
	lookAfter = time.Second           // and up to half as long again
	afterEnd  = 50 * time.Millisecond // spreads those who look for a lease that has ended
)

// waiters are those who wait for a message, by the lease that they want.
type waiters struct {
	mu      sync.Mutex
	byLease map[string]*waiter
}

type waiter struct {
	key, operation string
	calls          chan int64 // when the lease ends that was given, by Redis' clock; 0: ask again. Has room for one
}

func (w *waiters) enter(lease, key, operation string) *waiter {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byLease == nil {
		w.byLease = map[string]*waiter{}
	}
	one := &waiter{key: key, operation: operation, calls: make(chan int64, 1)}
	w.byLease[lease] = one
	return one
}

func (w *waiters) leave(lease string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.byLease, lease)
}

// call hands a waiter what a message said. If there is something that it has not looked at yet, it will ask Redis, and
// learns there what this was.
func (w *waiter) call(ends int64) {
	select {
	case w.calls <- ends:
	default:
		select {
		case <-w.calls:
		default:
		}
		select {
		case w.calls <- 0:
		default:
		}
	}
}

// given passes on that a lease was given.
func (w *waiters) given(lease string, ends int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if one := w.byLease[lease]; one != nil {
		one.call(ends)
	}
}

// ask lets all waiters ask again that are wanted.
func (w *waiters) ask(wanted func(*waiter) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range w.byLease {
		if wanted(one) {
			one.call(0)
		}
	}
}

// listen keeps the subscription of the process until Close.
func (f *Fleet) listen() {
	subscription := f.rdb.Subscribe(f.life, f.channels()+f.process)
	messages := subscription.ChannelWithSubscriptions()
	// Closing waits for a dial that is under way.
	defer func() { go func() { _ = subscription.Close() }() }()
	for {
		select {
		case <-f.life.Done():
			return
		case message, ok := <-messages:
			if !ok { // the caller has closed the client
				return
			}
			f.hear(message)
		}
	}
}

// hear passes on a message. Messages were lost while there was no subscription, so a new one lets all ask again.
func (f *Fleet) hear(message any) {
	m, isMessage := message.(*redis.Message)
	if !isMessage {
		f.waiters.ask(func(*waiter) bool { return true })
		return
	}
	fields := strings.Fields(m.Payload)
	if len(fields) != 3 {
		return
	}
	switch fields[0] {
	case "+":
		ends, err := strconv.ParseInt(fields[2], 10, 64)
		if err == nil {
			f.waiters.given(fields[1], ends)
		}
	case "!":
		f.waiters.ask(func(w *waiter) bool { return w.key == fields[1] && w.operation == fields[2] })
	}
}

// untilLook is how long to wait before looking. nextEnd is when a lease may end by itself, 0: never.
func (f *Fleet) untilLook(nextEnd time.Duration) time.Duration {
	pause := f.look + rand.N(f.look/2)
	if nextEnd > 0 {
		pause = min(pause, nextEnd+rand.N(afterEnd))
	}
	return pause
}

// await waits for a reason to ask Redis again, and gives the end of the lease if it was given meanwhile, else 0. The
// error is that of the context.
func (w *waiter) await(ctx context.Context, turned <-chan struct{}, pause time.Duration) (ends int64, err error) {
	look := time.NewTimer(pause)
	defer look.Stop()
	select {
	case ends = <-w.calls:
		return ends, nil
	case <-look.C:
		return 0, nil
	case <-turned:
		return 0, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}
