package api

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Violation is one point where a request or an answer does not keep the contract. It names the place and the rule, and
// never the value. A name that is none of the contract is shown only when it looks like one: letters, digits and _ . -
type Violation struct {
	Operation string // operationId; empty when the request fits no operation
	Where     string // "path businessId", "query chatId", "header Content-Type", "body /message", "status"
	Rule      string // "minimum 1", "required", "maxLength 4096", "is not declared"
}

// Error is one line: "getChat: query chatId: minimum 1".
func (v *Violation) Error() string {
	operation := v.Operation
	if operation == "" {
		operation = "no operation"
	}
	return operation + ": " + v.Where + ": " + v.Rule
}

// Violations lists all that an error of a Validator has found, sorted by place, however deep it is wrapped. It is nil
// for nil and for an error that has found none: one of the network's, say.
func Violations(err error) []*Violation {
	switch e := err.(type) {
	case nil:
		return nil
	case *Violation:
		return []*Violation{e}
	case interface{ Unwrap() []error }:
		var list []*Violation
		for _, err := range e.Unwrap() {
			list = append(list, Violations(err)...)
		}
		return list
	case interface{ Unwrap() error }:
		return Violations(e.Unwrap())
	case interface{ As(any) bool }: // an error that hides what it wraps
		var several violations
		var one *Violation
		if e.As(&several) {
			return several
		} else if e.As(&one) {
			return []*Violation{one}
		}
	}
	return nil
}

// violations is the error of a Validator: one Violation or several.
type violations []*Violation

func (v violations) Error() string { return errors.Join(v.Unwrap()...).Error() }

func (v violations) Unwrap() []error {
	errs := make([]error, len(v))
	for i, violation := range v {
		errs[i] = violation
	}
	return errs
}

// maxFindings bounds the violations that one check lists, the last of which may say that there are more.
const maxFindings = 100

// finding is a Violation that does not know its operation yet.
type finding struct{ where, rule string }

// findings collects what a check finds: each finding once, and no more than maxFindings.
type findings struct {
	list []finding
	more bool // something came after that
}

func (f *findings) add(where, rule string) {
	found := finding{where, rule}
	switch {
	case slices.Contains(f.list, found):
	case f.full():
		f.more = true
	default:
		f.list = append(f.list, found)
	}
}

// take adds what another check found.
func (f *findings) take(other findings) {
	for _, found := range other.list {
		f.add(found.where, found.rule)
	}
	f.more = f.more || other.more
}

func (f *findings) full() bool { return len(f.list) == maxFindings }

// violations sorts what was found. Of more than maxFindings, the last one says so.
func (f *findings) violations(operation string) []*Violation {
	listed := slices.Clone(f.list)
	if f.more {
		listed = listed[:maxFindings-1]
	}
	slices.SortFunc(listed, func(a, b finding) int {
		if a.where != b.where {
			return strings.Compare(a.where, b.where)
		}
		return strings.Compare(a.rule, b.rule)
	})
	var list []*Violation
	for _, found := range listed {
		list = append(list, &Violation{Operation: operation, Where: found.where, Rule: found.rule})
	}
	if f.more {
		rule := fmt.Sprintf("there are more violations than %d, the others are not listed", maxFindings-1)
		list = append(list, &Violation{Operation: operation, Where: "…", Rule: rule})
	}
	return list
}

// err makes one error of what was found: nil of nothing.
func (f *findings) err(operation string) error {
	list := f.violations(operation)
	if list == nil {
		return nil
	}
	return violations(list)
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,63}$`)

// name keeps a foreign name out of a report that may be a value: {"Dear Ivan": 1}.
func name(s string) string {
	if plainName.MatchString(s) {
		return s
	}
	return "…"
}
