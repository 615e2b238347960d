//go:build race

package notify

func init() { slowSenders = 2_000 } // the race detector watches no more than 8,128 goroutines
