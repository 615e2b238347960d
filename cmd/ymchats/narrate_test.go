package main

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

// The story goes on when there is less to tell: no answer, no message, half a body.
func TestTellAnswers(t *testing.T) {
	broken := errors.New("broken")
	closed := 0
	tell := func(body io.Reader, nextErr error) (*http.Response, string, error) {
		var out bytes.Buffer
		next := doer(func(*http.Request) (*http.Response, error) {
			if nextErr != nil {
				return nil, nextErr
			}
			return &http.Response{StatusCode: 403, Body: countingCloser{body, &closed}}, nil
		})
		req, err := http.NewRequest("GET", "http://host/v2/a?b=1", nil)
		require.NoError(t, err)
		resp, err := tellAnswers(&out)(next).Do(req)
		return resp, out.String(), err
	}
	_, story, err := tell(nil, broken)
	assert.Equal(t, broken, err)
	assert.Equal(t, "  → GET /v2/a?b=1\n  ← no answer: broken\n", story)

	const said = `{"errors":[{"code":"A"},{"code":"B","message":"b"}]}`
	resp, story, err := tell(strings.NewReader(said), nil)
	require.NoError(t, err)
	assert.Equal(t, "  → GET /v2/a?b=1\n  ← 403 A B: b\n", story)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, said, string(body))
	assert.Equal(t, 1, closed)

	resp, _, err = tell(io.MultiReader(strings.NewReader("half"), errorReader{broken}), nil)
	require.NoError(t, err)
	body, err = io.ReadAll(resp.Body)
	assert.Equal(t, "half", string(body))
	assert.ErrorIs(t, err, broken, "the wrapper must see how the answer ended")
}

// The log has no words of its own for what happened.
func TestExplain(t *testing.T) {
	until := time.Now()
	for want, fields := range map[string]struct {
		status int
		quota  wrapper.Quota
	}{
		"no answer":                 {0, wrapper.Quota{}},
		"ok":                        {200, wrapper.Quota{Until: until}},
		"quota used up":             {420, wrapper.Quota{Until: until}},
		"too many requests at once": {420, wrapper.Quota{Until: until, Remaining: 1}},
		"server error":              {500, wrapper.Quota{}},
		"refused":                   {404, wrapper.Quota{}},
	} {
		assert.Equal(t, want, explain(map[string]slog.Value{"status": slog.IntValue(fields.status), "quota": slog.AnyValue(fields.quota)}))
	}
	assert.Equal(t, "too many requests at once", explain(map[string]slog.Value{"status": slog.IntValue(420), "quota": slog.AnyValue(wrapper.Quota{})}))
}

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(req *http.Request) (*http.Response, error) { return d(req) }

type countingCloser struct {
	io.Reader
	closed *int
}

func (c countingCloser) Close() error { *c.closed++; return nil }
