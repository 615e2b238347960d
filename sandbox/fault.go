package sandbox

import (
	"fmt"
	"net/http"
	"slices"
)

// Fault stands between a request and the Market's true answer, which is next: it may leave it out, change it, or let it
// happen and say something else. Faults compose, as some take others. Those below cover what was met in the wild; a test
// can write its own.
type Fault func(next http.Handler) http.Handler

// Script sets what the next requests of an operation meet, one Fault for each request, after those that were scripted
// before. A nil Fault lets its request through. It panics when operation is no operationId of the contract: the faults
// would wait for ever.
func (m *Market) Script(operation string, faults ...Fault) {
	m.mustKnow("Script", operation)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.scripts[operation] = append(m.scripts[operation], faults...)
}

// Every sets what each request of an operation meets that Script says nothing of. A nil Fault takes it away. It panics
// when operation is no operationId of the contract.
func (m *Market) Every(operation string, fault Fault) {
	m.mustKnow("Every", operation)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.standing[operation] = fault
}

func (m *Market) mustKnow(method, operation string) {
	if err := m.known(operation); err != nil {
		panic(fmt.Sprintf("sandbox: %s: %v", method, err))
	}
}

func (m *Market) known(operation string) error {
	if known := m.contract.Operations(); !slices.Contains(known, operation) {
		return fmt.Errorf("the operation is %.40q, allowed is one of %v", operation, known)
	}
	return nil
}

// nextFault is nil when the request goes through.
func (m *Market) nextFault(operation string) Fault {
	m.mu.Lock()
	defer m.mu.Unlock()
	script := m.scripts[operation]
	if len(script) == 0 {
		return m.standing[operation]
	}
	m.scripts[operation] = script[1:]
	return script[0]
}
