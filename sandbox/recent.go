package sandbox

import (
	"slices"
	"unsafe"
)

// recent keeps the newest values, within a bound in bytes. They stand in blocks, and the oldest block is forgotten at
// once, so that adding a value takes as long with a million of them as with ten.
type recent[T any] struct {
	maxBytes int
	sizeOf   func(T) int // what a value keeps on the heap beyond itself, in bytes

	blocks    []block[T]
	bytes     int // of all blocks
	forgotten int // values
	total     int // values so far, forgotten ones too
}

type block[T any] struct {
	values []T
	bytes  int
}

// blocksKept is how many blocks there are when the bound is reached: one of them is forgotten then.
const blocksKept = 64

// add gives the values that are forgotten for the new one. The newest value stays, whatever its size.
func (r *recent[T]) add(value T) (forgotten []T) {
	size := r.sizeOf(value)
	if len(r.blocks) == 0 || r.blocks[len(r.blocks)-1].bytes+size > r.maxBytes/blocksKept {
		r.blocks = append(r.blocks, block[T]{})
	}
	last := &r.blocks[len(r.blocks)-1]
	before := cap(last.values)
	last.values = append(last.values, value)
	size += (cap(last.values) - before) * int(unsafe.Sizeof(value))
	last.bytes += size
	r.bytes += size
	r.total++
	for r.bytes > r.maxBytes && len(r.blocks) > 1 {
		oldest := r.blocks[0]
		forgotten = append(forgotten, oldest.values...)
		r.bytes -= oldest.bytes
		r.forgotten += len(oldest.values)
		r.blocks[0] = block[T]{}
		r.blocks = r.blocks[1:]
	}
	return forgotten
}

func (r *recent[T]) reset() { *r = recent[T]{maxBytes: r.maxBytes, sizeOf: r.sizeOf} }

// parts gives the last n values, and what else stands in the block of the first of them, oldest first. The parts never
// change, so they can be read while others add.
func (r *recent[T]) parts(n int) (parts [][]T) {
	first := len(r.blocks)
	for found := 0; first > 0 && found < n; {
		first--
		found += len(r.blocks[first].values)
	}
	for _, b := range r.blocks[first:] {
		parts = append(parts, b.values)
	}
	return parts
}

// at gives a value by its number, which counts from 1, unless it is forgotten.
func (r *recent[T]) at(number int) (value T, ok bool) {
	i := number - r.forgotten - 1
	for _, b := range r.blocks {
		if i >= 0 && i < len(b.values) {
			return b.values[i], true
		}
		i -= len(b.values)
	}
	return value, false
}

// newest gives a copy of the last n values of parts.
func newest[T any](parts [][]T, n int) []T {
	all := slices.Concat(parts...)
	return all[max(len(all)-n, 0):]
}

// heapSize is about what texts take on the heap, which hands out steps of 16 bytes.
func heapSize(texts ...string) int {
	size := 0
	for _, text := range texts {
		size += (len(text) + 15) &^ 15
	}
	return size
}
