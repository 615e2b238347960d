package api_test

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
)

// allocated counts the bytes that were ever allocated.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// fill repeats a text up to a size.
func fill(unit string, size int) string { return strings.Repeat(unit, size/len(unit)) }

// costly are bodies whose check could cost far more than they have bytes.
func costly() map[string]string {
	nested := func(opening, inner, closing string) string {
		return strings.Repeat(opening, 95) + inner + strings.Repeat(closing, 95)
	}
	long := `{"` + strings.Repeat("n", 64) + `":`
	names := func(format string) string {
		var list strings.Builder
		for i := range 52_764 {
			fmt.Fprintf(&list, format, i)
		}
		return list.String()
	}
	return map[string]string{
		"lists in lists":           `{"message":"x","y":[` + fill(nested("[", "", "]")+",", 400_000) + `0]}`,
		"objects in objects":       `{"message":"x","y":[` + fill(nested(`{"a":`, "0", "}")+",", 400_000) + `0]}`,
		"lists below long names":   strings.Repeat(long, 80) + "[" + fill("[[[]]],", 400_000) + "0]" + strings.Repeat("}", 80),
		"empty lists":              `{"message":"x","y":[` + fill("[],", 400_000) + `0]}`,
		"empty objects":            `{"message":"x","y":[` + fill("{},", 400_000) + `0]}`,
		"small objects":            `{"message":"x","y":[` + fill(`{"a":0},`, 400_000) + `0]}`,
		"numbers":                  `{"message":"x","y":[` + fill("0,", 400_000) + `0]}`,
		"a list for a text":        `{"message":[` + fill("[],", 400_000) + `0]}`,
		"unknown names":            `{"message":"x"` + names(`,"k%d":0`) + `}`,
		"unknown names, not shown": `{"message":"x"` + names(`,"%d":0`) + `}`,
		"the same name":            `{"message":"x"` + fill(`,"a":0`, 400_000) + `}`,
		"the message":              `{"message":"x"` + fill(`,"message":0`, 400_000) + `}`,
	}
}

// A check may cost twenty times what the body has, and lists no more than a hundred violations.
func TestCostOfARequest(t *testing.T) {
	v := newValidator(t)
	for what, body := range costly() {
		t.Run(what, func(t *testing.T) {
			req := request(t, "POST", message, body)
			require.LessOrEqual(t, len(body), 512<<10+64<<10)
			req.Body = io.NopCloser(strings.NewReader(body[:min(len(body), 512<<10)]))
			req.ContentLength = -1
			before := allocated()
			err := v.Request(req)
			spent := allocated() - before
			require.Error(t, err)
			t.Logf("%d bytes, %d allocated: %.1f times", len(body), spent, float64(spent)/float64(len(body)))
			assert.LessOrEqual(t, spent, uint64(20*len(body)), "bytes allocated")
			assert.LessOrEqual(t, len(api.Violations(err)), 100)
			assert.Less(t, len(err.Error()), 64<<10)
		})
	}
}

func TestCostOfAnAnswer(t *testing.T) {
	v := newValidator(t)
	bodies := costly()
	bodies["errors that are lists"] = `{"status":"ERROR","errors":[` + fill("[],", 1<<20-200) + `[]]}`
	bodies["errors that are numbers"] = `{"status":"ERROR","errors":[` + fill("0,", 1<<20-200) + `0]}`
	bodies["errors without a code"] = `{"status":"ERROR","errors":[` + fill("{},", 1<<20-200) + `{}]}`
	bodies["errors with a wrong code"] = `{"status":"ERROR","errors":[` + fill(`{"code":0},`, 1<<20-200) + `{}]}`
	bodies["errors in another case"] = `{"status":"ERROR","errors":[` + fill(`{"Code":""},`, 1<<20-200) + `{}]}`
	bodies["a status that is unknown"] = `{"status":"ERROR"` + fill(`,"status":"x"`, 1<<20-200) + `}`
	for what, body := range bodies {
		t.Run(what, func(t *testing.T) {
			resp := answer(400, body)
			before := allocated()
			err := v.Response(request(t, "POST", message, ""), resp)
			spent := allocated() - before
			t.Logf("%d bytes, %d allocated: %.1f times", len(body), spent, float64(spent)/float64(len(body)))
			assert.LessOrEqual(t, spent, uint64(20*len(body)), "bytes allocated")
			assert.LessOrEqual(t, len(api.Violations(err)), 100)
			assert.LessOrEqual(t, len(v.Notices(request(t, "POST", message, ""), resp)), 100)
		})
	}
}

// Of more than a hundred violations the last one tells how many there are besides.
func TestViolationsAreCapped(t *testing.T) {
	v := newValidator(t)
	for unknown, want := range map[int]string{
		99:  "",
		100: "",
		101: "sendMessageToChat: …: there are more violations than 99, the others are not listed",
		900: "sendMessageToChat: …: there are more violations than 99, the others are not listed",
	} {
		var body strings.Builder
		body.WriteString(`{"message":"x"`)
		for i := range unknown {
			fmt.Fprintf(&body, `,"k%03d":0`, i)
		}
		body.WriteString(`}`)
		list := api.Violations(v.Request(request(t, "POST", message, body.String())))
		require.Len(t, list, min(unknown, 100))
		assert.Equal(t, "sendMessageToChat: body /k000: is not declared", list[0].Error())
		assert.Equal(t, "body /k098", list[98].Where)
		if want != "" {
			assert.Equal(t, want, list[99].Error())
		}
	}
	var query strings.Builder
	for i := range 900 {
		fmt.Fprintf(&query, "&k%03d=0", i)
	}
	assert.Len(t, places(v.Request(request(t, "POST", message+query.String(), `{"message":"x"}`))), 100)
}

// A place is cut before it is longer than the rest of the line.
func TestPlacesAreShort(t *testing.T) {
	open := `{"` + strings.Repeat("n", 64) + `":`
	body := `{"status":"OK","x":` + strings.Repeat(open, 90) + `{"a":0,"a":0}` + strings.Repeat("}", 91)
	list := places(newValidator(t).Response(request(t, "POST", message, ""), answer(200, body)))
	require.Len(t, list, 1)
	assert.Less(t, len(list[0]), 400)
	assert.True(t, strings.HasPrefix(list[0], "body /x/nnn"), list[0])
	assert.True(t, strings.HasSuffix(list[0], "/…: comes twice"), list[0])
}

// endless counts what is read of it.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// No more is read than a body may have, and little besides.
func TestReadingHasALimit(t *testing.T) {
	body := &endless{}
	req := request(t, "POST", message, "")
	req.Body, req.ContentLength = io.NopCloser(body), -1
	req.Header.Set("Content-Type", "application/json")
	assert.Equal(t, []string{"body: has more than 524288 bytes"}, places(newValidator(t).Request(req)))
	assert.LessOrEqual(t, body.read, 512<<10+1)

	body = &endless{}
	resp := &http.Response{StatusCode: 200, Body: io.NopCloser(body)}
	assert.Equal(t, []string{"body: is too large to be checked"}, places(newValidator(t).Response(request(t, "POST", message, ""), resp)))
	assert.LessOrEqual(t, body.read, 8<<20+1)
	n, err := io.CopyN(io.Discard, resp.Body, 2<<20)
	require.NoError(t, err, "the rest is still there")
	assert.Equal(t, int64(2<<20), n)
	assert.Less(t, body.read, math.MaxInt)
}
