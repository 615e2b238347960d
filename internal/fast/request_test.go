package fast

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newOriginal(t *testing.T) *http.Request {
	t.Helper()
	original, err := http.NewRequest(http.MethodPost, "https://market/chat?chatId=1", bytes.NewReader([]byte("original")))
	require.NoError(t, err)
	original.Header = http.Header{"Accept": {"application/json"}, "X-Twice": {"a", "b"}, "X-None": {}}
	return original
}

func TestRequestCopy(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "value")
	original := newOriginal(t)
	for _, body := range []string{"", "a body"} {
		want, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://market/chat?chatId=7", bytes.NewReader([]byte(body)))
		require.NoError(t, err)
		got := NewRequest(original).Copy(ctx, "chatId=7", []byte(body))
		assert.Equal(t, want.URL, got.URL)
		assert.Equal(t, want.Host, got.Host)
		assert.Equal(t, want.Method, got.Method)
		assert.Equal(t, want.ContentLength, got.ContentLength)
		assert.Equal(t, original.Header.Clone(), got.Header)
		assert.Equal(t, "value", got.Context().Value(key{}))
		if body == "" {
			assert.Nil(t, got.Body)
			assert.Nil(t, got.GetBody)
			continue
		}
		for range 2 {
			sent, err := io.ReadAll(got.Body)
			require.NoError(t, err)
			assert.Equal(t, body, string(sent))
			got.Body, err = got.GetBody()
			require.NoError(t, err)
		}
	}
}

// Whoever gets a copy may change it.
func TestRequestCopiesShareNothing(t *testing.T) {
	original := newOriginal(t)
	r := NewRequest(original)
	one := r.Copy(t.Context(), "chatId=1", nil)
	one.Header["X-Twice"][0] = "changed"
	for name := range one.Header {
		one.Header.Add(name, "more")
	}
	assert.Equal(t, http.Header{"Accept": {"application/json", "more"}, "X-Twice": {"changed", "b", "more"}, "X-None": {"more"}}, one.Header)
	one.URL.Path, one.URL.RawQuery = "/elsewhere", ""
	want := newOriginal(t)
	assert.Equal(t, want.Header, r.Copy(t.Context(), "chatId=1", nil).Header)
	assert.Equal(t, want.URL, r.Copy(t.Context(), "chatId=1", nil).URL)
	assert.Equal(t, want.Header, original.Header)
	assert.Equal(t, want.URL, original.URL)
}

func TestGet(t *testing.T) {
	h := http.Header{"One": {"a"}, "Two": {"b", "c"}, "None": {}}
	for _, name := range []string{"One", "Two", "None", "Absent"} {
		assert.Equal(t, h.Get(name), Get(h, name), name)
	}
	assert.Empty(t, Get(nil, "One"))
}
