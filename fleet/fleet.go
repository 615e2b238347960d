package fleet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ymarket-go/chats/wrapper"
)

// Fleet is the connection of a process to the limits that it shares with others. One is enough for all cabinets of a
// process: it keeps one subscription. New makes one. It is safe for concurrent use.
type Fleet struct {
	*config
	rdb       redis.UniversalClient
	script    *script
	process   string // a random name
	countable string // "1" if Redis can count all subscribers of a channel
	waiters   waiters
	log       statusLog
	look      time.Duration // see lookAfter
	leases    atomic.Int64  // how many were named
	busy      atomic.Int64  // what Close waits for

	life context.Context // ends with Close
	end  context.CancelFunc

	mu       sync.Mutex
	limiters map[int64]*Limiter
	away     map[*Limiter]bool // whose Redis does not answer
	probing  bool
}

// New makes a Fleet over a client of Redis or Valkey, alone, behind Sentinel or as a cluster. It asks Redis for
// nothing: where Redis is away, New and what follows work as the package documentation says. The client stays the
// caller's, who closes it after the Fleet. The error tells what was refused, and what is allowed.
func New(rdb redis.UniversalClient, opts ...Option) (*Fleet, error) {
	if rdb == nil || reflect.ValueOf(rdb).Kind() == reflect.Pointer && reflect.ValueOf(rdb).IsNil() {
		return nil, errors.New("fleet: the client is nil, allowed is a *redis.Client or a *redis.ClusterClient")
	}
	if _, isRing := rdb.(*redis.Ring); isRing {
		return nil, errors.New("fleet: the client is a *redis.Ring, whose shards do not share their messages;" +
			" allowed is a *redis.Client or a *redis.ClusterClient")
	}
	c, err := newConfig(opts)
	if err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	f := &Fleet{
		config: c, rdb: rdb, script: newScript(), process: rand.Text()[:16], countable: "0", look: lookAfter,
		limiters: map[int64]*Limiter{}, away: map[*Limiter]bool{},
	}
	if _, alone := rdb.(*redis.Client); alone {
		f.countable = "1"
	}
	f.log.logger, f.log.quiet, f.log.last = c.logger, quietTime, map[bool]time.Time{}
	f.life, f.end = context.WithCancel(context.Background())
	f.spawn(f.listen)
	return f, nil
}

// Limiter gives the limits of a cabinet, for wrapper.WithLimiter; the same ones each time for the same cabinet. The
// error says that the businessId is below 1, or that the Fleet is closed.
func (f *Fleet) Limiter(businessID int64) (*Limiter, error) {
	if businessID < 1 {
		return nil, fmt.Errorf("fleet: businessId is %d, allowed is 1 and above", businessID)
	}
	if f.closed() {
		return nil, errClosed
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.limiters[businessID]
	if l != nil {
		return l, nil
	}
	local, err := wrapper.NewLimiter(f.policy)
	if err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	key := f.prefix + "{" + strconv.FormatInt(businessID, 10) + "}"
	l = &Limiter{
		fleet: f, keys: []string{key, key + ":queue", key + ":seen"}, local: local,
		held: map[*lease]bool{}, turned: make(chan struct{}), aloneSlots: make(chan struct{}, f.alone),
	}
	f.limiters[businessID] = l
	return l, nil
}

// Close gives back what this process holds and waits for: close it once the work is done, as requests that still run
// are counted no more. Acquire fails from now on, and so does who waits in it. Close takes no longer than two or
// three timeouts; the error says that Redis could not be told, so that the leases end by themselves. Closed again, it
// does nothing and gives nil.
func (f *Fleet) Close() error {
	f.mu.Lock()
	again := f.closed()
	f.end()
	f.mu.Unlock()
	if again {
		return nil
	}
	f.log.stop()
	for wait := time.Now().Add(2*f.timeout + closeSlack); f.busy.Load() > 0 && time.Now().Before(wait); {
		time.Sleep(closePoll)
	}
	return f.giveBackAll()
}

const (
	closeSlack = 100 * time.Millisecond
	closePoll  = 2 * time.Millisecond
)

// giveBackAll tells Redis of all cabinets at once what is not held any more.
func (f *Fleet) giveBackAll() error {
	var group sync.WaitGroup
	var failed sync.Map
	places := make(chan struct{}, probesAtOnce)
	for _, l := range f.all() {
		group.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			if err := l.giveBackAll(); err != nil {
				failed.Store(l.keys[0], err)
			}
		})
	}
	group.Wait()
	var err error
	failed.Range(func(_, cause any) bool { err = cause.(error); return false })
	if err != nil {
		return fmt.Errorf("fleet: not all leases were given back, they end by themselves within %v: %w", f.lease, err)
	}
	return nil
}

func (f *Fleet) all() []*Limiter {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]*Limiter, 0, len(f.limiters))
	for _, l := range f.limiters {
		all = append(all, l)
	}
	return all
}

func (f *Fleet) closed() bool { return f.life.Err() != nil }

// spawn runs something that Close waits for.
func (f *Fleet) spawn(what func()) {
	f.busy.Add(1)
	go func() {
		defer f.busy.Add(-1)
		what()
	}()
}

func (f *Fleet) newLease(operation string) string {
	return f.process + "." + strconv.FormatInt(f.leases.Add(1), 36) + "." + operation
}

// channels is how the channels of all processes begin.
func (f *Fleet) channels() string { return f.prefix + "wake:" }
