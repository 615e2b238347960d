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

// pageRows is how many of each the page shows: chats, messages of a chat, calls, quotas; the newest ones.
const pageRows = 50

// page shows the conversations as a buyer sees them, the calls with their verdicts, and the quotas. The browser loads it
// anew every two seconds; it needs no script.
func (m *Market) page(w http.ResponseWriter, _ *http.Request) {
	calls := m.Calls()
	var rows []pageCall
	for _, c := range newest(calls) {
		rows = append(rows, pageCall{c, api.Violations(c.Verdict)})
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
	}{m.now(), m.pageChats(), rows, len(calls), tail(m.limits.list(m.now()), pageRows), m.pageNotify()})
}

// newest gives the last ones of a list, the last one first.
func newest[T any](list []T) []T {
	list = slices.Clone(tail(list, pageRows))
	slices.Reverse(list)
	return list
}

type pageChat struct {
	ID, Cabinet, Number int64
	About, Status       string
	Messages            []Message
}

type pageCall struct {
	Call
	Violations []*api.Violation
}

func (m *Market) pageChats() []pageChat {
	var chats []pageChat
	for _, c := range newest(m.store.list()) {
		chats = append(chats, pageChat{c.id, c.about.cabinet, c.about.context.ID, string(c.about.context.Type), string(c.status), tail(c.messages, pageRows)})
	}
	return chats
}
