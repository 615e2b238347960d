package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/ymarket-go/chats/sandbox/internal/control"
)

// The forms of the page post to the control API, as a browser posts them: fields instead of JSON, and POST with
// method=delete in the address instead of DELETE. Afterwards the browser loads the page anew, as it was, so that
// nothing is sent twice when somebody loads it once more.

const formType = "application/x-www-form-urlencoded"

// doneTexts is what the page says once a form was sent, by the parameter done of the form's address.
var doneTexts = map[string]string{
	"buyer":         "The buyer has written.",
	"dispute":       "The dispute has changed.",
	"fault":         "The fault is set.",
	"nofaults":      "The faults are taken away.",
	"notifications": "Notifications are on again.",
	"clock":         "The sandbox's clock was moved.",
	"reset":         "The sandbox has forgotten everything, and its clock is right again.",
}

// forms answers a browser with the page: after the control API has done what a form asks for, and with what was wrong.
func (m *Market) forms(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || !strings.Contains(r.Header.Get("Accept"), "text/html") {
			api.ServeHTTP(w, r)
			return
		}
		query := r.URL.Query()
		posted := r.WithContext(r.Context())
		if query.Get("method") == "delete" {
			posted.Method = http.MethodDelete
		}
		answer := &memory{header: http.Header{}}
		api.ServeHTTP(answer, posted)
		values, _ := url.ParseQuery(query.Get("view"))
		view, _ := parseView(values) // what is no view is the view of all
		if answer.status >= 400 {
			var refusal control.Refusal
			_ = json.Unmarshal(answer.body.Bytes(), &refusal) // it is one: see refuseControl
			m.showPage(w, r, view, errors.New(refusal.Error))
			return
		}
		http.Redirect(w, r, afterForm(view, query.Get("done"), chatOf(posted, answer)), http.StatusSeeOther)
	})
}

// chatOf is the chat that a form was about, which may be a new one; 0: none.
func chatOf(posted *http.Request, answer *memory) int64 {
	id, _ := strconv.ParseInt(posted.PathValue("chatId"), 10, 64)
	begun := control.Begun{ChatID: id}
	_ = json.Unmarshal(answer.body.Bytes(), &begun) // other answers have no chatId
	return begun.ChatID
}

// afterForm is the address to which a form leads.
func afterForm(view pageView, done string, chat int64) string {
	switch {
	case chat != 0: // the chat is now the first one, and the message the last
		return view.Address("done", done, "chats", "", "messages", "") + fmt.Sprintf("#chat-%d", chat)
	case strings.Contains(done, "fault"):
		return view.Address("done", done) + "#faults"
	default:
		return view.Address("done", done)
	}
}

// formBody writes a form as JSON of a schema of control.yaml.
func formBody(schema string, text []byte) ([]byte, error) {
	form, err := url.ParseQuery(string(text))
	if err != nil {
		return nil, errors.New("the form cannot be read")
	}
	var fields map[string]any
	switch schema {
	case "Faults":
		fields, err = faultsOfForm(form)
	case "Advance":
		fields, err = advanceOfForm(form)
	default:
		fields, err = fieldsOfForm(schema, form)
	}
	return encode(fields), err
}

// fieldsOfForm takes the fields that a schema has. An empty field counts as left out; the form may have a field of the
// same name behind it with what is meant then.
func fieldsOfForm(schema string, form url.Values) (map[string]any, error) {
	fields := map[string]any{}
	for name, property := range controlSchemas()[schema].Value.Properties {
		filled := slices.IndexFunc(form[name], func(text string) bool { return text != "" })
		if filled < 0 {
			continue
		}
		text := form[name][filled]
		switch {
		case property.Value.Type.Is("integer"):
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("%s is %.40q, allowed is a whole number", name, text)
			}
			fields[name] = n
		case property.Value.Type.Is("boolean"):
			fields[name] = true
		default:
			fields[name] = strings.ReplaceAll(text, "\r\n", "\n") // a form ends lines as a mail does
		}
	}
	return fields, nil
}

// maxFormFaults is for how many requests a form can set a fault, one after the other.
const maxFormFaults = 100

// faultsOfForm sets a fault for the next requests of an operation, or for each. Fields of the fault that have none of
// their own in the form come as JSON.
func faultsOfForm(form url.Values) (map[string]any, error) {
	fault := map[string]any{}
	if more := form.Get("more"); more != "" && json.Unmarshal([]byte(more), &fault) != nil {
		return nil, errors.New(`further fields are no JSON object, allowed is one like {"probability": 0.3}`)
	}
	fields, err := fieldsOfForm("Fault", form)
	if err != nil {
		return nil, err
	}
	for name, value := range fault {
		if _, set := fields[name]; !set {
			fields[name] = value
		}
	}
	if form.Get("requests") == "each" {
		return map[string]any{"operation": form.Get("operation"), "every": fields}, nil
	}
	count, err := numberOfForm(form, "count", maxFormFaults)
	return map[string]any{"operation": form.Get("operation"), "faults": slices.Repeat([]any{fields}, count)}, err
}

// advanceOfForm moves the clock, by at most as much as the control API does at once.
func advanceOfForm(form url.Values) (map[string]any, error) {
	seconds, ok := map[string]int{"seconds": 1, "minutes": 60, "hours": 60 * 60, "days": 24 * 60 * 60}[form.Get("unit")]
	if !ok {
		return nil, errors.New("the unit must be seconds, minutes, hours or days")
	}
	const most = 365 * 24 * 60 * 60
	amount, err := numberOfForm(form, "amount", most/seconds)
	return map[string]any{"seconds": amount * seconds}, err
}

// numberOfForm reads a number between 1 and most.
func numberOfForm(form url.Values, name string, most int) (int, error) {
	n, err := strconv.Atoi(form.Get(name))
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%s is %.40q, allowed is a number of 1 to %d", name, form.Get(name), most)
	}
	return n, nil
}
