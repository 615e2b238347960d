package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// tellAnswers is a middleware that tells what the API said, in its own words. The wrapper's log has its codes only.
func tellAnswers(out io.Writer) func(wrapper.Doer) wrapper.Doer {
	return func(next wrapper.Doer) wrapper.Doer { return tellingDoer{out, next} }
}

type tellingDoer struct {
	out  io.Writer
	next wrapper.Doer
}

func (t tellingDoer) Do(req *http.Request) (*http.Response, error) {
	fmt.Fprintf(t.out, "  → %s %s\n", req.Method, req.URL.RequestURI())
	resp, err := t.next.Do(req)
	if err != nil {
		fmt.Fprintf(t.out, "  ← no answer: %v\n", err)
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), errorReader{err}))
	fmt.Fprintf(t.out, "  ← %d", resp.StatusCode)
	var said gen.APIErrorResponse
	_ = json.Unmarshal(body, &said)
	for _, e := range said.Errors {
		fmt.Fprintf(t.out, " %s", e.Code)
		if e.Message != nil {
			fmt.Fprintf(t.out, ": %s", *e.Message)
		}
	}
	fmt.Fprintln(t.out)
	return resp, nil
}

// errorReader ends a body as the first reading of it ended.
type errorReader struct{ err error }

func (f errorReader) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}

// narrator tells the wrapper's log as a story: which attempt it was, what came of it, and what the client does then.
type narrator struct{ out io.Writer }

func (n *narrator) Enabled(context.Context, slog.Level) bool { return true }
func (n *narrator) WithAttrs([]slog.Attr) slog.Handler       { return n }
func (n *narrator) WithGroup(string) slog.Handler            { return n }

func (n *narrator) Handle(_ context.Context, r slog.Record) error {
	field := fields(r)
	_, err := fmt.Fprintf(n.out, "    %v, attempt %v: %s", field["operation"], field["attempt"], explain(field))
	if pause := field["pause"].Duration(); pause > 0 {
		next := "tries again"
		if field["operation"].String() == sandbox.OperationSendMessageToChat && field["status"].Int64() != 420 {
			next = "reads the chat, as the message may have arrived"
		}
		_, err = fmt.Fprintf(n.out, "; the client waits %v, then %s", pause.Round(10*time.Millisecond), next)
	}
	fmt.Fprintln(n.out)
	return err
}

// explain says in words what the fields of a log line tell of an attempt.
func explain(field map[string]slog.Value) string {
	status := field["status"].Int64()
	quota, _ := field["quota"].Any().(wrapper.Quota)
	switch {
	case status == 0:
		return "no answer"
	case status == http.StatusOK:
		return "ok"
	case status == 420 && !quota.Until.IsZero() && quota.Remaining == 0:
		return "quota used up"
	case status == 420:
		return "too many requests at once"
	case status >= 500:
		return "server error"
	default:
		return "refused"
	}
}

// fields gives what a line of the log holds, by name.
func fields(r slog.Record) map[string]slog.Value {
	field := map[string]slog.Value{}
	r.Attrs(func(a slog.Attr) bool { field[a.Key] = a.Value; return true })
	return field
}
