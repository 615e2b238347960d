package sandbox

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
)

func texts(maxBytes int) *recent[string] {
	return &recent[string]{maxBytes: maxBytes, sizeOf: func(s string) int { return heapSize(s) }}
}

func kept(r *recent[string]) []string { return newest(r.parts(r.total), r.total) }

// Of more values than fit the newest stay, in their order and by their numbers, and all are counted.
func TestRecentForgetsTheOldest(t *testing.T) {
	const n, maxBytes = 10_000, 64 << 10
	r := texts(maxBytes)
	var forgotten []string
	for i := range n {
		forgotten = append(forgotten, r.add(fmt.Sprintf("%06d", i+1))...)
		require.LessOrEqual(t, r.bytes, maxBytes)
	}
	all := slices.Concat(forgotten, kept(r))
	require.Len(t, all, n)
	assert.True(t, slices.IsSorted(all))
	assert.Equal(t, n, r.total)
	assert.Equal(t, len(forgotten), r.forgotten)
	assert.Greater(t, r.bytes, maxBytes-2*maxBytes/blocksKept, "it keeps what it may")
	for number, want := range map[int]string{n: "010000", r.forgotten + 1: fmt.Sprintf("%06d", r.forgotten+1), n - 100: "009900"} {
		got, ok := r.at(number)
		assert.True(t, ok)
		assert.Equal(t, want, got)
	}
	for _, number := range []int{-1, 0, 1, r.forgotten, n + 1} {
		_, ok := r.at(number)
		assert.False(t, ok, number)
	}
	r.reset()
	assert.Empty(t, kept(r))
	assert.Empty(t, r.add("1"), "there is room again")
	assert.Equal(t, []string{"1"}, kept(r))
}

// What is counted is what the heap has: the places that a block has reserved, and the texts.
func TestRecentCountsWhatItKeeps(t *testing.T) {
	r := texts(64 << 20)
	before := heap()
	for range 100_000 {
		r.add(strings.Clone("a text of 40 bytes, forty bytes in all.."))
	}
	assert.InEpsilon(t, heap()-before, r.bytes, 0.2)
	assert.Len(t, kept(r), 100_000)
}

// What is counted of a call is what its violations have on the heap, too.
func TestCallCountsItsViolations(t *testing.T) {
	if strconv.IntSize == 32 {
		t.Skip("skipped: what is counted is what 64 bits need")
	}
	calls, counted := make([]Call, 1000), 0
	before := heap()
	for i := range calls {
		violations := make([]*api.Violation, maxViolations)
		for n := range violations {
			violations[n] = &api.Violation{Where: "body /context"}
		}
		calls[i].Verdict = verdictOf(violations)
		counted += calls[i].size()
	}
	grown := heap() - before
	assert.InEpsilon(t, grown, counted, 0.3)
	runtime.KeepAlive(calls)
}

// A single value that is larger than everything that fits is kept all the same: a test that asks for it finds it.
func TestRecentKeepsTheNewestWhateverItsSize(t *testing.T) {
	r := texts(10)
	r.add("first")
	assert.Equal(t, []string{"first"}, r.add("second"))
	assert.Equal(t, []string{"second"}, kept(r))
}

// What was given out does not change when values are added, and has no more blocks than it needs.
func TestRecentPartsDoNotChange(t *testing.T) {
	r := texts(1 << 20)
	r.add("1")
	parts := r.parts(1)
	r.add("2")
	assert.Equal(t, [][]string{{"1"}}, parts)
	assert.Empty(t, r.parts(0))
	r.blocks = []block[string]{{values: []string{"1", "2"}}, {values: []string{"3", "4"}}}
	assert.Len(t, r.parts(2), 1)
	assert.Len(t, r.parts(3), 2, "one value of the block before")
	assert.Equal(t, []string{"2", "3", "4"}, newest(r.parts(3), 3))
}
