package world

import (
	"time"
	_ "unsafe" // for go:linkname
)

// marketGivesUp is how long the Market of these tests works on a request at most, instead of 10 s: what it has not
// stored by then it never stores. latest is what it needs in truth, and leaves room for a machine that is busy.
const (
	marketGivesUp = 2 * time.Second
	latest        = 500 * time.Millisecond
)

// clientsMarketGivesUp is the variable of the wrapper, which nobody but these tests may change.
//
//go:linkname clientsMarketGivesUp github.com/ymarket-go/chats/wrapper.marketGivesUp
var clientsMarketGivesUp time.Duration

// shorten tells the client of marketGivesUp.
func shorten() { clientsMarketGivesUp = marketGivesUp }
