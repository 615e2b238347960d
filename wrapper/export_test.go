package wrapper

// NewTransport is the transport of a Client that was given none.
var NewTransport = newTransport

// WithRandom replaces the random part of pauses.
func WithRandom(random func() float64) Option {
	return func(c *config) error { c.random = random; return nil }
}

// Passed is what the resend check takes for the time that has passed.
var Passed = passed
