package wrapper

import "time"

// NewTransport is the transport of a Client that was given none.
var NewTransport = newTransport

// WithRandom replaces the random part of pauses.
func WithRandom(random func() float64) Option {
	return func(c *config) error { c.random = random; return nil }
}

// Passed is what the resend check takes for the time that has passed.
var Passed = passed

// Wake lets a gate wake whoever waits after each of these times, one asked for after the other.
func Wake(f func(), after ...time.Duration) {
	var g gate
	for _, d := range after {
		g.wake(d, f)
	}
}
