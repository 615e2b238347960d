package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/ymarket-go/chats/fleet"
	"github.com/ymarket-go/chats/wrapper"
)

const (
	jobVariable = "FLEET_DEMO_JOB" // tells a process that it is a worker
	cabinet     = 12345
	callers     = 8
)

// job describes the work of a worker.
type job struct {
	Redis  string // empty: without a fleet
	Market string
	ChatID int64
}

// work sends until both windows are used up, and says how many messages it sent. It ends early with its input.
func work(description string, input io.Reader, output io.Writer) {
	var do job
	if err := json.Unmarshal([]byte(description), &do); err != nil {
		log.Fatal(err)
	}
	client, closeFleet, err := newClient(do)
	if err != nil {
		log.Fatal(err)
	}
	defer closeFleet()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { _, _ = io.Copy(io.Discard, input); cancel() }()
	var sent atomic.Int64
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			for send(ctx, client, do.ChatID, &sent) {
			}
		})
	}
	group.Wait()
	fmt.Fprintln(output, sent.Load())
}

// newClient is all that a program of a fleet does differently.
func newClient(do job) (*wrapper.Client, func(), error) {
	options := []wrapper.Option{wrapper.WithBaseURL(do.Market)}
	closeFleet := func() {}
	if do.Redis != "" {
		rdb := redis.NewClient(&redis.Options{Addr: do.Redis})
		shared, err := fleet.New(rdb)
		if err != nil {
			return nil, nil, err
		}
		closeFleet = func() { _, _ = shared.Close(), rdb.Close() }
		if err := shared.Check(context.Background()); err != nil { // or log it, and go on alone
			return nil, nil, err
		}
		limiter, err := shared.Limiter(cabinet)
		if err != nil {
			return nil, nil, err
		}
		options = append(options, wrapper.WithLimiter(limiter))
	}
	client, err := wrapper.New(cabinet, wrapper.APIKey("any"), options...)
	return client, closeFleet, err
}

// send sends one message. It gives false where the quota comes back in an hour only.
func send(ctx context.Context, client *wrapper.Client, chatID int64, sent *atomic.Int64) bool {
	err := client.SendMessage(ctx, chatID, "Your order is on its way.")
	if err == nil {
		sent.Add(1)
	}
	var e *wrapper.Error
	usedUp := errors.Is(err, wrapper.ErrRateLimited) && errors.As(err, &e) && !e.RetryAt.IsZero()
	return ctx.Err() == nil && !usedUp
}
