package inbox

import (
	"context"
	"sync"
	"time"
)

// State is what an Inbox keeps of a chat. The zero State is that of a chat that is unknown.
type State struct {
	Started bool      // it is settled where the chat begins
	Handled int64     // the last message that was handled, or after which the chat begins; 0: none yet
	Begun   int64     // the last message that was given to the handler; 0: none yet
	BegunAt time.Time // when that was
	Open    bool      // there may be more to handle
}

// Store keeps the States of the chats of one cabinet. Its methods are called by several goroutines at once, but never
// by two for the same chat. Run and CatchUp give each call 10 s.
type Store interface {
	// Load gives the State of a chat; the zero State if it is unknown.
	Load(ctx context.Context, chatID int64) (State, error)

	// Save keeps the State of a chat. Once it has returned nil, the State must outlive a crash of the process.
	Save(ctx context.Context, chatID int64, s State) error

	// Open gives the chats whose State is open.
	Open(ctx context.Context) ([]int64, error)
}

// Memory is a Store for tests, and for programs that may forget. A new process begins where WithSince and the last
// message of the shop say.
func Memory() Store { return &memory{states: map[int64]State{}} }

type memory struct {
	mu     sync.Mutex
	states map[int64]State
}

func (m *memory) Load(_ context.Context, chatID int64) (State, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.states[chatID], nil
}

func (m *memory) Save(_ context.Context, chatID int64, s State) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.states[chatID] = s
	return nil
}

func (m *memory) Open(context.Context) (open []int64, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for chatID, s := range m.states {
		if s.Open {
			open = append(open, chatID)
		}
	}
	return open, nil
}
