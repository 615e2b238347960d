package world

import "time"

// marketGivesUp is how long the Market of these tests works on a request at most, instead of 10 s: what it has not
// stored by then it never stores. latest is what it needs in truth, and leaves room for a machine that is busy.
const (
	marketGivesUp = 2 * time.Second
	latest        = 500 * time.Millisecond
)

// shorten tells the client of marketGivesUp. The client has no such time yet.
func shorten() {}
