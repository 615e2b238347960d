package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ymarket-go/chats/wrapper"
)

// commandTime bounds a command of go-redis, which takes no notice of a context's deadline while it reads. It is longer
// than a caller waits for the answer: go-redis dials several times before it learns that a server is gone.
const commandTime = 3 * time.Second

var (
	errNoAnswer = errors.New("no answer of Redis came in time")
	errLate     = errors.New("too late by the clock of Redis, twice")
)

// answer is that of the script.
type answer struct {
	word      string
	now       int64         // Redis' clock
	left      time.Duration // granted: of the lease; shut: of the window
	mute      string        // why Redis refused to send a message
	forgotten int64         // when the cabinet was last forgotten, by Redis' clock
}

// report is what Redis has to know of the requests of a cabinet.
type report struct {
	ended, running []string                 // leases
	windows        map[string]wrapper.Quota // by operation
	busy           bool                     // the Market refused a request because too many ran at once
	known          int64                    // the last Forget that the process knew when it learned of windows and busy
}

// newReport makes an empty one. The mutex of the Fleet is held.
func (l *Limiter) newReport() report {
	return report{windows: map[string]wrapper.Quota{}, known: l.forgotten}
}

func (r report) empty() bool { return len(r.ended)+len(r.running)+len(r.windows) == 0 }

// encode writes the report as the script reads it, with times by Redis' clock.
func (r report) encode(now int64) string {
	type window struct {
		Remaining int   `json:"remaining"`
		Ends      int64 `json:"ends"`
	}
	news := struct {
		Ended   []string          `json:"ended,omitempty"`
		Running []string          `json:"running,omitempty"`
		Windows map[string]window `json:"windows,omitempty"`
		Busy    bool              `json:"busy,omitempty"`
		Known   int64             `json:"known,omitempty"`
	}{r.ended, r.running, map[string]window{}, r.busy, r.known}
	for operation, q := range r.windows {
		news.Windows[operation] = window{max(q.Remaining, 0), now + time.Until(q.Until).Milliseconds()}
	}
	text, _ := json.Marshal(news) // of strings and numbers
	return string(text)
}

// acquire asks for a lease.
func (l *Limiter) acquire(lease string) (answer, error) {
	return l.command("acquire", func(int64) string { return lease })
}

func (l *Limiter) tell(news report) error {
	_, err := l.command("tell", news.encode)
	return err
}

// command runs the script. The first command of a cabinet is always late, as it does not know Redis' clock; so is one
// by a clock that went wrong, after a failover say. The answer has the time, and the command is sent again.
func (l *Limiter) command(verb string, subject func(now int64) string) (answer, error) {
	for range 2 {
		a, err := l.send(verb, subject)
		if err != nil || a.word != "late" {
			return a, err
		}
	}
	return answer{}, errLate
}

// send runs the script once, and waits for its answer no longer than a caller is to wait. A later answer is dropped:
// a lease that it granted ends by itself.
func (l *Limiter) send(verb string, subject func(now int64) string) (answer, error) {
	f := l.fleet
	sent, timeout := time.Now(), f.patience()
	now := l.redisTime(sent)
	deadline := now
	if now > 0 {
		deadline += timeout.Milliseconds()
	}
	type result struct {
		answer answer
		err    error
	}
	results := make(chan result, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), max(commandTime, timeout))
		defer cancel()
		a, err := readAnswer(f.script.run(ctx, f.rdb, l.keys, []any{
			verb, deadline, f.newLease.Milliseconds(), f.lease.Milliseconds(), f.channels(), f.countable, f.slots,
			subject(now),
		}))
		results <- result{a, err}
	}()
	patience := time.NewTimer(timeout)
	defer patience.Stop()
	select {
	case r := <-results:
		if r.err == nil {
			f.mu.Lock()
			l.clock.set(sent, r.answer.now, r.answer.word == "late")
			l.forget(r.answer.forgotten)
			f.mu.Unlock()
			f.answered.Store(true)
			if r.answer.mute != "" {
				f.notHeard(fmt.Errorf("PUBLISH: %s", r.answer.mute))
			}
		}
		return r.answer, r.err
	case <-patience.C:
		return answer{}, errNoAnswer
	}
}

// patience is how long a caller waits for an answer. Before the first one there may be no connection yet.
func (f *Fleet) patience() time.Duration {
	if f.answered.Load() {
		return f.timeout
	}
	return max(f.timeout, firstTimeout)
}

func (l *Limiter) redisTime(moment time.Time) int64 {
	l.fleet.mu.Lock()
	defer l.fleet.mu.Unlock()
	return l.clock.at(moment)
}

func readAnswer(said any, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	if fields, ok := said.([]any); ok && len(fields) == 5 {
		word, isText := fields[0].(string)
		now, isTime := fields[1].(int64)
		left, isNumber := fields[2].(int64)
		mute, isReason := fields[3].(string)
		forgotten, isMoment := fields[4].(int64)
		if isText && isTime && isNumber && isReason && isMoment {
			return answer{word, now, milliseconds(left), mute, forgotten}, nil
		}
	}
	return answer{}, fmt.Errorf("the answer of Redis is a %T that the script does not give", said)
}
