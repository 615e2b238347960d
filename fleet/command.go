package fleet

import (
	"context"
	"fmt"
	"time"

	"github.com/ymarket-go/chats/wrapper"
)

// commandTime bounds a command of go-redis, which takes no notice of a context's deadline while it reads. It is more
// than what a caller waits for it: go-redis dials several times before it learns that a server is gone.
const commandTime = 3 * time.Second

// report is what Redis is told of a cabinet.
type report struct {
	gone    []string                 // leases that have ended, or that nobody waits for any more
	held    []string                 // leases whose requests run
	windows map[string]wrapper.Quota // what answers said, by operation
}

// answer is what the script said.
type answer struct {
	word string
	now  int64 // Redis' clock, in ms
	more int64 // granted: when the lease ends by that clock; in ms, shut: how long, queued: when a lease may end by itself
}

// acquire asks for a lease.
func (l *Limiter) acquire(lease string) (answer, error) {
	return l.command("acquire", func(int64) []any { return []any{lease} })
}

// tell tells Redis what is new.
func (l *Limiter) tell(news report) error {
	_, err := l.command("tell", func(now int64) []any {
		args := append([]any{len(news.gone)}, anys(news.gone)...)
		args = append(append(args, len(news.held)), anys(news.held)...)
		for operation, q := range news.windows {
			if left := time.Until(q.Until); left > 0 {
				args = append(args, operation, q.Remaining, now+left.Milliseconds())
			}
		}
		return args
	})
	return err
}

func anys(list []string) []any {
	all := make([]any, len(list))
	for i, s := range list {
		all[i] = s
	}
	return all
}

// command runs the script. The first one of a cabinet is always late, as it does not know Redis' clock; so is one that
// was sent by a clock that went wrong, after a failover say. The answer tells the time, and the command is sent again.
func (l *Limiter) command(verb string, args func(now int64) []any) (answer, error) {
	for range 2 {
		a, err := l.send(verb, args)
		if err != nil || a.word != "late" {
			return a, err
		}
	}
	return answer{}, errLate
}

// send runs the script once, and waits for its answer no longer than a caller is to wait. An answer that comes later is
// dropped; what it may have granted is on the list of what Redis is told when it is back.
func (l *Limiter) send(verb string, args func(now int64) []any) (answer, error) {
	f := l.fleet
	sent := time.Now()
	now, deadline := l.clock.now(), int64(0)
	if now > 0 {
		deadline = now + f.timeout.Milliseconds()
	}
	all := []any{verb, deadline, f.lease.Milliseconds(), f.channels(), f.countable}
	all = append(all, args(now)...)
	type result struct {
		answer answer
		err    error
	}
	results := make(chan result, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), max(commandTime, f.timeout))
		defer cancel()
		said, err := f.script.run(ctx, f.rdb, l.keys, all)
		a, err := readAnswer(said, err)
		results <- result{a, err}
	}()
	patience := time.NewTimer(f.timeout)
	defer patience.Stop()
	select {
	case r := <-results:
		if r.err == nil {
			l.clock.hear(sent, r.answer.now, r.answer.word == "late")
		}
		return r.answer, r.err
	case <-patience.C:
		return answer{}, errNoAnswer
	}
}

func readAnswer(said any, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	if fields, ok := said.([]any); ok && len(fields) == 3 {
		word, isText := fields[0].(string)
		now, isTime := fields[1].(int64)
		more, isNumber := fields[2].(int64)
		if isText && isTime && isNumber {
			return answer{word, now, more}, nil
		}
	}
	return answer{}, fmt.Errorf("the answer of Redis is a %T that the script does not give", said)
}
