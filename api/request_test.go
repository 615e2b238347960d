package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRequestAtItsBounds(t *testing.T) {
	const frame = len(`{"message":"x"}`)
	rows := []struct {
		what, method, target, body string
		want                       []string
	}{
		{"as large as it may be", "POST", message, `{"message":"x"}` + strings.Repeat(" ", 512<<10-frame), nil},
		{"one byte where none belongs", "GET", chat + "?chatId=1", `1`, []string{"body: none is declared"}},
		{"one byte", "POST", message, `1`, []string{"body: type object"}},
		{"a name that is no string", "POST", message, `{1:2}`, []string{"body: is not JSON"}},
		{"message: a fraction", "POST", message, `{"message":1.5}`, []string{"body /message: type string"}},
		{"an unknown name of 65 letters", "POST", message, `{"message":"x","` + strings.Repeat("a", 65) + `":1}`, []string{"body /…: is not declared"}},
		{"an unknown name of 64 letters", "POST", message, `{"message":"x","` + strings.Repeat("a", 64) + `":1}`, []string{"body /" + strings.Repeat("a", 64) + ": is not declared"}},
		{"an unknown name that is a number, of a telephone say", "POST", message, `{"message":"x","79161234567":{"1":0,"1":0}}`, []string{"body /…: is not declared", "body /…/…: comes twice"}},
		{"an unknown name with a line break", "GET", chat + "?chatId=1&a%0Ab=1", "", []string{"query …: is not declared"}},
		{"two mistakes in the schema's eyes", "POST", newChat, `{"context":{"type":"DIRECT","id":0}}`,
			[]string{"body /context/id: minimum 1", "body /context/type: enum [ORDER RETURN]"}},
		{"an integer below 0", "GET", chat + "?chatId=-9223372036854775808", "", []string{"query chatId: minimum 1"}},
	}
	v := newValidator(t)
	for _, row := range rows {
		t.Run(row.what, func(t *testing.T) {
			assert.ElementsMatch(t, row.want, places(v.Request(request(t, row.method, row.target, row.body))))
		})
	}
}

// The nesting has a limit, of arrays and of objects alike.
func TestNesting(t *testing.T) {
	v := newValidator(t)
	for _, nest := range [][2]string{{"[", "]"}, {`{"x":`, "}"}} {
		for depth, want := range map[int][]string{99: nil, 100: {"body: is not JSON"}} {
			value := strings.Repeat(nest[0], depth) + strings.Repeat(nest[1], depth)
			value = strings.Replace(value, ":}", ":0}", 1)
			err := v.Response(request(t, "POST", message, ""), answer(200, `{"status":"OK","x":`+value+`}`))
			assert.Equal(t, want, places(err), "%s, %d within the object", nest[0], depth)
		}
	}
}

func TestSchemesAndMediaTypes(t *testing.T) {
	v := newValidator(t)
	req := request(t, "POST", message, `{"message":"x"}`)
	req.Header.Del("Api-Key")
	req.Header.Set("Authorization", "bearer t")
	assert.NoError(t, v.Request(req), "the name of a scheme has no case")
	for _, other := range []string{"text/json", "application/problem+json"} {
		req.Header.Set("Content-Type", other)
		assert.Equal(t, []string{"header Content-Type: must be application/json, in UTF-8"}, places(v.Request(req)), other)
	}
}

// Zero and -1 are what a request says whose length is not known.
func TestContentLength(t *testing.T) {
	const right = `{"message":"x"}`
	for length, want := range map[int64][]string{
		-1: nil, 0: nil, int64(len(right)): nil,
		1: {"header Content-Length: must be the length of the body"},
	} {
		req := request(t, "POST", message, right)
		req.ContentLength = length
		assert.Equal(t, want, places(newValidator(t).Request(req)), length)
	}
}

// http.NoBody tells a transport that there is none; anything else in its place does not.
func TestNoBodyStays(t *testing.T) {
	req := request(t, "GET", chat+"?chatId=1", "")
	req.Body = http.NoBody
	require.NoError(t, newValidator(t).Request(req))
	assert.Equal(t, http.NoBody, req.Body)
	req.Body = nil
	require.NoError(t, newValidator(t).Request(req))
	assert.Nil(t, req.Body)
}

func TestViolationsOfAnAddress(t *testing.T) {
	v := newValidator(t)
	req := request(t, "GET", "/v2/campaigns", "")
	assert.EqualError(t, v.Request(req), "no operation: path: is not one of the contract")
	assert.EqualError(t, v.Response(req, answer(200, `{}`)), "no operation: path: is not one of the contract")
	assert.EqualError(t, v.Response(request(t, "PUT", chat, ""), answer(200, `{}`)), "no operation: method: is not one of the path")
}

// The order does not depend on that of the maps that are gone through.
func TestViolationsAreSorted(t *testing.T) {
	v := newValidator(t)
	for range 20 {
		err := v.Request(request(t, "POST", message+"&a=1&b=2&c=3", `{"message":{"z":1,"y":2,"x":3},"message":4}`))
		assert.Equal(t, []string{
			"body /message: comes twice", "body /message: type string",
			"body /message/x: is not declared", "body /message/y: is not declared", "body /message/z: is not declared",
			"query a: is not declared", "query b: is not declared", "query c: is not declared",
		}, places(err))
		err = v.Request(request(t, "POST", newChat, `{"context":{"type":"ORDER","id":1.5}}`))
		assert.Equal(t, []string{"body /context/id: format int64", "body /context/id: type integer"}, places(err))
	}
}

// A text that was cut between the halves of an emoji must not reach a buyer. Of an answer nothing is said: it is not
// the client's text.
func TestHalfOfASurrogatePair(t *testing.T) {
	half := []string{"body /message: has half of a surrogate pair"}
	v := newValidator(t)
	for text, want := range map[string][]string{
		`\ud83d`:             half,
		`x\ud83d y`:          half,
		`\ude9a`:             half,
		`\uDE9A\uD83D`:       half,
		`\ud83d\u0041`:       half,
		`\ud83d\n\ude9a`:     half,
		`\ud83d\ud83d\ude9a`: half,
		`\ud83d\ude9a\ud83d`: half,
		`\\\ud83d`:           half,
		`\ud83d\ude9a`:       nil,
		`\uD83D\uDE9A\u0416`: nil,
		`\\ud83d`:            nil,
		`\u0041\"\u00e9 🚚`:   nil,
	} {
		assert.Equal(t, want, places(v.Request(request(t, "POST", message, `{"message":"`+text+`"}`))), text)
	}
	const error400 = `{"status":"ERROR","errors":[{"code":"BAD_REQUEST","message":"\ud83d"}]}`
	assert.NoError(t, v.Response(request(t, "POST", message, ""), answer(400, error400)))
}
