package sandbox

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// A shell takes the command apart into what was sent, whatever was sent, and the key is not in it.
func TestCurl(t *testing.T) {
	const base = "http://127.0.0.1:8080"
	for want, call := range map[string]struct {
		Call
		callDetails
	}{
		`curl 'http://127.0.0.1:8080/v2/businesses/1/chat?chatId=7' -H "Api-Key: $YM_API_KEY"`: {
			Call{Method: "GET", Path: "/v2/businesses/1/chat", Query: "chatId=7"}, callDetails{query: "chatId=7", keyHeader: "Api-Key"}},
		`curl --head 'http://127.0.0.1:8080/a%20b%27c'`: {Call{Method: "HEAD", Path: "/a b'c"}, callDetails{}},
		`curl --path-as-is -X PUT 'http://127.0.0.1:8080/a/../%5Bb%5D%7Bc%7D' -H "Authorization: Bearer $YM_API_KEY"`: {
			Call{Method: "PUT", Path: "/a/../[b]{c}"}, callDetails{keyHeader: "Authorization"}},
		`curl -X 'P'\''T' 'http://127.0.0.1:8080/' -H 'Content-Type: text/x' --data-raw '@it'\''s "$HOME" \` + "\n" + `'`: {
			Call{Method: "P'T", Path: "/"}, callDetails{requestType: "text/x", request: keptBody{[]byte("@it's \"$HOME\" \\\n"), 16}}},
	} {
		command, why := curlOf(base, call.Call, call.callDetails)
		assert.Equal(t, want, command)
		assert.Empty(t, why)
	}
	for want, call := range map[string]struct {
		Call
		callDetails
	}{
		"the request is too long to be kept":                        {Call{}, callDetails{request: keptBody{size: maxKeptBody + 1}}},
		"the request is no text":                                    {Call{}, callDetails{request: keptBody{[]byte("\xff"), 1}}},
		"it is a form, whose boundary is not kept":                  {Call{}, callDetails{requestType: "multipart/form-data"}},
		"its address is not kept whole, as a value may be a secret": {Call{Query: "chatId=1"}, callDetails{query: "chatId=1&x=…"}},
	} {
		command, why := curlOf(base, call.Call, call.callDetails)
		assert.Empty(t, command)
		assert.Equal(t, want, why)
	}
	_, why := curlOf(base, Call{Path: string(make([]byte, maxPath))}, callDetails{})
	assert.NotEmpty(t, why)
	_, why = curlOf(base, Call{}, callDetails{request: keptBody{[]byte{0}, 1}})
	assert.NotEmpty(t, why)
}
