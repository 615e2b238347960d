package wrapper

import (
	"errors"
	"net/http"
	"slices"

	"github.com/ymarket-go/chats/gen"
)

// Advice is what a program does about the error of a call.
type Advice int

const (
	RetryLater Advice = iota // the moment is at fault: make the call again, at RetryAt if that is set
	GiveUp                   // this call never succeeds, the Market or the contract says so of it; others may
	Stop                     // every call fails: the key, its scopes or the base URL are wrong
	Look                     // the message may be in the chat: a person has to see whether it is, before it is sent again
)

// Advice tells what to do about an error. Only the Market's own word gives up a call or stops a program: of a 4xx that
// has none of the Market's error codes, such as the page of a proxy, the moment is at fault.
func (e *Error) Advice() Advice {
	switch {
	case errors.Is(e, ErrOutcomeUnknown):
		return Look
	case errors.Is(e, errBadToken):
		return Stop
	case errors.Is(e, ErrInvalidRequest):
		return GiveUp
	case e == nil || e.StatusCode < 300 || e.StatusCode >= 500:
		return RetryLater
	case e.StatusCode < 400: // the API has no redirects
		return Stop
	case !slices.ContainsFunc(e.Errors, func(said gen.APIErrorDTO) bool { return said.Code != "" }):
		return RetryLater
	}
	switch e.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return Stop
	case http.StatusRequestTimeout, http.StatusTooManyRequests, StatusMethodFailure, statusClientClosedRequest:
		return RetryLater
	case http.StatusNotFound:
		if slices.ContainsFunc(e.Errors, isWrongPath) {
			return Stop
		}
	}
	return GiveUp
}

// isWrongPath tells the 404 of a path that the Market does not know from that of an order or a chat.
func isWrongPath(said gen.APIErrorDTO) bool {
	return said.Message != nil && *said.Message == "Resource not found"
}
