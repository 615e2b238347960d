package main

import (
	"context"
	"errors"
	"fmt"
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
  6  a limit of the Market is used up; the time when it is back stands on standard error
  7  it is unknown whether the message arrived: read the chat before sending again

Where something else than the Market's API answers, as behind a wrong base URL, it is 1 and not 4 or 5.`

var errDeclined = errors.New("not sent: you did not say yes")

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

func classify(err error) (name string, code exitCode) {
	for _, class := range classes {
		if errors.Is(err, class.is) || class.is == errNotTheAPI && isForeign(err) {
			return class.name, class.code
		}
	}
	if e := new(wrapper.Error); errors.As(err, &e) && e.StatusCode == 0 {
		return "noAnswer", 1
	}
	return "other", 1
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
	ChatID      int64             `json:"chatId,omitempty"` // of the message
	TraceParent string            `json:"traceparent,omitempty"`
	Text        string            `json:"text"`
}

// situation is what the error of a call does not know.
type situation struct {
	baseURL given
	key     string // which no text may show
	message bool   // the command is to send one
	chatID  int64  // into which it is sent; 0: none is known yet
}

func newFailure(e *wrapper.Error, s situation) failure {
	class, _ := classify(e)
	return failure{
		Class: class, Operation: e.Operation, Status: e.StatusCode, Errors: append([]gen.APIErrorDTO{}, e.Errors...),
		Outcome: e.Outcome, RetryAt: e.RetryAt, Attempts: e.Attempts, ChatID: s.chatID, TraceParent: e.TraceParent,
		Text: inFlags(e.Error()),
	}
}

// complaint tells people what happened, and what to do now. Who has interrupted a call wants to know no more of it than
// what it may have done.
func complaint(e *wrapper.Error, s situation) string {
	text := inFlags(e.Error())
	switch {
	case errors.Is(e, errDeclined):
		text = errDeclined.Error()
	case !errors.Is(e, context.Canceled):
	case e.Outcome == wrapper.NotSent:
		text = "interrupted; nothing was sent"
	case e.Outcome == wrapper.Unknown || e.Operation != "sendMessageToChat":
		text = "interrupted"
	default:
		text = "interrupted; the message was not sent"
	}
	return "ymchats: " + strings.Join(append([]string{text}, advice(e, s)...), "\nymchats: ")
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
		lines = append(lines, fmt.Sprintf("the message may have arrived: read chat %d before sending again", s.chatID))
	case s.message && e.Operation == "createChat" && e.Outcome != wrapper.NotSent:
		lines = append(lines, "the message was not sent: no chat was found or started for it")
	}
	return lines
}

// inFlags names the flags where the packages name what they are called in Go.
func inFlags(text string) string { return goNames.Replace(text) }

var goNames = strings.NewReplacer(
	"wrapper: ", "",
	", or WithPlainHTTP", "",
	", MaxDelay is ", ", --max-wait is ",
	"WithQuota is given", "--quota is",
	"WithParallel is given", "--parallel is",
	"WithBusiness is given", "--business is",
	"WithOrders is given", "--order is",
	"WithScopes is given", "--scope is",
	"WithHost is given", "--host is",
	"WithAPIKey is given", "--key is",
)
