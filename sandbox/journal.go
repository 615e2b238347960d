package sandbox

import "github.com/ymarket-go/chats/api"

// maxCallBytes bounds what the sandbox remembers of its calls, in bytes: of the least that a call needs, a million.
const maxCallBytes = 256 << 20

// blockBytes is how much is forgotten at once.
const blockBytes = 1 << 20

// journal keeps the newest calls, within maxBytes. They stand in blocks, so that neither keeping a call nor forgetting
// the oldest ones takes longer when there are many.
type journal struct {
	maxBytes int
	blocks   []block
	bytes    int // of all blocks
	total    int // calls so far, forgotten ones too
}

type block struct {
	calls []Call
	bytes int
}

func (j *journal) add(c Call) {
	size := sizeOf(c)
	if len(j.blocks) == 0 || j.last().bytes+size > blockBytes {
		j.blocks = append(j.blocks, block{})
	}
	last := j.last()
	last.calls = append(last.calls, c)
	last.bytes += size
	j.bytes += size
	j.total++
	for j.bytes > j.maxBytes && len(j.blocks) > 1 {
		j.bytes -= j.blocks[0].bytes
		j.blocks[0] = block{}
		j.blocks = j.blocks[1:]
	}
}

func (j *journal) last() *block { return &j.blocks[len(j.blocks)-1] }

// newest gives the last n calls in parts, oldest first. What stands in a part never changes, so it can be read while
// others add.
func (j *journal) newest(n int) [][]Call {
	first := len(j.blocks)
	for found := 0; first > 0 && found < n; {
		first--
		found += len(j.blocks[first].calls)
	}
	var parts [][]Call
	for _, b := range j.blocks[first:] {
		parts = append(parts, b.calls)
	}
	return parts
}

// sizeOf is about what a call takes of memory.
func sizeOf(c Call) int {
	const each = 200 // a Call itself, and what its strings need beyond their bytes
	size := each + len(c.Method) + len(c.Path) + len(c.Query) + len(c.TraceParent)
	for _, v := range api.Violations(c.Verdict) {
		size += each/2 + len(v.Where) + len(v.Rule)
	}
	return size
}
