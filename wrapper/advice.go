package wrapper

import (
	"bytes"
	"encoding/json"
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
	Look                     // the message may be in the chat: read Messages, or call again with Once, 13 s later
)

// Advice tells what to do about an error. Only the Market's own word gives up a call or stops a program: of a 4xx that
// has none of the Market's error codes, such as the page of a proxy, and of a 200 with an error that has neither a code
// nor the status ERROR, the moment is at fault; but a file that is too large, for a proxy as well, is given up.
func (e *Error) Advice() Advice {
	switch {
	case errors.Is(e, ErrOutcomeUnknown):
		return Look
	case errors.Is(e, errBadToken):
		return Stop
	case errors.Is(e, ErrInvalidRequest):
		return GiveUp
	case e == nil || e.StatusCode < 200 || e.StatusCode >= 500:
		return RetryLater
	case e.StatusCode < 300 && (errors.Is(e, ErrInvalidResponse) || !e.FromMarket()):
		return RetryLater
	case e.StatusCode < 300: // the Market says ERROR, and refuses with a 200
		return GiveUp
	case e.StatusCode < 400: // the API has no redirects
		return Stop
	case e.StatusCode == http.StatusRequestEntityTooLarge && e.Operation == gen.OperationSendFileToChat:
		return GiveUp // the file does not become smaller; any other request is small enough for everybody
	case !slices.ContainsFunc(e.Errors, hasCode):
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

// FromMarket tells whether the last answer had the form of the Market's: errors with codes, or a status in words. An
// answer that was cut off counts as the Market's. The page of a proxy, a firewall or another service says nothing about
// the key, the chat or the order; mostly the base URL is wrong.
func (e *Error) FromMarket() bool {
	if e == nil || e.StatusCode == 0 {
		return false
	}
	if slices.ContainsFunc(e.Errors, hasCode) {
		return true
	}
	body := trim(e.Body)
	var answer struct{ Status any } // other services have a number there
	if json.Unmarshal(body, &answer) != nil {
		return bytes.HasPrefix(body, []byte("{"))
	}
	return answer.Status == string(gen.APIResponseStatusTypeError) || answer.Status == string(gen.APIResponseStatusTypeOK)
}

func hasCode(said gen.APIErrorDTO) bool { return said.Code != "" }

// isWrongPath tells the 404 of a path that the Market does not know from that of an order or a chat.
func isWrongPath(said gen.APIErrorDTO) bool {
	return said.Message != nil && *said.Message == "Resource not found"
}
