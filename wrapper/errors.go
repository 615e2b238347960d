package wrapper

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/ymarket-go/chats/gen"
)

// What errors.Is tells of an *Error. Several can be true of one: a send that ran into 500 is ErrServer and, as the
// text may have arrived, ErrOutcomeUnknown.
var (
	ErrInvalidRequest  = errors.New("invalid request")  // refused before anything was sent
	ErrBadRequest      = errors.New("bad request")      // 400, and any other 4xx without a name here
	ErrUnauthorized    = errors.New("unauthorized")     // 401: no key, or not a valid one
	ErrForbidden       = errors.New("forbidden")        // 403: another cabinet, a missing scope, a bad OAuth token
	ErrNotFound        = errors.New("not found")        // 404: no such chat, order or return; or a wrong base URL
	ErrRateLimited     = errors.New("rate limited")     // 420: RetryAt tells when the quota is back
	ErrServer          = errors.New("server error")     // 500 and above
	ErrInvalidResponse = errors.New("invalid response") // an answer that the contract does not promise
	ErrOutcomeUnknown  = errors.New("outcome unknown")  // the message may be in the chat: see Once
)

// errBadToken is what is wrong with a token that could never authorize anything.
var errBadToken = errors.New("is empty or holds a space, a line break or the like; allowed is visible ASCII")

// Outcome tells what a failed call may have done.
type Outcome int

const (
	NotSent  Outcome = iota // nothing left this machine
	Unknown                 // a message or a file that may have arrived
	Rejected                // everything else: the Market refused, or nothing would have changed
)

// String gives "not sent", "unknown" or "rejected".
func (o Outcome) String() string {
	switch o {
	case NotSent:
		return "not sent"
	case Unknown:
		return "unknown"
	case Rejected:
		return "rejected"
	}
	return fmt.Sprintf("Outcome(%d)", int(o))
}

// MarshalText writes what String gives.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Error is the only error type that calls return, always as a pointer. Neither its text nor what fmt, slog and JSON
// make of it holds the token, the message or the buyer's name.
type Error struct {
	Operation   string            // operationId of the contract; "raw" for a request of Raw that is for none
	StatusCode  int               // of the last answer that came; 0: none did
	Errors      []gen.APIErrorDTO // the API's own codes and texts, with the sent text and "(rejected value: …)" cut out
	Quota       Quota             // zero: the answer had none
	RetryAt     time.Time         // when coming back makes sense; zero: unknown
	Attempts    int               // requests handed to the transport
	Outcome     Outcome           // what the call may have done
	TraceParent string            // what the Market's support asks for
	Body        []byte            `json:"-"` // first 4 KiB of the answer; may hold personal data, so it is never printed
	Err         error             `json:"-"` // why the call ended, where the answer alone does not say it
}

// maxErrorBody is how many bytes of an answer Error.Body keeps.
const maxErrorBody = 4 << 10

// Error gives the text: operation, status, the API's own errors and the cause, in one line of at most about 2,000
// characters.
func (e *Error) Error() string {
	if e == nil {
		return "<nil>" // a Limiter or an Auth may return a nil *Error as its error
	}
	var text strings.Builder
	text.WriteString(e.Operation)
	if e.StatusCode != 0 {
		fmt.Fprint(&text, ": ", e.StatusCode)
	}
	for _, said := range e.Errors {
		if text.Len() > maxLine {
			break
		}
		if said.Code != "" { // older forms of errors have none
			text.WriteString(": " + said.Code)
		}
		if said.Message != nil {
			text.WriteString(": " + *said.Message)
		}
	}
	if e.Err != nil {
		text.WriteString(": " + e.Err.Error())
	}
	remarks := fmt.Sprint("attempts: ", e.Attempts)
	if e.Outcome != Rejected { // which says no more than what stands before
		remarks += ", " + outcomeWords(e.Outcome)
	}
	if !e.RetryAt.IsZero() {
		remarks += ", retry at " + e.RetryAt.Format(time.RFC3339)
	}
	if e.TraceParent != "" {
		remarks += ", traceparent " + e.TraceParent
	}
	return oneLine(text.String()) + " (" + oneLine(remarks) + ")"
}

// outcomeWords says an outcome in words for readers who do not know the names of the constants.
func outcomeWords(o Outcome) string {
	if o == Unknown {
		return "unknown whether the message arrived"
	}
	return o.String()
}

// Unwrap gives the cause, Err; nil where the answer alone says why.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// Is tells the class of the error by its status and outcome. The other classes stand in the chain of causes.
func (e *Error) Is(target error) bool {
	if e == nil {
		return false
	}
	if target == ErrOutcomeUnknown {
		return e.Outcome == Unknown
	}
	class := classOf(e.StatusCode)
	return class != nil && target == class
}

// classOf gives the class of a status; nil: it has none.
func classOf(status int) error {
	switch {
	case status == 401:
		return ErrUnauthorized
	case status == 403:
		return ErrForbidden
	case status == 404:
		return ErrNotFound
	case status == StatusMethodFailure:
		return ErrRateLimited
	case status >= 500:
		return ErrServer
	case status >= 400:
		return ErrBadRequest
	}
	return nil
}

// Format prints the text of Error for every verb, as %+v and %#v would print the body. Its receiver is a value, so that
// this holds for an Error that is no pointer too.
func (e Error) Format(s fmt.State, _ rune) { _, _ = fmt.Fprint(s, e.Error()) }

// maxLine is how many characters of a text stand in the text of an Error.
const maxLine = 1000

// oneLine keeps a foreign text from breaking a log, or flooding it.
func oneLine(text string) string {
	text = fmt.Sprintf("%.*s", maxLine, text)
	return fmt.Sprintf("%.*s", maxLine, strings.Join(strings.FieldsFunc(text, unicode.IsControl), "; "))
}

// OptionError is the error of an option whose value is not allowed: one of New or NewLimiter, or one of a call, which
// fails with ErrInvalidRequest then.
type OptionError struct {
	Option  string // "WithBaseURL", "RetryPolicy" (of WithRetry and NewLimiter), "Attempts"
	Value   string // of WithBaseURL what is wrong with it, as the URL may hold a password: "has no host"
	Allowed string // "an *http.Client"
}

// Error says what was given, and what is allowed.
func (e *OptionError) Error() string {
	text := e.Option + " is given " + e.Value
	switch e.Option {
	case "WithBaseURL":
		text = "the base URL " + e.Value
	case "RetryPolicy", "Attempts":
		text = e.Option + " is " + e.Value
	}
	return text + ", allowed is " + e.Allowed
}
