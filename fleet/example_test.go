package fleet_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ymarket-go/chats/fleet"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// absent is a client of a Redis that is not there, so that these examples run everywhere.
func absent() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialerRetries: 1})
}

// refusal is what New says of an option.
func refusal(option fleet.Option) error {
	rdb := absent()
	defer rdb.Close()
	_, err := fleet.New(rdb, option)
	return err
}

// What each process of a cabinet does. Here there is no Redis, so the limits of the process alone hold; the message goes
// to the sandbox all the same.
func Example() {
	ctx := context.Background()
	market := sandbox.New()
	rdb := absent() // redis.NewClient(&redis.Options{Addr: "redis:6379"})
	defer rdb.Close()
	shared, err := fleet.New(rdb) // one for all cabinets of the process
	if err != nil {
		panic(err)
	}
	defer shared.Close()
	limiter, err := shared.Limiter(12345)
	if err != nil {
		panic(err)
	}
	client, err := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithLimiter(limiter),
		wrapper.WithHTTPClient(&http.Client{Transport: market.RoundTripper()}))
	if err != nil {
		panic(err)
	}
	chat, err := client.CreateChat(ctx, wrapper.Order(67890))
	if err != nil {
		panic(err)
	}
	fmt.Println(client.SendMessage(ctx, chat.ChatID, "Your order is on its way."))
	fmt.Println(len(market.Messages(chat.ChatID)), "message")
	// Output:
	// <nil>
	// 1 message
}

// All processes of a cabinet make such a Client. This one finds no Redis, and goes alone.
func ExampleNew() {
	rdb := absent() // redis.NewClient(&redis.Options{Addr: "redis:6379"})
	defer rdb.Close()
	shared, err := fleet.New(rdb)
	if err != nil {
		panic(err)
	}
	defer shared.Close()
	limiter, err := shared.Limiter(12345)
	if err != nil {
		panic(err)
	}
	client, err := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithLimiter(limiter))
	fmt.Println(client != nil, err)
	// Output: true <nil>
}

// A cabinet has one Limiter in a process, however often it is asked for.
func ExampleFleet_Limiter() {
	rdb := absent()
	defer rdb.Close()
	shared, _ := fleet.New(rdb)
	defer shared.Close()
	one, _ := shared.Limiter(12345)
	same, _ := shared.Limiter(12345)
	_, err := shared.Limiter(0)
	fmt.Println(one == same, err)
	// Output: true fleet: businessId is 0, allowed is 1 and above
}

// After Close nothing is started any more.
func ExampleFleet_Close() {
	rdb := absent()
	defer rdb.Close()
	shared, _ := fleet.New(rdb)
	limiter, _ := shared.Limiter(12345)
	fmt.Println(shared.Close())
	_, err := limiter.Acquire(context.Background(), "getChat")
	fmt.Println(err)
	// Output:
	// <nil>
	// fleet: the Fleet is closed
}

// A Client calls Acquire for each attempt. Code that sends requests of its own calls it as well.
func ExampleLimiter_Acquire() {
	rdb := absent()
	defer rdb.Close()
	shared, _ := fleet.New(rdb)
	defer shared.Close()
	limiter, _ := shared.Limiter(12345)
	release, err := limiter.Acquire(context.Background(), "getChat")
	if err != nil {
		panic(err)
	}
	fmt.Println("one request may start")
	release(wrapper.Response{StatusCode: 200})
	// Output: one request may start
}

// The policy of the Client and that of its limits are the same one.
func ExampleWithRetry() {
	policy := wrapper.RetryPolicy{MaxDelay: time.Minute}
	rdb := absent()
	defer rdb.Close()
	shared, err := fleet.New(rdb, fleet.WithRetry(policy))
	if err != nil {
		panic(err)
	}
	defer shared.Close()
	limiter, _ := shared.Limiter(12345)
	client, err := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithRetry(policy), wrapper.WithLimiter(limiter))
	fmt.Println(client != nil, err)
	// Output: true <nil>
}

// A lease must outlive what the Market still does for a killed process.
func ExampleWithLease() {
	fmt.Println(refusal(fleet.WithLease(5 * time.Second)))
	// Output: fleet: WithLease is given 5s, allowed is 12s to 24h0m0s
}

