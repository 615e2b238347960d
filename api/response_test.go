package api_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// failingOnce goes on after its error, as a connection may.
type failingOnce struct {
	err  error
	done bool
}

func (f *failingOnce) Read([]byte) (int, error) {
	if f.done {
		return 0, io.EOF
	}
	f.done = true
	return 0, f.err
}

func TestErrorOfABodyIsReadAgain(t *testing.T) {
	broken := errors.New("broken")
	resp := answer(200, "")
	resp.Body = io.NopCloser(&failingOnce{err: broken})
	err := newValidator(t).Response(request(t, "GET", chat+"?chatId=1", ""), resp)
	assert.Empty(t, places(err))
	assert.EqualError(t, err, "api: the body of the answer cannot be read")
	assert.ErrorIs(t, err, broken)
	_, err = io.ReadAll(resp.Body)
	assert.ErrorIs(t, err, broken)
}

func TestLargestAnswer(t *testing.T) {
	for size, want := range map[int][]string{8 << 20: nil, 8<<20 + 1: {"body: is too large to be checked"}} {
		body := `{"status":"OK"}` + strings.Repeat(" ", size-len(`{"status":"OK"}`))
		resp := answer(200, body)
		assert.Equal(t, want, places(newValidator(t).Response(request(t, "POST", message, ""), resp)), size)
		again, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.Len(t, again, size, "what was not checked is still there")
	}
}
