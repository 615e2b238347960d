package sandbox

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// Of more than a million calls the newest stay.
func TestCallsAreBounded(t *testing.T) {
	m := New()
	m.calls = make([]Call, maxCalls)
	m.calls[0].Path, m.calls[maxCalls-1].Path = "oldest", "newer"
	m.record(Call{Path: "newest"})
	assert.Len(t, m.calls, maxCalls/10*9+1)
	assert.Equal(t, "newer", m.calls[len(m.calls)-2].Path)
	assert.Equal(t, "newest", m.calls[len(m.calls)-1].Path)
	assert.NotEqual(t, "oldest", m.calls[0].Path)
}

// A window that has ended is forgotten when the next one begins.
func TestEndedWindowsAreForgotten(t *testing.T) {
	m := New()
	now := time.Date(2026, 9, 9, 15, 0, 0, 0, time.UTC)
	for _, cabinet := range []string{"1", "2", "3"} {
		m.limits.take(cabinet, "getChat", now).release()
	}
	m.limits.take("4", "getChat", now.Add(time.Hour)).release()
	assert.Len(t, m.limits.windows, 1)
}
