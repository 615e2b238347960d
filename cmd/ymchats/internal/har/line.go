package har

import (
	"bytes"
	"io"
)

// lineCounter knows the lines of what was read through it. A decoder reads ahead, so the line breaks that it has not
// come to yet are kept.
type lineCounter struct {
	r      io.Reader
	read   int64   // bytes so far
	breaks []int64 // offsets of line breaks that at has not passed
	line   int     // the line of the last offset
}

func (c *lineCounter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	for from := 0; ; {
		next := bytes.IndexByte(p[from:n], '\n')
		if next < 0 {
			break
		}
		c.breaks = append(c.breaks, c.read+int64(from+next))
		from += next + 1
	}
	c.read += int64(n)
	return n, err
}

// at gives the line of an offset, from 1. Offsets must not go back.
func (c *lineCounter) at(offset int64) int {
	passed := 0
	for passed < len(c.breaks) && c.breaks[passed] < offset {
		passed++
	}
	c.line += passed
	c.breaks = append(c.breaks[:0], c.breaks[passed:]...)
	return c.line
}
