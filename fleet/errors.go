package fleet

import "errors"

// ErrUnavailable is what errors.Is finds in the error of a call that WithStrict let wait for Redis in vain.
var ErrUnavailable = errors.New("the limits of the fleet are not to be had")

var (
	errClosed   = errors.New("fleet: the Fleet is closed")
	errNoAnswer = errors.New("no answer of Redis came in time")
	errLate     = errors.New("too late by the clock of Redis, twice")
)
