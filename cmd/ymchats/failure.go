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
  7  it is unknown whether the message arrived: read the chat before sending again`

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
		if errors.Is(err, class.is) {
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
	TraceParent string            `json:"traceparent,omitempty"`
	Text        string            `json:"text"`
}

func newFailure(e *wrapper.Error) failure {
	class, _ := classify(e)
	return failure{
		Class: class, Operation: e.Operation, Status: e.StatusCode, Errors: append([]gen.APIErrorDTO{}, e.Errors...),
		Outcome: e.Outcome, RetryAt: e.RetryAt, Attempts: e.Attempts, TraceParent: e.TraceParent, Text: e.Error(),
	}
}

// complaint tells people what happened, and what to do now. Who has interrupted a call wants to know no more of it than
// what it may have done.
func complaint(e *wrapper.Error) string {
	text := e.Error()
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
	return "ymchats: " + text + advice(e)
}

func advice(e *wrapper.Error) string {
	switch class, _ := classify(e); {
	case class == "outcomeUnknown":
		return "\nymchats: the message may have arrived: read the chat before sending again"
	case class == "rateLimited" && !e.RetryAt.IsZero():
		left := max(time.Until(e.RetryAt).Round(time.Second), 0)
		return fmt.Sprintf("\nymchats: the quota is back at %s, in %v; --max-wait says how long may be waited for it",
			timeWords(e.RetryAt), left)
	}
	return ""
}

// inFlags names the flags where the packages name what they are called in Go.
func inFlags(text string) string { return goNames.Replace(text) }

var goNames = strings.NewReplacer(
	"wrapper: ", "",
	", or WithPlainHTTP", "",
	"WithQuota is given", "--quota is",
	"WithParallel is given", "--parallel is",
	"WithBusiness is given", "--business is",
	"WithOrders is given", "--order is",
	"WithScopes is given", "--scope is",
	"WithHost is given", "--host is",
	"WithAPIKey is given", "--key is",
)
