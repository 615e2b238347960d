package tests

import (
	"time"
	_ "unsafe" // for go:linkname
)

// marketGivesUp is the variable of the wrapper, which nobody but tests may change.
//
//go:linkname marketGivesUp github.com/ymarket-go/chats/wrapper.marketGivesUp
var marketGivesUp time.Duration

// shortenMarket lets the client take it that the Market gives up after 20 ms instead of 10 s, until the function that it
// gives back is called. No test that runs in parallel may call it.
func shortenMarket() (restore func()) {
	before := marketGivesUp
	marketGivesUp = 20 * time.Millisecond
	return func() { marketGivesUp = before }
}
