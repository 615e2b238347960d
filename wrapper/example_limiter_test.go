package wrapper_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// slots lets so many requests run at once, of all Clients that share it.
type slots chan struct{}

func (s slots) Acquire(ctx context.Context, operation string) (func(wrapper.Response), error) {
	select {
	case s <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return func(answer wrapper.Response) {
		fmt.Println(operation, "has", answer.Quota.Remaining, "left")
		<-s
	}, nil
}

// Two Clients of one cabinet share a Limiter, as two processes might share one of their own.
func ExampleWithLimiter() {
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC) // quotas end on the hour
	market := sandbox.New(sandbox.WithClock(func() time.Time { return noon }))
	shared := make(slots, 4)
	for range 2 {
		hc := &http.Client{Transport: market.RoundTripper()}
		client, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc),
			wrapper.WithLimiter(shared))
		if _, err := client.CreateChat(context.Background(), wrapper.Order(67890)); err != nil {
			panic(err)
		}
	}
	// Output:
	// createChat has 999 left
	// createChat has 998 left
}

// Code that sends requests of its own keeps to the limits that its Client keeps to.
func ExampleNewLimiter() {
	limiter, err := wrapper.NewLimiter(wrapper.RetryPolicy{})
	if err != nil {
		panic(err)
	}
	client, err := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithLimiter(limiter))
	if err != nil {
		panic(err)
	}
	_ = client // shares the limits with what follows
	release, err := limiter.Acquire(context.Background(), "getChat")
	if err != nil {
		panic(err)
	}
	fmt.Println("one request may start")
	release(wrapper.Response{StatusCode: 200})
	// Output: one request may start
}
