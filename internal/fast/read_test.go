package fast

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
)

func TestReadAll(t *testing.T) {
	const limit = 2000
	readers := map[string]func(string) io.Reader{
		"whole":        func(s string) io.Reader { return strings.NewReader(s) },
		"byte by byte": func(s string) io.Reader { return iotest.OneByteReader(strings.NewReader(s)) },
		"end at once":  func(s string) io.Reader { return iotest.DataErrReader(strings.NewReader(s)) },
		"breaks off": func(s string) io.Reader {
			return io.MultiReader(strings.NewReader(s), iotest.ErrReader(io.ErrUnexpectedEOF))
		},
		"times out": func(s string) io.Reader { return iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(s))) },
	}
	for name, reader := range readers {
		for _, length := range []int{0, 1, 42, 511, 512, 513, limit - 1, limit, limit + 1, 3 * limit} {
			for _, told := range []int64{-1, 0, 1, int64(length) - 1, int64(length), int64(length) + 1, limit, 1 << 40} {
				text := strings.Repeat("0123456789", length/10+1)[:length]
				want, wantErr := io.ReadAll(io.LimitReader(reader(text), limit))
				got, gotErr := ReadAll(reader(text), told, limit)
				assert.Equal(t, string(want), string(got), "%s: %d bytes, told %d", name, length, told)
				assert.Equal(t, wantErr, gotErr, "%s: %d bytes, told %d", name, length, told)
			}
		}
	}
}

// What is told to be short takes little memory, and what is told to be endless no more than the limit asks for.
func TestReadAllTakesWhatIsTold(t *testing.T) {
	for told, most := range map[int64]int{15: 32, 430: 448, -1: 512, 1 << 40: 512} {
		data, err := ReadAll(strings.NewReader(strings.Repeat("a", 15)), told, 1<<20)
		assert.NoError(t, err)
		assert.LessOrEqual(t, cap(data), most, fmt.Sprint(told))
	}
}
