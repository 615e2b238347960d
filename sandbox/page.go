package sandbox

import (
	"cmp"
	"crypto/rand"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"time"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// pageRows is how many rows of each list the page shows at once: chats, messages of one chat, calls, notifications.
const pageRows = 30

// pageData is what the template makes a page of.
type pageData struct {
	pageClock
	Nonce   string // lets the page's own style and script through
	View    pageView
	Done    string // what the button did that was pressed
	Problem string // why something is not shown or was not done
	Base    string // the address of the API, without a path
	cabinet int64  // the first that the key may use; 0: it may use all

	Operations []string
	Choices    []faultGroup

	Chats         pageChats
	Talk          *pageTalk // nil: no chat is chosen, or there is no such chat
	Quotas        pageQuotas
	Faults        pageFaults
	Calls         pageCalls
	Notifications pageNotifications
}

// page shows the sandbox's state at its top, the chats as a messenger has them, the calls and the notifications a row
// each, and buttons for what the control API can do. It needs no script. With one it refreshes itself every two seconds
// and stays where it is.
func (m *Market) page(w http.ResponseWriter, r *http.Request) {
	view, err := parseView(r.URL.Query())
	m.showPage(w, r, view, err)
}

// showPage writes the page. A problem stands at its top, and makes its status 400.
func (m *Market) showPage(w http.ResponseWriter, r *http.Request, view pageView, problem error) {
	clock := pageClock{m.now(), m.ahead()}
	talk := m.pageTalk(view, clock)
	data := pageData{
		pageClock:     clock,
		Nonce:         rand.Text(),
		View:          view,
		Done:          doneTexts[view.Done],
		Base:          baseOf(r),
		Operations:    allOperations(),
		Choices:       faultChoices,
		Chats:         m.pageChats(view),
		Quotas:        m.pageQuotas(view),
		Faults:        m.pageFaults(),
		Talk:          talk,
		Calls:         m.pageCalls(view, baseOf(r), talk),
		Notifications: m.pageNotifications(view),
	}
	if len(m.cabinets) > 0 {
		data.cabinet = m.cabinets[0]
	}
	status := http.StatusOK
	if problem != nil {
		data.Problem, status = problem.Error(), http.StatusBadRequest
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+data.Nonce+"'; script-src 'nonce-"+
		data.Nonce+"'; img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin") // with no-referrer a form's Origin would be null
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = pageTemplate.Execute(w, data) // fails when the browser is gone
}

// Violations says how many violations there are, and is empty without any.
func (d pageData) Violations() string {
	if d.Calls.Breaches == 0 {
		return ""
	}
	return counted(d.Calls.Breaches, "violation")
}

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// pageClock is the sandbox's clock, and writes times as the page shows them, in the zone of the clock.
type pageClock struct {
	Now   time.Time
	ahead time.Duration
}

// Clock shows a time, with its date where that is not the date of the sandbox's clock.
func (c pageClock) Clock(t time.Time) string {
	t = t.In(c.Now.Location())
	if c.Date(t) != c.Date(c.Now) {
		return t.Format(time.DateTime)
	}
	return t.Format(time.TimeOnly)
}

// Time shows a time whose date stands before it.
func (c pageClock) Time(t time.Time) string { return t.In(c.Now.Location()).Format(time.TimeOnly) }

// Brief shows a time without seconds, or its date alone where that is not the date of the sandbox's clock.
func (c pageClock) Brief(t time.Time) string {
	t = t.In(c.Now.Location())
	if c.Date(t) != c.Date(c.Now) {
		return t.Format("2 Jan")
	}
	return t.Format("15:04")
}

// Date is the day of a time.
func (c pageClock) Date(t time.Time) string { return t.In(c.Now.Location()).Format("2 January 2006") }

// Stamp is a time as the attribute datetime wants it.
func (c pageClock) Stamp(t time.Time) string { return t.In(c.Now.Location()).Format(time.RFC3339) }

// Zone is how far the times of the page are from UTC.
func (c pageClock) Zone() string {
	_, offset := c.Now.Zone()
	minutes := offset / 60
	sign := "+"
	if minutes < 0 {
		sign, minutes = "−", -minutes
	}
	switch {
	case minutes == 0:
		return "UTC"
	case minutes%60 == 0:
		return fmt.Sprintf("UTC%s%d", sign, minutes/60)
	default:
		return fmt.Sprintf("UTC%s%d:%02d", sign, minutes/60, minutes%60)
	}
}

// Ahead says how far the clock was moved.
func (c pageClock) Ahead() string {
	if c.ahead == 0 {
		return "real time"
	}
	return spoken(c.ahead) + " ahead"
}

// Hour is when the quotas are reset.
func (c pageClock) Hour() time.Time { return c.Now.Truncate(time.Hour).Add(time.Hour) }

// baseOf is the address that a request names, without a path.
func baseOf(r *http.Request) string {
	if r.TLS != nil || r.URL.Scheme == "https" { // a RoundTripper gets the URL whole
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// Cabinet is one that the key may use, of several the one that was used last.
func (d pageData) Cabinet() int64 { return cmp.Or(d.cabinet, d.Quotas.Cabinet, 1) }

// Opens is true for a row of the calls that is shown open: a call that is shown alone, and the first that breaks the
// contract where those alone are shown.
func (d pageData) Opens(row int) bool { return d.View.Call != 0 || d.View.Violations && row == 0 }
