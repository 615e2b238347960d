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

// A Limiter of one's own keeps for each operation what the answers have said of its window.
func ExampleQuota_Narrow() {
	end := time.Date(2026, 1, 1, 13, 0, 0, 0, time.UTC)
	var known wrapper.Quota
	known = known.Narrow(wrapper.Quota{Limit: 1000, Remaining: 7, Until: end})
	known = known.Narrow(wrapper.Quota{Limit: 1000, Remaining: 8, Until: end.Add(time.Second)}) // overtaken on its way
	fmt.Println(known.Remaining, known.Until.Format(time.TimeOnly))
	known = known.Narrow(wrapper.Quota{Limit: 1000, Remaining: 999, Until: end.Add(time.Hour)})
	fmt.Println(known.Remaining, known.Until.Format(time.TimeOnly))
	// Output:
	// 7 13:00:00
	// 999 14:00:00
}

// A 420 says one of two things: the quota is used up, or too many requests ran at once.
func ExampleResponse_QuotaUsedUp() {
	market := sandbox.New()
	market.Script("getChat", sandbox.TooMany(), sandbox.QuotaUsedUp(time.Hour))
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc))
	for range 2 {
		var answer wrapper.Response
		_, _ = client.GetChat(context.Background(), 7000001, wrapper.Capture(&answer), wrapper.Attempts(1))
		fmt.Println(answer.StatusCode == wrapper.StatusMethodFailure, answer.QuotaUsedUp())
	}
	// Output:
	// true false
	// true true
}
