package fleet

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ymarket-go/chats/wrapper"
)

// Status is what Redis knows of a cabinet at a moment.
type Status struct {
	Leases  []Place                  // requests that run, and those that are about to begin; the oldest one first
	Waiters []Place                  // in the order of their arrival
	Windows map[string]wrapper.Quota // by operation, without their Limit; Until is on this machine's clock
}

// Place is a request that has a lease or waits for one.
type Place struct {
	Process   string        // its name (WithName), a colon, and random characters
	Operation string        // "sendMessageToChat"
	Age       time.Duration // since it was granted the lease, or came to the queue
	Left      time.Duration // until the lease ends, or the waiter is forgotten, unless the process asks again
}

//go:embed status.lua
var statusText string

// Status asks Redis what it knows of a cabinet: which processes hold its leases, and for how long; which ones wait;
// what is left of the windows. It changes nothing. A cabinet that nobody works for is empty. It takes up to 6 s.
//
// The error is that of Redis or of ctx, or says that ctx is nil, the businessId is below 1, or the Fleet is closed.
func (f *Fleet) Status(ctx context.Context, businessID int64) (Status, error) {
	if ctx == nil {
		return Status{}, errNoContext
	}
	l, err := f.Limiter(businessID)
	if err != nil {
		return Status{}, err
	}
	said := make(chan []any, 1)
	err = within(ctx, checkTime, func(ctx context.Context) error {
		rows, err := redis.NewScript(statusText).Run(ctx, f.rdb, l.keys).Slice()
		said <- rows
		return err
	})
	if err != nil {
		return Status{}, fmt.Errorf("fleet: %w", err)
	}
	return readStatus(<-said), nil
}

// readStatus reads the answer of the script.
func readStatus(said []any) Status {
	all := Status{Windows: map[string]wrapper.Quota{}}
	for _, row := range said {
		fields, _ := row.([]any)
		if len(fields) != 4 {
			continue
		}
		kind, _ := fields[0].(string)
		name, _ := fields[1].(string)
		number, _ := fields[2].(int64)
		lasts, _ := fields[3].(int64)
		left := milliseconds(lasts)
		process, _, _ := strings.Cut(name, ".")
		p := Place{process, name[strings.LastIndex(name, ".")+1:], milliseconds(number), left}
		switch {
		case left <= 0:
		case kind == "l":
			all.Leases = append(all.Leases, p)
		case kind == "w":
			all.Waiters = append(all.Waiters, p)
		case kind == "q":
			all.Windows[name] = wrapper.Quota{Remaining: int(number), Until: time.Now().Add(left)}
		}
	}
	slices.SortFunc(all.Leases, func(a, b Place) int { return cmp.Compare(b.Age, a.Age) })
	return all
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
