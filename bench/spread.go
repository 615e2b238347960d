package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// spread is what many rounds say of a figure: the middle, and the quartiles around it.
type spread struct{ low, median, high float64 }

func spreadOf(figures []float64) spread {
	sorted := slices.Sorted(slices.Values(figures))
	return spread{quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75)}
}

// by gives it in another unit.
func (s spread) by(unit float64) spread { return spread{s.low / unit, s.median / unit, s.high / unit} }

func (s spread) String() string { return fmt.Sprintf("%.2f (%.2f–%.2f)", s.median, s.low, s.high) }

// quantile lies between the two figures next to it, in proportion.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := q * float64(len(sorted)-1)
	below := int(at)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (at-float64(below))*(sorted[above]-sorted[below])
}

// ratio compares two series round by round: what disturbs the machine for a while disturbs both figures of a round.
func ratio(of, to []float64) spread {
	quotients := make([]float64, len(of))
	for i := range of {
		quotients[i] = of[i] / to[i]
	}
	return spreadOf(quotients)
}

// difference is taken round by round too.
func difference(of, to []float64) spread {
	differences := make([]float64, len(of))
	for i := range of {
		differences[i] = of[i] - to[i]
	}
	return spreadOf(differences)
}

// shuffled gives the numbers below n in an order of its own for each round, and the same one in each run.
func shuffled(n, round int) []int { return rand.New(rand.NewPCG(2026, uint64(round))).Perm(n) }