// A Redis that is further away is waited for longer.
func ExampleWithTimeout() {
	fmt.Println(refusal(fleet.WithTimeout(0)))
	// Output: fleet: WithTimeout is given 0s, allowed is 1ms to 10s
}

// A program that must not start without Redis ends where Check says what is wrong.
func ExampleFleet_Check() {
	rdb := absent()
	defer rdb.Close()
	shared, _ := fleet.New(rdb)
	defer shared.Close()
	err := shared.Check(context.Background())
	fmt.Println(strings.ReplaceAll(err.Error(), ": ", ":\n"))
	// Output:
	// fleet:
	// Redis at 127.0.0.1:1:
	// dial tcp 127.0.0.1:1:
	// connect:
	// connection refused (nothing listens there:
	// are host and port right?)
}

// What Redis knows of a cabinet: which process holds a lease, for how long, and what is left of the quota.
func ExampleFleet_Status() {
	rdb := absent()
	defer rdb.Close()
	shared, _ := fleet.New(rdb)
	defer shared.Close()
	status, err := shared.Status(context.Background(), 12345)
	if err != nil {
		fmt.Println("Redis is not there")
	}
	for _, lease := range status.Leases {
		fmt.Println(lease.Process, lease.Operation, lease.Age)
	}
	// Output: Redis is not there
}

// A process is named as its pod is, say. Status tells which process holds a lease.
func ExampleWithName() {
	fmt.Println(refusal(fleet.WithName("web 1")))
	// Output: fleet: WithName is given "web 1", allowed are 1 to 64 letters, digits, hyphens and underscores
}

// A monitoring program outside of the fleet needs one of the four slots, so the fleet takes three.
func ExampleWithSlots() {
	rdb := absent() // redis.NewClient(&redis.Options{Addr: "redis:6379"})
	defer rdb.Close()
	shared, err := fleet.New(rdb, fleet.WithSlots(3))
	if err != nil {
		panic(err)
	}
	defer shared.Close()
	fmt.Println(refusal(fleet.WithSlots(5)))
	// Output: fleet: WithSlots is given 5, allowed is 1 to 4
}

// A person clears a cabinet that a wrong clock has shut. Without Redis there is nothing to clear.
func ExampleFleet_Forget() {
	rdb := absent() // redis.NewClient(&redis.Options{Addr: "redis:6379"})
	defer rdb.Close()
	shared, _ := fleet.New(rdb)
	defer shared.Close()
	err := shared.Forget(context.Background(), 12345)
	fmt.Println(err != nil)
	// Output: true
}

// Two processes may each send two requests at once while Redis is away.
func ExampleWithAlone() {
	fmt.Println(refusal(fleet.WithAlone(5)))
	// Output: fleet: WithAlone is given 5, allowed is 1 to 4
}

// Nothing is sent without Redis.
func ExampleWithStrict() {
	rdb := absent()
	defer rdb.Close()
	shared, _ := fleet.New(rdb, fleet.WithStrict(), fleet.WithRetry(wrapper.RetryPolicy{MaxDelay: time.Millisecond}))
	defer shared.Close()
	limiter, _ := shared.Limiter(12345)
	client, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithLimiter(limiter))
	_, err := client.GetChat(context.Background(), 7)
	e := err.(*wrapper.Error)
	fmt.Println(e.Outcome, e.Attempts)
	// Output: not sent 0
}

// Two fleets that share a Redis, for tests and for production say, keep apart by prefix.
func ExampleWithPrefix() {
	fmt.Println(refusal(fleet.WithPrefix("{chats}")))
	// Output: fleet: WithPrefix is given "{chats}", allowed are 1 to 100 printable ASCII characters but spaces and braces
}

// A line is written when Redis goes away, and one when it is back.
func ExampleWithLogger() {
	said, writer := io.Pipe()
	log := slog.New(slog.NewTextHandler(writer, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "error" {
			return slog.Attr{}
		}
		return a
	}}))
	rdb := absent()
	defer rdb.Close()
	shared, _ := fleet.New(rdb, fleet.WithLogger(log))
	limiter, _ := shared.Limiter(12345)
	release, _ := limiter.Acquire(context.Background(), "getChat")
	release(wrapper.Response{})
	line := make([]byte, 100)
	n, _ := said.Read(line)
	_, _ = os.Stdout.Write(line[:n])
	shared.Close()
	// Output: level=WARN msg="fleet: Redis is away" businessId=12345
}
