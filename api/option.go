package api

import (
	"errors"
	"fmt"
	"regexp"
)

// Option changes what NewValidator makes. Every option refuses values that make no sense.
type Option func(*options) error

type options struct {
	basePaths []string
	report    func(error) // nil: violations stop the traffic
}

func (o *options) apply(opts []Option) error {
	for _, opt := range opts {
		if opt == nil {
			return errors.New("api: an option is nil")
		}
		if err := opt(o); err != nil {
			return err
		}
	}
	return nil
}

// WithBasePaths sets the paths that stand before those of the contract: "/v2", or "" for none. The default is what
// the contract's server URLs have, and that is both. At least one path is needed, each without a slash at its end.
func WithBasePaths(paths ...string) Option {
	return func(o *options) error {
		for _, p := range paths {
			if !basePath.MatchString(p) {
				return fmt.Errorf("api: the base path %.40q is not allowed, allowed is \"\" or one like \"/v2\"", p)
			}
		}
		if len(paths) == 0 {
			return errors.New("api: WithBasePaths is given none, allowed is at least one")
		}
		o.basePaths = paths
		return nil
	}
}

var basePath = regexp.MustCompile(`^(/[\w.~-]+)*$`)

// WithReport makes Transport and Handler report violations and let the traffic pass as it is: a request that breaks
// the contract is sent, an answer that breaks it reaches its caller. In a test, give a function that calls t.Error.
// It is called once for each request and once for each answer that breaks the contract, before Transport returns and
// after the handler has, from the goroutine that carries the traffic; Violations lists what its error has found. The
// default is none: violations stop the traffic. A nil report is refused.
func WithReport(report func(error)) Option {
	return func(o *options) error {
		if report == nil {
			return errors.New("api: WithReport is given nil, allowed is a function")
		}
		o.report = report
		return nil
	}
}
