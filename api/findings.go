package api

import (
	"fmt"
	"slices"
	"strings"
)

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

// violations sorts what was found. Of more than maxFindings, the last one tells that.
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
