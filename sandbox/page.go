package sandbox

import (
	"crypto/rand"
	_ "embed"
	"html/template"
	"net/http"
	"time"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// pageRows is how many of each the page shows at once: chats, messages of one chat, calls, deliveries, quotas.
const pageRows = 50

// pageData is what the template makes a page of.
type pageData struct {
	Now     time.Time // by the sandbox's clock
	Nonce   string    // lets the page's own style and script through
	View    pageView
	Done    string // what the button did that was pressed
	Problem string // why something is not shown or was not done
	Cabinet int64  // one that the key may use

	Operations []string
	Kinds      []Kind
	Statuses   []string

	Chats      pageChats
	Quotas     pageQuotas
	Faults     []pageFaults
	Deliveries pageDeliveries
	Calls      pageCalls
}

// page shows the chats as their buyers see them, the calls with their verdicts, the quotas, and buttons for what the
// control API can do. It needs no script. With one it loads itself anew every two seconds and stays where it is.
func (m *Market) page(w http.ResponseWriter, r *http.Request) {
	view, err := parseView(r.URL.Query())
	m.showPage(w, r, view, err)
}

// showPage writes the page. A problem stands at its top, and makes its status 400.
func (m *Market) showPage(w http.ResponseWriter, r *http.Request, view pageView, problem error) {
	data := pageData{
		Now:        m.now(),
		Nonce:      rand.Text(),
		View:       view,
		Done:       doneTexts[view.Done],
		Cabinet:    m.anyCabinet(),
		Operations: allOperations(),
		Kinds:      Kinds,
		Statuses:   shownStatuses(view.Status),
		Chats:      m.pageChats(view),
		Quotas:     m.pageQuotas(view),
		Faults:     m.pageFaults(),
		Deliveries: m.pageDeliveries(view),
		Calls:      m.pageCalls(view, baseOf(r)),
	}
	status := http.StatusOK
	if problem != nil {
		data.Problem, data.Done, status = problem.Error(), "", http.StatusBadRequest
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+data.Nonce+"'; script-src 'nonce-"+
		data.Nonce+"'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin") // with no-referrer a form's Origin would be null
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = pageTemplate.Execute(w, data) // fails when the browser is gone
}

// Clock shows a time, with its date where that is not the date of the sandbox's clock.
func (d pageData) Clock(t time.Time) string {
	t = t.In(d.Now.Location())
	if t.Format(time.DateOnly) != d.Now.Format(time.DateOnly) {
		return t.Format(time.DateTime)
	}
	return t.Format(time.TimeOnly)
}

// Stamp is a time as the attribute datetime wants it.
func (d pageData) Stamp(t time.Time) string { return t.Format(time.RFC3339) }

// baseOf is the address of a request for the page, without a path.
func baseOf(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// anyCabinet gives one that the key may use.
func (m *Market) anyCabinet() int64 {
	if len(m.cabinets) > 0 {
		return m.cabinets[0]
	}
	return 1
}
