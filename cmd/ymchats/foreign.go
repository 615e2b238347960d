package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

// errNotTheAPI is the class of what isForeign tells.
var errNotTheAPI = errors.New("what answered is not the Market's API")

// isForeign tells the refusal of something that is not the Market's API, or not a part of it that knows the call: it
// says nothing about the key, the chat or the order. Mostly the base URL is wrong. Whoever is overloaded or broken is
// not meant: a proxy that says so stands before the right address.
func isForeign(err error) bool {
	e := new(wrapper.Error)
	if !errors.As(err, &e) {
		return false
	}
	switch status := e.StatusCode; {
	case status == 0, status >= 500:
		return false
	case status == http.StatusRequestTimeout, status == 420, status == http.StatusTooManyRequests, status == 499:
		return false
	case status < 300 && (!errors.Is(e, wrapper.ErrInvalidResponse) || len(e.Body) == 0):
		return false
	}
	return hasNoSuchAddress(e.Errors) || !isEnvelope(e)
}

// hasNoSuchAddress finds what the Market says to a wrong path or version.
func hasNoSuchAddress(said []gen.APIErrorDTO) bool {
	return len(said) == 1 && said[0].Message != nil && *said[0].Message == "Resource not found"
}

// isEnvelope tells the form in which the API answers: a status in words, or errors with codes. JSON that was cut off is
// taken for it.
func isEnvelope(e *wrapper.Error) bool {
	for _, said := range e.Errors {
		if said.Code != "" {
			return true
		}
	}
	text := bytes.TrimSpace(bytes.TrimPrefix(bytes.TrimSpace(e.Body), []byte("\ufeff")))
	var body struct{ Status any }
	if json.Unmarshal(text, &body) != nil {
		return bytes.HasPrefix(text, []byte("{"))
	}
	return body.Status == "ERROR" || body.Status == "OK"
}

// foreignWords tells which address answered, and where it came from.
func foreignWords(e *wrapper.Error, s situation) string {
	what := "this is no answer of the Market's API"
	if hasNoSuchAddress(e.Errors) {
		what = "the API has nothing at this address"
	}
	if s.baseURL.where == "" {
		return fmt.Sprintf("%s, though the base URL is the Market's own: a proxy may have answered", what)
	}
	address := printable(strings.ReplaceAll(s.baseURL.text, s.key, "…"))
	return fmt.Sprintf("%s: look at the base URL of %s %s; the Market's own is %s", what, s.baseURL.where, address,
		gen.ServerURL)
}
