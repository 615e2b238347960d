package fast

import (
	"io"
	"slices"
)

// ReadAll stands for io.ReadAll of an io.LimitReader with that limit. Where told is the length, it takes no more memory than
// that; -1 means it is unknown.
func ReadAll(r io.Reader, told int64, limit int) (data []byte, err error) {
	room := told + 1 // for the end
	if told < 0 || told >= int64(limit) {
		room = 512
	}
	data = make([]byte, 0, room)
	for err == nil && len(data) < limit {
		if len(data) == cap(data) {
			data = slices.Grow(data, len(data))
		}
		var n int
		n, err = r.Read(data[len(data):min(cap(data), limit)])
		data = data[:len(data)+n]
	}
	if err == io.EOF {
		err = nil
	}
	return data, err
}
