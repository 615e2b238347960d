package fleet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	errClosed    = errors.New("fleet: the Fleet is closed")
	errNoContext = errors.New("fleet: ctx is nil")
)

// Fleet is the connection of a process to the limits that it shares with others. One is enough for all cabinets of a
// process: it keeps one subscription. New makes one. It is safe for concurrent use.
type Fleet struct {
	*config
	rdb       redis.UniversalClient
	script    *script
	process   string        // its name, made unique by random characters
	countable string        // "1" if Redis knows all subscribers of a channel
	away      *statusLog    // of Redis
	unheard   *statusLog    // of messages
	answered  atomic.Bool   // Redis has answered this process
	probes    chan struct{} // says that an outage has begun
	look      time.Duration // see lookAfter

	life context.Context // ends with Close
	end  context.CancelFunc
	busy sync.WaitGroup // what Close waits for

	mu       sync.Mutex          // guards the Limiters and leases, too
	limiters map[string]*Limiter // by their first key
	outages  map[*Limiter]*outage
	hearing  hearing
	named    int64 // leases so far
}

// New makes a Fleet over a client of Redis or Valkey, alone, behind Sentinel or as a cluster. It asks Redis for
// nothing: where Redis is away, New and what follows work as the package documentation says. The client stays the
// caller's, and is closed after the Fleet. The error says what was refused, and what is allowed.
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
		config: c, rdb: rdb, script: newScript(), process: c.name + ":" + rand.Text()[:16], countable: "0",
		probes: make(chan struct{}, 1), look: lookAfter, limiters: map[string]*Limiter{}, outages: map[*Limiter]*outage{},
	}
	if _, alone := rdb.(*redis.Client); alone {
		f.countable = "1"
	}
	f.life, f.end = context.WithCancel(context.Background())
	f.away = newStatusLog(c.logger, "fleet: Redis is away", "fleet: Redis is back")
	f.unheard = newStatusLog(c.logger, "fleet: Redis refuses messages", "fleet: Redis sends messages again")
	f.away.explain = f.explain
	f.busy.Go(f.probe)
	go f.listen()
	go f.away.run(f.life)
	go f.unheard.run(f.life)
	return f, nil
}

// Limiter gives the limits of a cabinet, for wrapper.WithLimiter; the same ones each time for the same cabinet. The
// error says that the businessId is below 1, or that the Fleet is closed.
func (f *Fleet) Limiter(businessID int64) (*Limiter, error) {
	if businessID < 1 {
		return nil, fmt.Errorf("fleet: businessId is %d, allowed is 1 and above", businessID)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed() {
		return nil, errClosed
	}
	key := f.prefix + "{" + strconv.FormatInt(businessID, 10) + "}"
	if l := f.limiters[key]; l != nil {
		return l, nil
	}
	l := &Limiter{
		fleet: f, businessID: businessID, keys: []string{key, key + ":queue", key + ":seen"}, local: newLocal(f.policy),
		leases: map[string]*lease{}, alone: alone{slots: make(chan struct{}, f.config.alone)},
	}
	f.limiters[key] = l
	return l, nil
}

// Close gives back what this process holds and waits for: close it once the work is done, as requests that still run
// are counted no more. Acquire fails from now on, and so does a call that waits in it. Close takes no longer than three
// timeouts for all cabinets together, 3 s by default; the error says that Redis did not take all of it in, so that
// leases end by themselves. Closed again, it does nothing and gives nil.
func (f *Fleet) Close() error {
	f.mu.Lock()
	again := f.closed()
	f.end()
	f.mu.Unlock()
	if again {
		return nil
	}
	if err := within(context.Background(), closeTimeouts*f.timeout, f.giveAllBack); err != nil {
		return fmt.Errorf("fleet: not all leases were given back, they end by themselves within %v: %w", f.lease, err)
	}
	return nil
}

// closeTimeouts bound Close. The last one is left for what has to be given back.
const closeTimeouts = 3

// giveAllBack lets calls that are under way end, and then tells Redis that nothing is held any more.
func (f *Fleet) giveAllBack(ctx context.Context) error {
	idle := make(chan struct{})
	go func() { f.busy.Wait(); close(idle) }()
	select {
	case <-idle:
	case <-time.After((closeTimeouts - 1) * f.timeout):
	}
	f.mu.Lock()
	all := slices.Collect(maps.Values(f.limiters))
	f.mu.Unlock()
	return each(ctx, all, (*Limiter).close)
}

// close tells Redis that nothing of the cabinet is held any more.
func (l *Limiter) close() error {
	f := l.fleet
	f.mu.Lock()
	news := l.newReport()
	news.ended = l.running()
	if o := f.outages[l]; o != nil {
		news.ended = append(news.ended, o.news.ended...)
		news.windows = o.news.windows
	}
	f.mu.Unlock()
	if news.empty() {
		return nil
	}
	return l.tell(news)
}

// cabinetsAtOnce bounds the commands of a process for its cabinets.
const cabinetsAtOnce = 16

// each does the same for several cabinets at once, until the context ends. It gives one of the errors.
func each(ctx context.Context, all []*Limiter, do func(*Limiter) error) error {
	var group sync.WaitGroup
	places, failures := make(chan struct{}, cabinetsAtOnce), make(chan error, len(all)+1)
	for _, l := range all {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			failures <- context.Cause(ctx)
			break
		}
		group.Go(func() {
			defer func() { <-places }()
			if err := do(l); err != nil {
				failures <- err
			}
		})
	}
	group.Wait()
	close(failures)
	return <-failures
}

func (f *Fleet) closed() bool { return f.life.Err() != nil }

// enter counts work that Close waits for; false: the Fleet is closed.
func (f *Fleet) enter() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed() {
		return false
	}
	f.busy.Add(1)
	return true
}

// channels is how the channels of all processes begin.
func (f *Fleet) channels() string { return f.prefix + "wake:" }
