package fast

import (
	"strings"
	"sync/atomic"
)

// Remember stands for parse, whose result depends on its text alone. It keeps the last one. It is safe for concurrent use.
func Remember[T any](parse func(text string) (T, error)) func(text string) (T, error) {
	type parsed struct {
		text  string
		value T
	}
	var last atomic.Pointer[parsed]
	return func(text string) (T, error) {
		if l := last.Load(); l != nil && l.text == text {
			return l.value, nil
		}
		value, err := parse(text)
		if err == nil {
			last.Store(&parsed{strings.Clone(text), value})
		}
		return value, err
	}
}
