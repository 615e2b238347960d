package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ymarket-go/chats/wrapper"
)

const (
	jobVariable = "FLEET_DEMO_JOB" // tells a process that it is a worker
	cabinet     = 12345
	callers     = 8
)

// job describes the work of a worker.
type job struct {
	Limits string // see limits.go
	Rate   int    // requests a second, for redis_rate
	Redis  string
	Prefix string // of keys, another one each time: what is stored of the windows before counts no more
	Market string
	ChatID int64
	Begin  time.Time // when all workers begin
}

// work sends until both windows are used up, and says how many messages it sent. It ends early with its input.
func work(description string, input io.Reader, output io.Writer) {
	var do job
	if err := json.Unmarshal([]byte(description), &do); err != nil {
		log.Fatal(err)
	}
	client, end, err := newClient(do)
	if err != nil {
		log.Fatal(err)
	}
	defer end()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { _, _ = io.Copy(io.Discard, input); cancel() }()
	_ = pause(ctx, time.Until(do.Begin))
	var sent, orders atomic.Int64
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			for { // equal texts would be sent one after another
				text := fmt.Sprintf("Order %d-%d is on its way.", os.Getpid(), orders.Add(1))
				err := client.SendMessage(ctx, do.ChatID, text)
				if err == nil {
					sent.Add(1)
				}
				if ctx.Err() != nil || usedUp(err) {
					return
				}
			}
		})
	}
	group.Wait()
	fmt.Fprintln(output, sent.Load())
}

// newClient makes the Client of a process, and what ends it.
func newClient(do job) (*wrapper.Client, func(), error) {
	rdb := redis.NewClient(&redis.Options{Addr: do.Redis})
	limiter, end, err := newLimiter(do, rdb)
	if err != nil {
		return nil, nil, err
	}
	client, err := wrapper.New(cabinet, wrapper.APIKey("any"), wrapper.WithBaseURL(do.Market),
		wrapper.WithLimiter(limiter))
	return client, func() { end(); _ = rdb.Close() }, err
}

// usedUp tells that the quota comes back in an hour only.
func usedUp(err error) bool {
	var e *wrapper.Error
	return errors.Is(err, wrapper.ErrRateLimited) && errors.As(err, &e) && !e.RetryAt.IsZero()
}
