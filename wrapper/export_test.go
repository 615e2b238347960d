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
	ID         string
	Repeatable bool
	MaxRequest int64
	MaxAnswer  int
}

// Table gives what the client knows of the operations besides the contract.
func Table() (rows []Row) {
	for id, op := range operations {
		rows = append(rows, Row{id, op.repeatable, op.maxRequest, op.maxAnswer})
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

// WithMarketGivingUp has the Client take it that the Market works on a request for that time, instead of 10 s.
func WithMarketGivingUp(after time.Duration) Option {
	return func(c *config) error { c.marketGivesUp = after; return nil }
}
