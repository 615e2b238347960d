package fleet

import (
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	resubscribeAfter = 250 * time.Millisecond
	quietFor         = 3 * time.Second // without a message the subscription is tried with a PING
	refusalLasts     = time.Minute     // waiters ask more often after a message was refused
)

// hearing tells whether the messages of other processes reach this one.
type hearing struct {
	subscribed bool
	refused    time.Time // when Redis last refused to send one
}

// lookAfter is when a waiter asks Redis again.
func (f *Fleet) lookAfter() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.hearing.subscribed || time.Since(f.hearing.refused) < refusalLasts {
		return f.look / 5
	}
	return f.look
}

// notHeard takes in that Redis refuses messages.
func (f *Fleet) notHeard(refused error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hearing.refused = time.Now()
	f.unheard.set(status{bad: true, cause: refused})
}

// listen keeps a subscription of the process until Close.
func (f *Fleet) listen() {
	for !f.closed() {
		err := f.follow()
		f.mu.Lock()
		f.hearing.subscribed = false
		f.mu.Unlock()
		if redis.HasErrorPrefix(err, "NOPERM") {
			f.notHeard(of("SUBSCRIBE", err))
		}
		_ = sleep(f.life, resubscribeAfter)
	}
}

// follow reads the messages of one subscription until it breaks. go-redis keeps a subscription that was refused, or
// whose server is silent, and says nothing of it.
func (f *Fleet) follow() error {
	subscription := f.rdb.Subscribe(f.life, f.channels()+f.process, f.channels()+everybody)
	// Closing ends the read, and waits for a dial that is under way.
	closing := make(chan struct{})
	defer close(closing)
	go func() {
		select {
		case <-closing:
		case <-f.life.Done():
		}
		_ = subscription.Close()
	}()
	for asked := false; ; {
		message, err := subscription.ReceiveTimeout(f.life, quietFor)
		var timedOut net.Error
		if errors.As(err, &timedOut) && timedOut.Timeout() && !asked {
			asked, err = true, subscription.Ping(f.life)
		} else {
			asked = false
		}
		if err != nil {
			return err
		}
		switch m := message.(type) {
		case *redis.Subscription:
			if m.Count == 2 { // both channels
				f.hearAgain()
			}
		case *redis.Message:
			f.hear(m.Payload)
		}
	}
}

// hearAgain begins a subscription. Messages were lost while there was none, so all waiters ask again, and Redis is
// asked whether a cabinet was forgotten.
func (f *Fleet) hearAgain() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hearing.subscribed = true
	var known []*Limiter
	for _, l := range f.limiters {
		l.wake(func(*lease) bool { return true })
		if l.clock.read != 0 {
			known = append(known, l)
		}
	}
	if !f.closed() {
		f.busy.Go(func() { _ = each(f.life, known, (*Limiter).catchUp) })
	}
}

// hear passes on a message.
func (f *Fleet) hear(message string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.hearing.refused.IsZero() {
		f.hearing.refused = time.Time{}
		f.unheard.set(status{})
	}
	fields := strings.Fields(message)
	if len(fields) < 3 || f.limiters[fields[1]] == nil {
		return
	}
	l := f.limiters[fields[1]]
	switch {
	case fields[0] == "!":
		l.wake(func(s *lease) bool { return s.operation == fields[2] && !s.running })
	case fields[0] == "~":
		at, _ := strconv.ParseInt(fields[2], 10, 64)
		l.forget(at)
	case fields[0] == "+" && len(fields) == 4 && l.leases[fields[2]] != nil:
		ends, _ := strconv.ParseInt(fields[3], 10, 64)
		l.leases[fields[2]].wake(ends)
	}
}
