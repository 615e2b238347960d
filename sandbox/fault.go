package sandbox

import (
	"fmt"
	"net/http"

	"github.com/ymarket-go/chats/sandbox/internal/control"
)

// Fault stands between a request and the sandbox's true answer, which is next: it may leave it out, change it, or let
// it happen and say something else. Faults compose, as some take others. Those below cover what was met in the wild; a
// test can write its own.
type Fault func(next http.Handler) http.Handler

// Script sets what the next requests of an operation meet, one of the constants Operation…, one Fault for each request,
// after those that were scripted before. A nil Fault lets its request through. It panics when operation is no
// operationId of the contract: the faults would wait for ever.
func (m *Market) Script(operation string, faults ...Fault) {
	m.mustKnow("Script", operation)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range faults {
		m.scripts[operation] = append(m.scripts[operation], setFault{fault: f})
	}
}

// setFault is a Fault that waits for its request, or stands for each. One that came by HTTP has a description, and is
// counted by the bytes of it.
type setFault struct {
	fault     Fault
	described *control.Fault // nil: a program has set it
	bytes     int
}

// Every sets what each request of an operation meets that Script says nothing of. A nil Fault takes it away. It panics
// when operation is no operationId of the contract.
func (m *Market) Every(operation string, fault Fault) {
	m.mustKnow("Every", operation)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.standing[operation] = setFault{fault: fault}
}

func (m *Market) mustKnow(method, operation string) {
	if err := known(operation); err != nil {
		panic(fmt.Sprintf("sandbox: %s: %v", method, err))
	}
}

func known(operation string) error {
	if _, ok := contractOperations()[operation]; !ok {
		return fmt.Errorf("the operation is %.40q, allowed is one of %v", operation, allOperations())
	}
	return nil
}

// nextFault is nil when the request goes through.
func (m *Market) nextFault(operation string) Fault {
	m.mu.Lock()
	defer m.mu.Unlock()
	script := m.scripts[operation]
	if len(script) == 0 {
		return m.standing[operation].fault
	}
	next := script[0]
	script[0] = setFault{}
	m.scripts[operation] = script[1:]
	m.waiting -= next.bytes
	return next.fault
}
