package notify

import (
	"context"
	"fmt"
	"sync"
)

// Seen remembers which events were processed, as the Market may send one more than once. A key is 64 hexadecimal
// digits, the same for equal events: of a message, its chat, its time and its id; of a new chat or a dispute, the chat
// and the time; of anything else, and of an event whose ids cannot be read, the whole body. Both methods are called for
// several events at once, and not for the same one.
type Seen interface {
	// Has tells whether a key was added. An error makes the Market repeat the event.
	Has(ctx context.Context, key string) (bool, error)
	// Add is called after the function of an event returned nil. Its context ends 9 s later, even where that of the
	// function has ended. An error makes the Market repeat the event, so that the function is called again.
	Add(ctx context.Context, key string) error
}

// Recent remembers the last n events, 1 or more, in the memory of this process. It panics when n is below 1. 10,000
// events need about 2 MB.
func Recent(n int) Seen {
	if n < 1 {
		panic(fmt.Sprintf("notify: Recent is given %d, allowed is 1 and above", n))
	}
	return &recent{known: map[string]bool{}, keys: make([]string, 0, min(n, 1024)), limit: n}
}

// recent keeps its keys in a ring: next is where the oldest one stands, once the ring is full.
type recent struct {
	mu    sync.Mutex
	known map[string]bool
	keys  []string
	next  int
	limit int
}

func (r *recent) Has(_ context.Context, key string) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known[key], nil
}

func (r *recent) Add(_ context.Context, key string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known[key] {
		return nil
	}
	r.known[key] = true
	if len(r.keys) < r.limit {
		r.keys = append(r.keys, key)
		return nil
	}
	delete(r.known, r.keys[r.next])
	r.keys[r.next] = key
	r.next = (r.next + 1) % r.limit
	return nil
}
