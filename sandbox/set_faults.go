package sandbox

import (
	"errors"
	"net/http"

	"github.com/ymarket-go/chats/sandbox/internal/control"
)

func (m controls) AddFaults(w http.ResponseWriter, r *http.Request) {
	var faults control.Faults
	if !readControl(w, r, "Faults", &faults) {
		return
	}
	if err := m.setDescribed(faults); err != nil {
		refuseControl(w, http.StatusBadRequest, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// EveryDescribed is Every with a Fault as ParseFault reads it. The page and the control API show such a description,
// and of another Fault only that there is one. The error is that of ParseFault, or says that operation is no
// operationId of the contract.
func (m *Market) EveryDescribed(operation string, text []byte) error {
	var f control.Fault
	if err := decodeControl("Fault", text, &f); err != nil {
		return err
	}
	return m.setDescribed(control.Faults{Operation: operation, Every: &f})
}

// setDescribed is Script and Every for descriptions that were checked.
func (m *Market) setDescribed(faults control.Faults) error {
	if err := known(faults.Operation); err != nil {
		return err
	}
	if err := m.scriptDescribed(faults.Operation, orElse(faults.Faults, nil)); err != nil {
		return err
	}
	if faults.Every != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.standing[faults.Operation] = newSetFault(*faults.Every)
	}
	return nil
}

func newSetFault(f control.Fault) setFault {
	const each = 1000 // what a Fault itself and its description need beyond their texts
	return setFault{fault: describedFault(f), described: &f, bytes: len(encode(f)) + each}
}

// maxWaiting bounds what faults that wait for their requests take of memory, in bytes, when they came by HTTP.
const maxWaiting = 64 << 20

// scriptDescribed is Script, within maxWaiting.
func (m *Market) scriptDescribed(operation string, faults []control.Fault) error {
	var more []setFault
	total := 0
	for _, f := range faults {
		set := newSetFault(f)
		more = append(more, set)
		total += set.bytes
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.waiting+total > maxWaiting {
		return errors.New("too many faults wait for their requests, allowed are 64 MiB of them: reset the sandbox")
	}
	m.waiting += total
	m.scripts[operation] = append(m.scripts[operation], more...)
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
		script := m.scripts[operation]
		set := control.SetFaults{Operation: operation, Waiting: len(script), Next: []control.SetFault{}}
		for _, f := range script[:min(len(script), listedFaults)] {
			set.Next = append(set.Next, f.shown())
		}
		if standing := m.standing[operation]; standing.fault != nil {
			set.Every = new(standing.shown())
		}
		if len(script) > 0 || set.Every != nil {
			list = append(list, set)
		}
	}
	return list
}

func (f setFault) shown() control.SetFault {
	switch {
	case f.described != nil:
		return control.SetFault{Fault: f.described}
	case f.fault == nil:
		return control.SetFault{Fault: &control.Fault{Kind: control.FaultKindNone}}
	default:
		return control.SetFault{Program: new(true)}
	}
}

// removeFaults takes away what is set for an operation, or for all operations where it is empty.
func (m *Market) removeFaults(operation string) error {
	operations := allOperations()
	if operation != "" {
		if err := known(operation); err != nil {
			return err
		}
		operations = []string{operation}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, operation := range operations {
		for _, f := range m.scripts[operation] {
			m.waiting -= f.bytes
		}
		delete(m.scripts, operation)
		delete(m.standing, operation)
	}
	return nil
}

func (m controls) ListFaults(w http.ResponseWriter, _ *http.Request) {
	writeControl(w, http.StatusOK, m.setFaults())
}

func (m controls) RemoveFaults(w http.ResponseWriter, _ *http.Request, params control.RemoveFaultsParams) {
	if err := m.removeFaults(orElse(params.Operation, "")); err != nil {
		refuseControl(w, http.StatusBadRequest, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
