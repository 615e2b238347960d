package sandbox

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
)

// A fault that cannot act on an operation is an error when it is set: a test with it would pass having tested nothing.
// A Fault is a function, so it is asked by a call, with an inquiry in the place of the true answer. Faults of others
// are not asked, as they may count their calls.

// inquiry asks a Fault whether it can act on an operation. No request comes to it.
type inquiry struct {
	http.Handler
	operation string
	committed bool  // the request has happened before the Fault acts
	err       error // why it cannot
}

// checkFault is the error of a Fault that cannot act on an operation.
func checkFault(operation string, fault Fault) error {
	q := &inquiry{operation: operation}
	q.ask(fault)
	return q.err
}

func (q *inquiry) ask(fault Fault) {
	if fault != nil && reflect.ValueOf(fault).Pointer() == askableCode {
		fault(q)
	}
}

var askableCode = reflect.ValueOf(askable(nil, nil)).Pointer()

// askable is a Fault that answers an inquiry. It is not inlined, so that all such Faults have the same code, by which
// they are known.
//
//go:noinline
func askable(answer func(*inquiry), fault Fault) Fault {
	return func(next http.Handler) http.Handler {
		if q, ok := next.(*inquiry); ok {
			answer(q)
			return q
		}
		return fault(next)
	}
}

// around is a Fault that acts by another one.
func around(then, fault Fault) Fault {
	return askable(func(q *inquiry) { q.ask(then) }, fault)
}

// onlyFor is a Fault for some operations, which acts by another one. Where it could not be asked, a request of another
// operation gets 500.
func onlyFor(name string, operations []string, then, fault Fault) Fault {
	check := func(operation string) error {
		if slices.Contains(operations, operation) {
			return nil
		}
		return fmt.Errorf("%s cannot act on %s, allowed is one of %v", name, operation, operations)
	}
	return askable(func(q *inquiry) {
		q.refuse(check(q.operation))
		q.ask(then)
	}, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if x := exchangeOf(r); x != nil && check(x.operation) != nil {
				fail(w, http.StatusInternalServerError, "SANDBOX_FAULT", check(x.operation).Error())
				return
			}
			fault(next).ServeHTTP(w, r)
		})
	})
}

// notCommitted is a Fault that comes too late once the request has happened. allowed is what to set instead.
func notCommitted(name, allowed string, fault Fault) Fault {
	return askable(func(q *inquiry) {
		if q.committed {
			q.refuse(fmt.Errorf("%s cannot act on a request that has happened, allowed is %s", name, allowed))
		}
		q.ask(fault)
	}, fault)
}

// refuse keeps the first reason.
func (q *inquiry) refuse(err error) {
	if q.err == nil {
		q.err = err
	}
}

// readingOperations are those that a key for reading alone may use.
func readingOperations() (ids []string) {
	for id, op := range contractOperations() {
		if slices.ContainsFunc(op.Scopes, func(s string) bool { return strings.HasSuffix(s, ":read-only") }) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
