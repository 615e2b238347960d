package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ymarket-go/chats/sandbox/internal/control"
)

// maxForm bounds what a form of the page sends, in bytes.
const maxForm = 64 << 10

// doneTexts is what the page says after a button was pressed.
var doneTexts = map[string]string{
	"buyer":    "The buyer has written.",
	"dispute":  "The dispute has changed.",
	"fault":    "The fault is set.",
	"nofaults": "The faults are taken away.",
	"clock":    "The sandbox's clock was moved.",
	"reset":    "The sandbox has forgotten everything, and its clock is right again.",
}

// formAction does what a form asks for. The anchor is where the browser goes back to.
type formAction func(url.Values) (anchor string, err error)

// formActions are the forms of the page, by the last part of the address that they are sent to.
func (m *Market) formActions() map[string]formAction {
	return map[string]formAction{
		"buyer":    m.buyerForm,
		"dispute":  m.disputeForm,
		"fault":    m.faultForm,
		"nofaults": m.noFaultsForm,
		"clock":    m.clockForm,
		"reset":    func(url.Values) (string, error) { m.Reset(); return "", nil },
	}
}

// handleForms takes the forms of the page. Afterwards the browser loads the page anew, as it was, so that nothing is
// sent twice when somebody loads it once more.
func (m *Market) handleForms(mux *http.ServeMux) {
	for name, do := range m.formActions() {
		mux.HandleFunc("POST "+pagePath+"page/"+name, func(w http.ResponseWriter, r *http.Request) {
			view, err := parseView(r.URL.Query())
			if err != nil {
				view = pageView{}
			}
			anchor, err := doForm(w, r, do)
			if err != nil {
				m.showPage(w, r, view, err)
				return
			}
			if name == "buyer" || name == "dispute" { // the chat is now the first one, and the message the last
				view = view.onPage("chats", 1).onPage("messages", 1)
			}
			query := url.Values{"done": {name}}.Encode()
			if more := view.Query(); more != "" {
				query = more + "&" + query
			}
			http.Redirect(w, r, pagePath+"?"+query+anchor, http.StatusSeeOther)
		})
	}
}

func doForm(w http.ResponseWriter, r *http.Request, do formAction) (anchor string, err error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	err = r.ParseForm()
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return "", fmt.Errorf("the form is too large, allowed are %d bytes", maxForm)
	} else if err != nil {
		return "", errors.New("the form cannot be read")
	}
	return do(r.PostForm)
}

// buyerForm writes into a chat as its buyer, or begins one in a cabinet where no chat is named. Without a text it
// writes one of its own.
func (m *Market) buyerForm(form url.Values) (anchor string, err error) {
	text := strings.ReplaceAll(form.Get("text"), "\r\n", "\n") // a form ends lines as a mail does
	if form.Get("chat") == "" {
		cabinet, err := strconv.ParseInt(form.Get("cabinet"), 10, 64)
		if err != nil {
			return "", errors.New("the form must name a chat or a cabinet by its number")
		}
		if text == "" {
			text = "I have a question before I order."
		}
		id, err := m.Direct(cabinet, text)
		return fmt.Sprintf("#chat-%d", id), withoutPackage(err)
	}
	id, err := strconv.ParseInt(form.Get("chat"), 10, 64)
	if err != nil {
		return "", errors.New("the form must name a chat or a cabinet by its number")
	}
	if text == "" {
		text = fmt.Sprintf("Are you there? This is message %d.", len(m.Messages(id))+1)
	}
	return fmt.Sprintf("#chat-%d", id), withoutPackage(m.Reply(id, text))
}

// disputeForm begins or ends the dispute of a chat.
func (m *Market) disputeForm(form url.Values) (anchor string, err error) {
	id, err := strconv.ParseInt(form.Get("chat"), 10, 64)
	if err != nil {
		return "", errors.New("the form must name a chat by its number")
	}
	anchor = fmt.Sprintf("#chat-%d", id)
	switch form.Get("dispute") {
	case "start":
		return anchor, withoutPackage(m.StartDispute(id))
	case "finish":
		return anchor, withoutPackage(m.FinishDispute(id))
	default:
		return "", errors.New("the dispute must be start or finish")
	}
}

// withoutPackage is an error without the name of the package before it, which is for programs.
func withoutPackage(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(strings.TrimPrefix(err.Error(), "sandbox: "))
}

// maxFormFaults is for how many requests a form can set a fault, one after the other.
const maxFormFaults = 100

// faultForm sets a fault for the next requests of an operation, or for each.
func (m *Market) faultForm(form url.Values) (anchor string, err error) {
	fault, err := faultOf(form)
	if err != nil {
		return "", err
	}
	faults := control.Faults{Operation: form.Get("operation")}
	if form.Get("requests") == "each" {
		faults.Every = &fault
		return "#faults", m.setDescribed(faults)
	}
	count, err := number1to(form, "count", maxFormFaults)
	if err != nil {
		return "", err
	}
	next := make([]control.Fault, count)
	for i := range next {
		next[i] = fault
	}
	faults.Faults = &next
	return "#faults", m.setDescribed(faults)
}

// faultOf puts the fields of a form together to the description of a fault. Fields that have none of their own in the
// form come as JSON.
func faultOf(form url.Values) (f control.Fault, err error) {
	fields := map[string]any{}
	if more := form.Get("more"); more != "" && json.Unmarshal([]byte(more), &fields) != nil {
		return f, errors.New(`further fields are no JSON object, allowed is one like {"probability": 0.3}`)
	}
	if fields == nil { // null
		fields = map[string]any{}
	}
	fields["kind"] = form.Get("kind")
	for _, name := range []string{"status", "seconds", "delayMs"} {
		text := form.Get(name)
		if text == "" {
			continue
		}
		if fields[name], err = strconv.Atoi(text); err != nil {
			return f, fmt.Errorf("%s is %.40q, allowed is a whole number", name, text)
		}
	}
	if form.Get("commit") != "" {
		fields["commit"] = true
	}
	return f, decodeControl("Fault", encode(fields), &f)
}

func (m *Market) noFaultsForm(form url.Values) (anchor string, err error) {
	return "#faults", m.removeFaults(form.Get("operation"))
}

// clockForm moves the clock, by at most as much as the control API does at once.
func (m *Market) clockForm(form url.Values) (anchor string, err error) {
	seconds, ok := map[string]int{"seconds": 1, "minutes": 60, "hours": 60 * 60, "days": 24 * 60 * 60}[form.Get("unit")]
	if !ok {
		return "", errors.New("the unit must be seconds, minutes, hours or days")
	}
	const most = 365 * 24 * 60 * 60
	amount, err := number1to(form, "amount", most/seconds)
	if err != nil {
		return "", err
	}
	m.Advance(time.Duration(amount*seconds) * time.Second)
	return "", nil
}

// number1to reads a number of a form, between 1 and most.
func number1to(form url.Values, name string, most int) (int, error) {
	n, err := strconv.Atoi(form.Get(name))
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%s is %.40q, allowed is a number of 1 to %d", name, form.Get(name), most)
	}
	return n, nil
}
