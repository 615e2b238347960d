package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

const exitHelp = `Exit code:
  0  done
  1  another failure: the Market is broken or does not answer, the call was interrupted or declined
  2  the command line, the configuration or standard input cannot be read
  3  refused before anything was sent, as it breaks the contract
  4  the key is not valid, or may not do that
  5  no such chat, order or return
  6  a limit of the Market is used up; where the Market names the time when it is back, that stands on standard error
  7  it is unknown whether the message arrived: read the chat before sending again

Where something else than the Market's API answers, as behind a wrong base URL, it is 1 and not 4 or 5.`

// Classes that the wrapper does not have.
var (
	errDeclined  = errors.New("not sent: you did not say yes")
	errNotTheAPI = errors.New("what answered is not the Market's API")
)

// classes are what a script can tell apart, by exit code and by name. Of several that are true the first one counts.
var classes = []struct {
	is   error
	name string
	code exitCode
}{
	{wrapper.ErrOutcomeUnknown, "outcomeUnknown", 7},
	{context.Canceled, "interrupted", 1},
	{errDeclined, "declined", 1},
	{wrapper.ErrInvalidRequest, "invalidRequest", 3},
	{errNotTheAPI, "notTheAPI", 1},
	{wrapper.ErrUnauthorized, "unauthorized", 4},
	{wrapper.ErrForbidden, "forbidden", 4},
	{wrapper.ErrNotFound, "notFound", 5},
	{wrapper.ErrRateLimited, "rateLimited", 6},
	{context.DeadlineExceeded, "timeout", 1},
	{wrapper.ErrServer, "server", 1},
	{wrapper.ErrBadRequest, "badRequest", 1},
	{wrapper.ErrInvalidResponse, "invalidResponse", 1},
}

func classify(e *wrapper.Error) (name string, code exitCode) {
	err := error(e)
	if isForeign(e) {
		err = errors.Join(err, errNotTheAPI)
	}
	for _, class := range classes {
		if errors.Is(err, class.is) {
			return class.name, class.code
		}
	}
	if e.StatusCode == 0 {
		return "noAnswer", 1
	}
	return "other", 1
}

// isForeign tells the refusal of something that is not the Market's API, or not a part of it that knows the call: it
// says nothing about the key, the chat or the order. Mostly the base URL is wrong. An overloaded or broken server is
// not meant: a proxy that says so stands before the right address.
func isForeign(e *wrapper.Error) bool {
	const clientClosedRequest = 499 // nginx says so
	status := e.StatusCode
	switch status {
	case http.StatusRequestTimeout, wrapper.StatusMethodFailure, http.StatusTooManyRequests, clientClosedRequest:
		return false
	}
	isPage := status > 0 && status < 300 && errors.Is(e, wrapper.ErrInvalidResponse) && len(e.Body) > 0
	isRefusal := status >= 300 && status < 500
	return (isPage || isRefusal) && (isWrongPath(e) || !e.FromMarket())
}

// isWrongPath tells the 404 of a wrong path or version, which every call gets, from that of a chat or an order.
func isWrongPath(e *wrapper.Error) bool {
	return e.StatusCode == http.StatusNotFound && e.Advice() == wrapper.Stop
}

// failure is an error for machines.
type failure struct {
	Class       string            `json:"class"`
	Operation   string            `json:"operation"`
	Status      int               `json:"status"` // 0: no answer came
	Errors      []gen.APIErrorDTO `json:"errors"`
	Outcome     wrapper.Outcome   `json:"outcome"`
	RetryAt     time.Time         `json:"retryAt,omitzero"`
	Attempts    int               `json:"attempts"`
	ChatID      int64             `json:"chatId,omitempty"`   // of the message
	FileSent    bool              `json:"fileSent,omitempty"` // and the text after it was not, or it is unknown
	TraceParent string            `json:"traceparent,omitempty"`
	Text        string            `json:"text"`
}

// situation is what the error of a call does not hold.
type situation struct {
	baseURL value
	key     string // which no text may show
	message bool   // the command is to send one
	chatID  int64  // of the message; 0: the chat is not found yet

	text     bool // is a part of the message; a file may be the other one
	fileSent bool
}

