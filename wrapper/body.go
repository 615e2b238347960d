package wrapper

import (
	"bytes"
	"io"
	"time"
)

// body is what a request carries, in pieces that are sent one after another: a file is not copied.
type body [][]byte

func (b body) size() (n int64) {
	for _, piece := range b {
		n += int64(len(piece))
	}
	return n
}

func (b body) reader() io.Reader {
	if len(b) == 1 {
		return bytes.NewReader(b[0])
	}
	pieces := make([]io.Reader, len(b))
	for i, piece := range b {
		pieces[i] = bytes.NewReader(piece)
	}
	return io.MultiReader(pieces...)
}

// lineSpeed is that of the slowest line for which an attempt has the time, in bytes a second.
const lineSpeed = 64 << 10

// onTheWay is the time that an attempt has for the bytes of its request, beyond the 15 s of any attempt.
func onTheWay(size int64) time.Duration { return time.Duration(size/lineSpeed) * time.Second }

// asksFirst tells whether an attempt asks before it sends the body: a proxy that takes less refuses a large one at once
// and closes the connection, and its answer is lost while the client still writes.
func (c *call) asksFirst() bool {
	return c.body.size() > 1<<20 && !c.noAsking
}
