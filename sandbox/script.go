package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/ymarket-go/chats/sandbox/internal/control"
)

// faults are those that are set, by operation.
type faults struct {
	maxBytes int                   // of those that came by HTTP and wait
	bytes    int                   // of them
	next     map[string][]setFault // for one request each
	every    map[string]setFault
	lastID   int64
}

// maxWaiting bounds what faults that wait for their requests take of memory, in bytes, when they came by HTTP.
const maxWaiting = 64 << 20

// setFault is a Fault that waits for its request, or that each request meets. One that came by HTTP has a description,
// whose bytes are counted.
type setFault struct {
	id        int64 // equal faults that were set at once and follow each other share one
	fault     Fault
	described *control.Fault // nil: a program has set it
	bytes     int
}

func newSetFault(operation string, f control.Fault) (setFault, error) {
	const each, header = 1000, 200 // what a Fault and its description, and a header in both, need beyond their texts
	set := setFault{fault: describedFault(f), described: &f}
	set.bytes = 2*len(encode(f)) + each + header*len(orElse(f.Headers, nil)) // the Fault may have the texts anew
	return set, checkFault(operation, set.fault)
}

func (f *faults) reset() {
	*f = faults{maxBytes: f.maxBytes, next: map[string][]setFault{}, every: map[string]setFault{}, lastID: f.lastID}
}

// add lets faults wait for the next requests of an operation.
func (f *faults) add(operation string, more ...setFault) {
	for i := range more {
		if i == 0 || !more[i].equals(more[i-1]) {
			f.lastID++
		}
		more[i].id = f.lastID
	}
	f.next[operation] = append(f.next[operation], more...)
}

// stand sets the fault of each request of an operation.
func (f *faults) stand(operation string, every setFault) {
	f.lastID++
	every.id = f.lastID
	f.every[operation] = every
}

// remove removes the fault of an operation with an id, or all its faults when id is 0.
func (f *faults) remove(operation string, id int64) (removed bool) {
	f.next[operation] = slices.DeleteFunc(slices.Clone(f.next[operation]), func(set setFault) bool {
		if id != 0 && set.id != id {
			return false
		}
		f.bytes -= set.bytes
		removed = true
		return true
	})
	if every, ok := f.every[operation]; ok && (id == 0 || every.id == id) {
		delete(f.every, operation)
		removed = true
	}
	return removed
}

// Script sets what the next requests of an operation meet, one of the constants Operation…, one Fault for each request,
// after those that were scripted before. A nil Fault lets its request through. It panics when operation is no
// operationId of the contract: the faults would wait for ever. So it does when a fault cannot act on the operation:
// it would do nothing.
func (m *Market) Script(operation string, faults ...Fault) {
	mustAct("Script", operation, faults...)
	more := make([]setFault, len(faults))
	for i, f := range faults {
		more[i].fault = f
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults.add(operation, more...)
}

// Every sets what each request of an operation meets that Script says nothing of. A nil Fault takes it away. It panics
// as Script does.
func (m *Market) Every(operation string, fault Fault) {
	mustAct("Every", operation, fault)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults.stand(operation, setFault{fault: fault})
}

// EveryDescribed is Every with a Fault as ParseFault reads it. The page and the control API show such a description,
// and of another Fault only that there is one. The error is that of ParseFault, or says that operation is no
// operationId of the contract, or that the fault cannot act on it.
func (m *Market) EveryDescribed(operation string, text []byte) error {
	var f control.Fault
	if err := decodeControl("Fault", text, &f); err != nil {
		return err
	}
	return m.setDescribed(control.Faults{Operation: operation, Every: &f})
}

func mustAct(method, operation string, faults ...Fault) {
	err := checkOperation(operation)
	for _, f := range faults {
		err = cmp.Or(err, checkFault(operation, f))
	}
	if err != nil {
		panic(fmt.Sprintf("sandbox: %s: %v", method, err))
	}
}

func checkOperation(operation string) error {
	if _, ok := contractOperations()[operation]; !ok {
		return fmt.Errorf("the operation is %.40q, allowed is one of %v", operation, allOperations())
	}
	return nil
}

// nextFault is what the next request of an operation meets; its fault is nil when the request goes through.
func (m *Market) nextFault(operation string) setFault {
	m.mu.Lock()
	defer m.mu.Unlock()
	waiting := m.faults.next[operation]
	if len(waiting) == 0 {
		return m.faults.every[operation]
	}
	first := waiting[0]
	waiting[0] = setFault{}
	m.faults.next[operation] = waiting[1:]
	m.faults.bytes -= first.bytes
	return first
}

// setDescribed is Script, within the bound, and Every for descriptions that were checked.
func (m *Market) setDescribed(described control.Faults) error {
	operation := described.Operation
	if err := checkOperation(operation); err != nil {
		return err
	}
	var more []setFault
	bytes := 0
	for _, f := range orElse(described.Faults, nil) {
		set, err := newSetFault(operation, f)
		if err != nil {
			return err
		}
		more = append(more, set)
		bytes += set.bytes
	}
	var every setFault
	if described.Every != nil {
		var err error
		if every, err = newSetFault(operation, *described.Every); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.faults.bytes+bytes > m.faults.maxBytes {
		return errors.New("too many faults wait for their requests, allowed are 64 MiB of them: reset the sandbox")
	}
	m.faults.bytes += bytes
	m.faults.add(operation, more...)
	if described.Every != nil {
		m.faults.stand(operation, every)
	}
	return nil
}

// listedFaults is how many of the faults that wait for their requests are listed for each operation: the next ones.
const listedFaults = 100

// setFaults lists the faults that are set, by operation.
func (m *Market) setFaults() []control.SetFaults {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := []control.SetFaults{}
	for _, operation := range allOperations() {
		waiting, every := m.faults.next[operation], m.faults.every[operation]
		set := control.SetFaults{Operation: operation, Waiting: len(waiting), Next: []control.SetFault{}}
		for _, f := range waiting[:min(len(waiting), listedFaults)] {
			set.Next = append(set.Next, f.shown())
		}
		if every.fault != nil {
			set.Every = new(every.shown())
		}
		if len(waiting) > 0 || set.Every != nil {
			list = append(list, set)
		}
	}
	return list
}

func (f setFault) shown() control.SetFault {
	switch {
	case f.described != nil:
		return control.SetFault{ID: f.id, Fault: f.described}
	case f.fault == nil:
		return control.SetFault{ID: f.id, Fault: &control.Fault{Kind: control.FaultKindNone}}
	default:
		return control.SetFault{ID: f.id, Program: new(true)}
	}
}

// equals is true for faults of one description. Functions cannot be compared: two faults that a program has set are
// equal when both are nil, or neither is.
func (f setFault) equals(other setFault) bool {
	if f.described == nil || other.described == nil {
		return f.described == other.described && (f.fault == nil) == (other.fault == nil)
	}
	return reflect.DeepEqual(f.described, other.described)
}

var errNoFault = errors.New("there is no such fault: requests have met it, or it was removed")

// removeFaults removes the faults of an operation, or of all operations when operation is empty. When id is not 0, it
// removes the fault with that id alone.
func (m *Market) removeFaults(operation string, id int64) error {
	operations := allOperations()
	if operation != "" {
		if err := checkOperation(operation); err != nil {
			return err
		}
		operations = []string{operation}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	removed := false
	for _, operation := range operations {
		removed = m.faults.remove(operation, id) || removed
	}
	if id != 0 && !removed {
		return errNoFault
	}
	return nil
}
