package fleet

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

// member is a Fleet of a process, in the test's own.
func member(t *testing.T, s *server, options ...Option) (*Fleet, *Limiter) {
	t.Helper()
	return memberOver(t, s.client(t), options...)
}

func memberOver(t *testing.T, rdb redis.UniversalClient, options ...Option) (*Fleet, *Limiter) {
	t.Helper()
	shared, err := New(rdb, options...)
	require.NoError(t, err)
	t.Cleanup(func() { shared.Close() })
	l, err := shared.Limiter(cabinet)
	require.NoError(t, err)
	return shared, l
}

var background = context.Background()

func take(t *testing.T, l *Limiter, operation string) func(wrapper.Response) {
	t.Helper()
	ctx, cancel := context.WithTimeout(background, patient)
	defer cancel()
	release, err := l.Acquire(ctx, operation)
	require.NoError(t, err)
	return release
}

var served = wrapper.Response{StatusCode: 200}

// left is an answer that tells of a window.
func left(remaining int, ends time.Duration) wrapper.Response {
	return wrapper.Response{StatusCode: 200, Quota: wrapper.Quota{Remaining: remaining, Until: time.Now().Add(ends)}}
}

// taker asks in the background.
type taker struct {
	cancel  context.CancelFunc
	release func(wrapper.Response)
	err     error
	done    chan struct{}
}

func ask(l *Limiter, operation string) *taker {
	ctx, cancel := context.WithCancel(background)
	a := &taker{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.release, a.err = l.Acquire(ctx, operation)
	}()
	return a
}

// holdAll lets one member hold all slots, so that another one waits.
func holdAll(t *testing.T, s *server, holder, waiter *Limiter) (held []func(wrapper.Response), w *taker) {
	t.Helper()
	for range 4 {
		held = append(held, take(t, holder, "getChat"))
	}
	w = ask(waiter, "getChat")
	eventually(t, "it waits", func() bool { return s.waiting() == 1 })
	return held, w
}

func (a *taker) wait(t *testing.T) {
	t.Helper()
	select {
	case <-a.done:
	case <-time.After(patient):
		require.Fail(t, "Acquire does not come back")
	}
}

func (a *taker) isDone() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

const slow = 10 * time.Second // a timeout that a busy machine does not reach

// never lets a process learn by messages alone: it does not look.
func never(f *Fleet) { f.look = time.Hour }

// hears tells whether the process has a subscription. The first one that comes after an answer costs a command.
func hears(f *Fleet) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.hearing.subscribed
}

func isAway(l *Limiter) bool { return l.away() != nil }

func isUnavailable(err error) bool {
	var e *wrapper.Error
	return errors.Is(err, ErrUnavailable) && errors.As(err, &e) && e.Outcome == wrapper.NotSent
}

// commandsAlone is the part of a hook that changes neither dials nor pipelines.
type commandsAlone struct{}

func (commandsAlone) DialHook(next redis.DialHook) redis.DialHook { return next }

func (commandsAlone) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// stall is a hook of a client that holds back the first script with a word in its arguments, until free is closed.
type stall struct {
	commandsAlone
	word       string
	once       sync.Once
	held, free chan struct{}
}

func newStall(rdb *redis.Client, word string) *stall {
	s := &stall{word: word, held: make(chan struct{}), free: make(chan struct{})}
	rdb.AddHook(s)
	return s
}

func (s *stall) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		args := cmd.Args()
		if args[0] == "evalsha" && strings.Contains(fmt.Sprint(args[6:]...), s.word) { // after the keys
			s.once.Do(func() { close(s.held); <-s.free })
		}
		return next(ctx, cmd)
	}
}

// loss is a hook of a client that loses the answer to the first script with a word in its arguments.
type loss struct {
	commandsAlone
	word string
	once sync.Once
	lost chan struct{}
}

func (l *loss) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		args := cmd.Args()
		isScript := args[0] == "evalsha" || args[0] == "eval" // the server may not know the script yet
		if err == nil && isScript && strings.Contains(fmt.Sprint(args[6:]...), l.word) {
			l.once.Do(func() { err = errNoAnswer; close(l.lost) })
			cmd.SetErr(err)
		}
		return err
	}
}
