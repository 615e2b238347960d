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
	MaxAnswer  int
}

// Table gives what the client knows of the operations besides the contract.
func Table() (rows []Row) {
	for id, op := range operations {
		rows = append(rows, Row{id, op.repeatable, op.maxAnswer})
	}
	return rows
}

// Passed is what the look takes for the time that has passed.
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

// WithAbsence has a message that is not in its chat count as missing so long after the Market's answer, and after the
// request was written.
func WithAbsence(afterAnswer, afterSent time.Duration) Option {
	return func(c *config) error {
		c.readsLag, c.marketGivesUp = afterAnswer, afterSent-afterAnswer
		return nil
	}
}
