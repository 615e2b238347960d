package api

import (
	"errors"
)

// Violation is one point where a request or an answer does not keep the contract. It names the place and the rule, and
// never the value. A name that is none of the contract is shown only when it looks like one: letters, digits and _ . -
type Violation struct {
	Operation string // operationId; empty when the request fits no operation
	Where     string // "path businessId", "query chatId", "header Content-Type", "body /message", "status"
	Rule      string // "minimum 1", "required", "maxLength 4096", "is not declared"
}

// Error tells it in one line: "getChat: query chatId: minimum 1".
func (v *Violation) Error() string {
	operation := v.Operation
	if operation == "" {
		operation = "no operation"
	}
	return operation + ": " + v.Where + ": " + v.Rule
}

// Violations lists all that an error of a Validator tells of, sorted by place, however deep it is wrapped. It is nil
// for nil and for an error that tells of none: one of the network's, say.
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