func newFailure(e *wrapper.Error, s situation) failure {
	class, _ := classify(e)
	return failure{
		Class: class, Operation: e.Operation, Status: e.StatusCode, Errors: append([]gen.APIErrorDTO{}, e.Errors...),
		Outcome: e.Outcome, RetryAt: e.RetryAt, Attempts: e.Attempts, ChatID: s.chatID, FileSent: s.fileSent,
		TraceParent: e.TraceParent, Text: inFlags(e).Error(),
	}
}

// complaint tells people what happened, and what to do now. Of a call that they have interrupted it tells no more than
// what the call may have done.
func complaint(e *wrapper.Error, s situation) string {
	text := inFlags(e).Error()
	switch {
	case errors.Is(e, errDeclined):
		text = errDeclined.Error()
	case errors.Is(e, context.Canceled):
		text = interruption(e)
	}
	return "ymchats: " + strings.Join(append([]string{text}, advice(e, s)...), "\nymchats: ")
}

func interruption(e *wrapper.Error) string {
	switch {
	case e.Outcome == wrapper.NotSent:
		return "interrupted; nothing was sent"
	case e.Outcome == wrapper.Rejected && e.Operation == gen.OperationSendMessageToChat:
		return "interrupted; the message was not sent"
	case e.Outcome == wrapper.Rejected && e.Operation == gen.OperationSendFileToChat:
		return "interrupted; the file was not sent"
	}
	return "interrupted"
}

// advice has a line for each thing that the error does not say itself.
func advice(e *wrapper.Error, s situation) (lines []string) {
	class, _ := classify(e)
	if class == "rateLimited" && !e.RetryAt.IsZero() {
		left := max(time.Until(e.RetryAt).Round(time.Second), 0)
		lines = append(lines, fmt.Sprintf("the quota is back at %s, in %v; --max-wait says how long may be waited for it",
			timeWords(e.RetryAt), left))
	}
	if isForeign(e) && class != "interrupted" {
		lines = append(lines, foreignWords(e, s))
	}
	switch {
	case class == "outcomeUnknown":
		what := "message"
		if e.Operation == gen.OperationSendFileToChat {
			what = "file"
		}
		lines = append(lines, fmt.Sprintf("the %s may have arrived: read chat %d before sending again", what, s.chatID))
	case s.message && e.Operation == gen.OperationCreateChat && e.Outcome != wrapper.NotSent:
		lines = append(lines, "the message was not sent: no chat was found or started for it")
	}
	return append(lines, halfSent(e, s)...)
}

// halfSent tells of a file and a text which of them was sent, where the other one is what the error is about.
func halfSent(e *wrapper.Error, s situation) []string {
	switch {
	case s.fileSent && e.Outcome == wrapper.Unknown:
		return []string{"the file was sent"}
	case s.fileSent:
		return []string{"the file was sent, the text was not: send the text alone again"}
	case s.text && e.Operation == gen.OperationSendFileToChat:
		return []string{"the text was not sent"}
	}
	return nil
}

// foreignWords tells which address answered, and which setting it comes from.
func foreignWords(e *wrapper.Error, s situation) string {
	what := "this is no answer of the Market's API"
	if isWrongPath(e) {
		what = "the API has nothing at this address"
	}
	if s.baseURL.where == "" {
		return fmt.Sprintf("%s, though the base URL is the Market's own: a proxy may have answered", what)
	}
	address := printable(strings.ReplaceAll(s.baseURL.text, s.key, "…"))
	return fmt.Sprintf("%s: look at the base URL of %s %s; the Market's own is %s", what, s.baseURL.where, address,
		gen.ServerURL)
}

// inFlags is an error whose cause names the flag --max-wait in the place of the field MaxDelay.
func inFlags(e *wrapper.Error) *wrapper.Error {
	named := *e
	named.Err = causeInFlags(e.Err)
	return &named
}

func causeInFlags(cause error) error {
	pause := new(wrapper.PauseError)
	if !errors.As(cause, &pause) {
		return cause
	}
	if joined, ok := cause.(interface{ Unwrap() []error }); ok {
		causes := slices.Clone(joined.Unwrap())
		for i, one := range causes {
			causes[i] = causeInFlags(one)
		}
		return errors.Join(causes...)
	}
	return fmt.Errorf("%s %v, --max-wait is %v", pause.Until, pause.Pause, pause.MaxDelay)
}
