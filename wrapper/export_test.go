package wrapper

import "time"

// NewTransport is the transport of a Client that was given none.
var NewTransport = newTransport

// WithRandom replaces the random part of pauses.
func WithRandom(random func() float64) Option {
	return func(c *config) error { c.random = random; return nil }
}

// Row is a row of the table of operations.
type Row struct {
	ID, Method, Path string
	Repeatable       bool
}

// Table gives the table of operations.
func Table() (rows []Row) {
	for _, op := range operations {
		rows = append(rows, Row{ID: op.id, Method: op.method, Path: op.path, Repeatable: op.repeatable})
	}
	return rows
}

// Passed is what the resend check takes for the time that has passed.
var Passed = passed

// Wake has f called when a gate's window ends, whose end is learned to be after each of these times, one after the other.
func Wake(f func(), after ...time.Duration) {
	g := gate{wake: f}
	g.queue.PushBack(&waiter{})
	now := time.Now()
	for _, d := range after {
		g.window, g.ends = Quota{Until: now.Add(d).Round(0)}, now.Add(d)
		g.setTimer(now)
	}
}

// ShortenMarket lets the Market give up after that time instead of 10 s, until the function that it gives back is called.
func ShortenMarket(givesUp time.Duration) (restore func()) {
	before := marketGivesUp
	marketGivesUp = givesUp
	return func() { marketGivesUp = before }
}
