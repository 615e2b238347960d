package fleet

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// checkTime bounds a check: a dial takes up to 5 s by default.
const checkTime = 6 * time.Second

// messageTime is how long a check waits for its own message.
const messageTime = 2 * time.Second

//go:embed check.lua
var checkText string

// Check tells what keeps the fleet from working: a wrong address or password, TLS on one side alone, a user without a
// right, a client that is closed. Call it when a program starts, as New asks Redis for nothing. It makes connections of
// its own, to each master of a cluster, without retries, and takes up to 6 s. A program that starts all the same goes
// on as it does while Redis is away, unless Check says that messages are refused: then requests wait in the queue for
// longer.
//
// The error has what Redis or the dial said, and names the commands that were refused. It is also that of a ctx that
// ends, and says so if ctx is nil or the Fleet is closed.
func (f *Fleet) Check(ctx context.Context) error {
	if ctx == nil {
		return errNoContext
	}
	if f.closed() {
		return errClosed
	}
	err := f.tryEach(ctx, func(ctx context.Context, n node) error {
		if err := f.tryCommands(ctx, n.rdb, n.key); err != nil {
			return err
		}
		if err := f.tryMessages(ctx, n.rdb); err != nil {
			return err
		}
		if err := f.rdb.Ping(ctx).Err(); errors.Is(err, redis.ErrClosed) { // the check has a client of its own
			return err
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("fleet: %w", err)
	}
	return nil
}

// explain gives the cause behind an error that a request met: go-redis tries so often that a caller only learns that no
// answer came in time.
func (f *Fleet) explain(ctx context.Context, met error) error {
	err := f.tryEach(ctx, func(ctx context.Context, n node) error { return f.tryCommands(ctx, n.rdb, n.key) })
	if err == nil || ctx.Err() != nil {
		return met
	}
	return err
}

// node is a server that holds keys.
type node struct {
	address string
	rdb     redis.UniversalClient
	key     string // one that it holds
}

// tryEach tries all nodes, by a client that does not repeat what fails.
func (f *Fleet) tryEach(ctx context.Context, try func(context.Context, node) error) error {
	return within(ctx, checkTime, func(ctx context.Context) error {
		rdb, finish := withoutRetries(f.rdb)
		defer finish()
		nodes, err := f.nodes(ctx, rdb)
		if err != nil {
			return withHint(err)
		}
		for _, n := range nodes {
			if err := try(ctx, n); err != nil {
				return fmt.Errorf("Redis at %s: %w", n.address, withHint(err))
			}
		}
		return nil
	})
}

// withoutRetries gives a client with the options of this one. One of an unknown type is tried itself. What go-redis
// changes in its options while it works is not shared: the mode of maintenance notifications, and the room behind the
// addresses.
func withoutRetries(rdb redis.UniversalClient) (once redis.UniversalClient, finish func()) {
	unnotified := &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	switch c := rdb.(type) {
	case *redis.Client:
		o := *c.Options()
		o.DialerRetries, o.MaxRetries, o.MinIdleConns, o.MaintNotificationsConfig = 1, -1, 0, unnotified
		once = redis.NewClient(&o)
	case *redis.ClusterClient:
		o := *c.Options()
		o.DialerRetries, o.MaxRetries, o.MinIdleConns, o.MaintNotificationsConfig = 1, -1, 0, unnotified
		o.Addrs = slices.Clone(o.Addrs)
		once = redis.NewClusterClient(&o)
	default:
		return rdb, func() {}
	}
	return once, func() { _ = once.Close() }
}

// nodes lists the masters of a cluster that hold keys, or the one server.
func (f *Fleet) nodes(ctx context.Context, rdb redis.UniversalClient) (all []node, err error) {
	key := func(i int) string { return fmt.Sprintf("%s{check%d}", f.prefix, i) }
	switch c := rdb.(type) {
	case *redis.Client:
		return []node{{c.Options().Addr, c, key(0)}}, nil
	case *redis.ClusterClient:
		masters := make(chan string, clusterSlots)
		err = c.ForEachMaster(ctx, func(_ context.Context, m *redis.Client) error {
			masters <- m.Options().Addr
			return nil
		})
		found := map[string]bool{}
		for i := 0; err == nil && len(found) < len(masters) && i < clusterSlots; i++ {
			var m *redis.Client
			if m, err = c.MasterForKey(ctx, key(i)); err == nil && !found[m.Options().Addr] {
				found[m.Options().Addr] = true
				all = append(all, node{m.Options().Addr, m, key(i)})
			}
		}
		return all, err
	default:
		return []node{{"the client", rdb, key(0)}}, nil
	}
}

const clusterSlots = 16384

// tryCommands runs the commands of the script. EVAL is asked for by name, as a script that is cached needs it no more.
func (f *Fleet) tryCommands(ctx context.Context, rdb redis.Scripter, key string) error {
	keys := []string{key, key + ":queue"}
	script := redis.NewScript(checkText)
	refused, err := script.Eval(ctx, rdb, keys).StringSlice()
	if err != nil {
		return of("EVAL", err)
	}
	if err := script.EvalSha(ctx, rdb, keys).Err(); err != nil {
		return of("EVALSHA", err)
	}
	var commands []string
	for i := 0; i+1 < len(refused); i += 2 {
		commands = append(commands, refused[i])
	}
	if len(commands) > 0 {
		return fmt.Errorf("%s: %s", strings.Join(commands, ", "), refused[1])
	}
	return nil
}

// tryMessages receives a message of its own.
func (f *Fleet) tryMessages(ctx context.Context, rdb redis.UniversalClient) error {
	if err := rdb.Ping(ctx).Err(); err != nil {
		return of("PING", err)
	}
	channel := f.channels() + f.process + ":check"
	subscription := rdb.Subscribe(ctx, channel)
	defer func() { _ = subscription.Close() }()
	if _, err := subscription.Receive(ctx); err != nil {
		return of("SUBSCRIBE", err)
	}
	if err := rdb.Publish(ctx, channel, "check").Err(); err != nil {
		return of("PUBLISH", err)
	}
	if _, err := subscription.ReceiveTimeout(ctx, messageTime); err != nil {
		return fmt.Errorf("a message did not come back: %w", err)
	}
	return nil
}

// of names the command that a user has no right to. Other errors are not those of a command.
func of(command string, err error) error {
	if redis.HasErrorPrefix(err, "NOPERM") {
		return fmt.Errorf("%s: %w", command, err)
	}
	return err
}

// within waits no longer than patience for what do gives: go-redis takes no notice of a context while it reads.
func within(ctx context.Context, patience time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errNoAnswer)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- do(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
