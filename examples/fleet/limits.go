package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"

	"github.com/ymarket-go/chats/fleet"
	"github.com/ymarket-go/chats/wrapper"
)

// What the processes of a cabinet may share. In front of each stands the Limiter that a Client has by default: it lets
// 4 requests of the process run at once, and keeps to the quota that the answers to its own requests tell.
const (
	nothing   = "nothing"
	byRate    = "redis_rate"
	semaphore = "a semaphore"
	byFleet   = "fleet"
)

const (
	parallel  = 4
	slotLasts = 15 * time.Second
	pollAfter = 50 * time.Millisecond
)

// newLimiter makes the Limiter of a process, and what ends it.
func newLimiter(do job, rdb *redis.Client) (wrapper.Limiter, func(), error) {
	if do.Limits == byFleet { // all that a program of a fleet does differently
		shared, err := fleet.New(rdb, fleet.WithPrefix(do.Prefix))
		if err != nil {
			return nil, nil, err
		}
		limiter, err := shared.Limiter(cabinet)
		return limiter, func() { _ = shared.Close() }, err
	}
	local, err := wrapper.NewLimiter(wrapper.RetryPolicy{})
	if err != nil {
		return nil, nil, err
	}
	enter := map[string]func(context.Context) (func(), error){
		nothing:   func(context.Context) (func(), error) { return func() {}, nil },
		byRate:    rate(rdb, do.Prefix+"rate", do.Rate),
		semaphore: slots(rdb, do.Prefix+"slots"),
	}[do.Limits]
	if enter == nil {
		return nil, nil, fmt.Errorf("no limits have the name %q", do.Limits)
	}
	return &both{local, enter}, func() {}, nil
}

// both asks a Limiter, and then what processes share.
type both struct {
	local wrapper.Limiter
	enter func(context.Context) (leave func(), err error)
}

func (b *both) Acquire(ctx context.Context, operation string) (func(wrapper.Response), error) {
	release, err := b.local.Acquire(ctx, operation)
	if err != nil {
		return nil, err
	}
	leave, err := b.enter(ctx)
	if err != nil {
		release(wrapper.Response{})
		return nil, err
	}
	return func(r wrapper.Response) { leave(); release(r) }, nil
}

// rate lets so many requests a second start, over all processes.
func rate(rdb *redis.Client, key string, aSecond int) func(context.Context) (func(), error) {
	limiter := redis_rate.NewLimiter(rdb)
	limit := redis_rate.Limit{Rate: aSecond, Burst: parallel, Period: time.Second}
	return func(ctx context.Context) (func(), error) {
		for {
			result, err := limiter.Allow(ctx, key, limit)
			if err != nil || result.Allowed > 0 {
				return func() {}, err
			}
			if err := pause(ctx, result.RetryAfter); err != nil {
				return nil, err
			}
		}
	}
}

// takeSlot takes one of four slots, if one is free or its holder is gone.
var takeSlot = redis.NewScript(`
local time = redis.call('TIME')
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', time[1])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], time[1] + ARGV[2], ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1`)

var leaveSlot = redis.NewScript(`return redis.call('ZREM', KEYS[1], ARGV[1])`)

// slots is a semaphore of four slots for all processes, which is asked again and again.
func slots(rdb *redis.Client, key string) func(context.Context) (func(), error) {
	keys := []string{key}
	return func(ctx context.Context) (func(), error) {
		holder := rand.Text()
		for {
			taken, err := takeSlot.Run(ctx, rdb, keys, parallel, int(slotLasts.Seconds()), holder).Int()
			if err != nil {
				return nil, err
			}
			if taken == 1 {
				return func() { leaveSlot.Run(context.WithoutCancel(ctx), rdb, keys, holder) }, nil
			}
			if err := pause(ctx, pollAfter); err != nil {
				return nil, err
			}
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
