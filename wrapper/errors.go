package wrapper

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/ymarket-go/chats/gen"
)

// What errors.Is tells of an *Error. Several can be true of one: a send that ran into 500 is ErrServer and, as the text
// may have arrived, ErrOutcomeUnknown.
var (
	ErrInvalidRequest  = errors.New("invalid request")  // refused before anything was sent
	ErrBadRequest      = errors.New("bad request")      // 400, and any other 4xx without a name here
	ErrUnauthorized    = errors.New("unauthorized")     // 401: no key, or not a valid one
	ErrForbidden       = errors.New("forbidden")        // 403: another cabinet, a missing scope, a bad OAuth token
	ErrNotFound        = errors.New("not found")        // 404: no such chat, order or return; or a wrong base URL
	ErrRateLimited     = errors.New("rate limited")     // 420: RetryAt tells when the quota is back
	ErrServer          = errors.New("server error")     // 500 and above
	ErrInvalidResponse = errors.New("invalid response") // an answer that the contract does not promise
	ErrOutcomeUnknown  = errors.New("outcome unknown")  // the message may be in the chat: read it before sending again

	errAttemptTimeout = errors.New("the attempt ran out of time")
	errAnswerTooLarge = errors.New("the answer is larger than 1 MiB")
)

// Outcome tells what a failed call may have done.
type Outcome int

const (
	NotSent  Outcome = iota // nothing left this machine
	Unknown                 // a sendMessageToChat that may have arrived
	Rejected                // everything else: the Market refused, or nothing would have changed
)

// String gives "not sent", "unknown" or "rejected".
func (o Outcome) String() string {
	names := map[Outcome]string{NotSent: "not sent", Unknown: "unknown", Rejected: "rejected"}
	return cmp.Or(names[o], fmt.Sprintf("Outcome(%d)", int(o)))
}

// MarshalText writes what String gives.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Error is the only error type that calls return, always as a pointer. Neither its text nor what fmt, slog and JSON
// make of it holds the token, the message or the buyer's name.
type Error struct {
	Operation   string            // operationId of the contract: "sendMessageToChat"; "raw" for a request of Raw that is for none
	StatusCode  int               // of the last answer that came; 0: none did
	Errors      []gen.APIErrorDTO // the API's own codes and texts, with the sent text and "(rejected value: …)" cut out
	Quota       Quota             // zero: the answer told of none
	RetryAt     time.Time         // when coming back makes sense; zero: unknown
	Attempts    int               // requests handed to the transport
	Outcome     Outcome           // what the call may have done
	TraceParent string            // what the Market's support asks for
	Body        []byte            `json:"-"` // first 4 KiB of the answer; may hold personal data, so it is never printed
	Err         error             `json:"-"` // why the call ended, where the answer alone does not say it
}

// Error tells it in one line of at most about 2,000 characters.
func (e *Error) Error() string {
	text := e.Operation
	if e.StatusCode != 0 {
		text += fmt.Sprint(": ", e.StatusCode)
	}
	for _, said := range e.Errors {
		text += ": " + said.Code
		if said.Message != nil {
			text += ": " + *said.Message
		}
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	remarks := fmt.Sprintf("attempts: %d, %v", e.Attempts, e.Outcome)
	if !e.RetryAt.IsZero() {
		remarks += ", retry at " + e.RetryAt.Format(time.RFC3339)
	}
	if e.TraceParent != "" {
		remarks += ", traceparent " + e.TraceParent
	}
	return oneLine(text) + " (" + oneLine(remarks) + ")"
}

// Unwrap gives the cause, Err; nil where the answer alone says why.
func (e *Error) Unwrap() error { return e.Err }

// Is tells the class of the error by its status and outcome. The other classes stand in the chain of causes.
func (e *Error) Is(target error) bool {
	class := classes[e.StatusCode]
	switch target {
	case ErrOutcomeUnknown:
		return e.Outcome == Unknown
	case ErrServer:
		return e.StatusCode >= 500
	case ErrBadRequest:
		return e.StatusCode >= 400 && e.StatusCode < 500 && class == nil
	}
	return class != nil && target == class
}

var classes = map[int]error{401: ErrUnauthorized, 403: ErrForbidden, 404: ErrNotFound, statusMethodFailure: ErrRateLimited}

// Format prints the text for every verb: %+v and %#v would lay open the body. Its receiver is a value, so that a
// dereferenced Error keeps silent too.
func (e Error) Format(s fmt.State, _ rune) { _, _ = fmt.Fprint(s, e.Error()) }

// oneLine keeps a foreign text from breaking a log, or flooding it.
func oneLine(text string) string {
	return fmt.Sprintf("%.1000s", strings.Join(strings.FieldsFunc(text, unicode.IsControl), "; "))
}
