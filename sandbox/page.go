package sandbox

import (
	_ "embed"
	"html/template"
	"net/http"
	"slices"
	"time"

	"github.com/ymarket-go/chats/api"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"clock": func(t time.Time) string { return t.Format(time.TimeOnly) },
}).Parse(pageText))

// pageRows is how many of each the page shows: chats, messages of a chat, calls, quotas; the newest ones, and of the
// quotas those that were used last.
const pageRows = 50

// page shows the conversations as a buyer sees them, the calls with their verdicts, and the quotas. The browser loads
// it anew every two seconds; it needs no script.
func (m *Market) page(w http.ResponseWriter, _ *http.Request) {
	calls, total := m.newestCalls(pageRows)
	var rows []pageCall
	for _, c := range slices.Backward(calls) {
		rows = append(rows, newPageCall(c))
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_ = pageTemplate.Execute(w, struct { // fails when the browser is gone
		Now    time.Time
		Chats  []pageChat
		Calls  []pageCall
		Total  int
		Quotas []quota
		Notify pageNotify
	}{m.now(), m.pageChats(), rows, total, m.limits.list(m.now, pageRows), m.pageNotify()})
}

type pageChat struct {
	ID, Cabinet, Number int64
	About, Status       string
	Messages            []Message
}

type pageCall struct {
	Call
	Violations []*api.Violation
	More       int // violations that are not shown
}

// Of each call and each message the page shows so much that it stays below a few megabytes, whatever was sent.
const pageViolations, pageMessage = 10, 1000

func newPageCall(c Call) pageCall {
	all := api.Violations(c.Verdict)
	shown := all[:min(len(all), pageViolations)]
	return pageCall{c, shown, len(all) - len(shown)}
}

func (m *Market) pageChats() []pageChat {
	var chats []pageChat
	for _, c := range slices.Backward(m.store.newest(pageRows)) {
		shown := pageChat{c.id, c.about.cabinet, c.about.context.ID, string(c.about.context.Type), string(c.status), nil}
		for _, message := range tail(c.messages, pageRows) {
			message.Text = shorten(message.Text, pageMessage)
			shown.Messages = append(shown.Messages, message)
		}
		chats = append(chats, shown)
	}
	return chats
}
