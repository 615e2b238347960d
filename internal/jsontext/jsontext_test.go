package jsontext_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/internal/jsontext"
)

// read rebuilds a value from what the scanner finds in it.
func read(value []byte) any {
	switch {
	case jsontext.IsObject(value):
		object := map[string]any{}
		for name, member := range jsontext.Members(value) {
			object[string(name)] = read(member)
		}
		return object
	case jsontext.IsArray(value):
		array := []any{}
		for element := range jsontext.Elements(value) {
			array = append(array, read(element))
		}
		return array
	}
	return jsontext.Single(value)
}

// The scanner finds in any valid text what encoding/json finds.
func FuzzScanner(f *testing.F) {
	for _, text := range []string{
		`{"a":1,"b":[true,false,null,-1.5e3],"c":{"d":{}}}`, `[[],[{}],"]}",{"x":"{["}]`, `"\"\\\" \\\\"`, `"\\"`, `""`,
		` { "a" : "b\"c" , "\u0061\n" : [ 1 , 2 ] } `, `"\ud83d\ude9a"`, `"\ud83d"`, `12`, `null`, `{"a":1,"a":2}`, `[1]x`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var want any
		value, rest, err := jsontext.First([]byte(text))
		if err != nil {
			require.False(t, json.Valid([]byte(text)))
			return
		}
		require.Equal(t, json.Valid([]byte(text)), len(rest) == 0)
		if !utf8.Valid(value) {
			return // encoding/json reads U+FFFD there
		}
		value = bytes.TrimSpace(value)
		decoder := json.NewDecoder(bytes.NewReader(value))
		decoder.UseNumber()
		require.NoError(t, decoder.Decode(&want))
		require.Equal(t, want, read(value))
	})
}

// Of a value that is of another kind there is nothing to go through.
func TestOtherKinds(t *testing.T) {
	for _, text := range []string{``, `7`, `null`, `"{}"`, `[1]`} {
		for name := range jsontext.Members([]byte(text)) {
			assert.Fail(t, text, name)
		}
	}
	for _, text := range []string{``, `7`, `null`, `"[]"`, `{"a":1}`} {
		for element := range jsontext.Elements([]byte(text)) {
			assert.Fail(t, text, element)
		}
	}
}

func TestHalfPair(t *testing.T) {
	for token, want := range map[string]int{
		`"\ud83d\ude9a"`: -1, `"\ud83d"`: 1, `"\ude9a\ud83d"`: 1, `"\\ud83d"`: -1, `"\\\ud83d"`: 3, `"x\n\u0041\ud83dx"`: 10,
		`"\ud83d\ud83d\ude9a"`: 1, `"\ud83d\ude9a\ude9a"`: 13, `"\uDBFF\uDFFF"`: -1, `""`: -1,
	} {
		assert.Equal(t, want, jsontext.HalfPair([]byte(token)), token)
	}
}
