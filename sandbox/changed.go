package sandbox

import (
	"html"
	"net/http"
	"regexp"
)

// Changed lets a message be stored with another text than it was sent with, as a filter on its way may do; what change
// gives is stored, whatever it is. Then another Fault acts; nil is the true answer, and
// Changed(Masked, CommitThen(f)) answers otherwise to a message that was stored changed. Script and Every panic when it
// is set for an operation other than sendMessageToChat, or within CommitThen, where the message is stored already. It
// panics when change is nil.
func Changed(change func(text string) string, then Fault) Fault {
	if change == nil {
		panic("sandbox: Changed is given nil, allowed is a function")
	}
	changed := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if x := exchangeOf(r); x != nil {
				x.change = change
			}
			then.or(next).ServeHTTP(w, r)
		})
	}
	return notCommitted("Changed", "Changed around CommitThen",
		onlyFor("Changed", []string{OperationSendMessageToChat}, then, changed))
}

// Escaped is a change for Changed: the text as it stands in HTML, & as &amp;.
func Escaped(text string) string { return html.EscapeString(text) }

// Padded is a change for Changed: white space around the text.
func Padded(text string) string { return "  " + text + " \n" }

// Masked is a change for Changed: an asterisk for each digit, as for the numbers of phones.
func Masked(text string) string { return digit.ReplaceAllString(text, "*") }

var digit = regexp.MustCompile(`\p{Nd}`)
