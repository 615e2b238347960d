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
	"message":       "Message sent.",
	"chat":          "Chat started.",
	"dispute":       "Dispute opened.",
	"ended":         "Dispute ended.",
	"fault":         "Fault added.",
	"removed":       "Fault removed.",
	"notifications": "Notifications are on again.",
	"clock":         "Time changed.",
	"reset":         "Sandbox reset.",
}

// forms answers a browser with the page: after the control API has done what a form asks for, and with what was wrong.
func (m *Market) forms(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || !strings.Contains(r.Header.Get("Accept"), "text/html") {
			api.ServeHTTP(w, r)
			return
		}
		query := r.URL.Query()
		posted := r.Clone(r.Context())
		if query.Get("method") == "delete" {
			posted.Method = http.MethodDelete
		}
		parameters := r.URL.Query()
		for _, ofForms := range []string{"method", "view", "done"} { // no others may come to the control API
			parameters.Del(ofForms)
		}
		posted.URL.RawQuery = parameters.Encode()
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

// afterForm is the address to which a form leads. A chat in which something happened is now the first one, and its
// message the last.
func afterForm(view pageView, done string, chat int64) string {
	switch {
	case chat == 0:
		return view.Address("done", done)
	case chat == view.Chat:
		return view.Address("done", done, "chats", "", "messages", "") + "#talk"
	default:
		return view.ofChat(chat).Address("done", done, "chats", "") + "#talk"
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
	default:
		fields, err = fieldsOfForm(schema, form)
	}
	return encode(fields), err
}

// fieldsOfForm takes the fields that a schema has. An empty field counts as left out.
func fieldsOfForm(schema string, form url.Values) (map[string]any, error) {
	fields := map[string]any{}
	for name, property := range controlSchemas()[schema].Value.Properties {
		switch text := form.Get(name); {
		case text == "":
		case property.Value.Type.Is("integer"):
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("%s is %.40q, allowed is a whole number", name, text)
			}
			fields[name] = n
		default:
			fields[name] = strings.ReplaceAll(text, "\r\n", "\n") // a form ends lines as a mail does
		}
	}
	return fields, nil
}

// someRequests is a share of the requests of an operation, for a form.
const someRequests = 0.3

// faultsOfForm sets a fault, which comes as JSON, for the next requests of an operation, for a share of them, or for
// each. More settings, as JSON, are added to it.
func faultsOfForm(form url.Values) (map[string]any, error) {
	var fault map[string]any
	if json.Unmarshal([]byte(form.Get("fault")), &fault) != nil || fault == nil {
		return nil, errors.New(`the fault is no JSON object, allowed is one like {"kind": "fail"}`)
	}
	if more := form.Get("more"); more != "" && (json.Unmarshal([]byte(more), &fault) != nil || fault == nil) {
		return nil, errors.New(`the settings are no JSON object, allowed is one like {"status": 503}`)
	}
	faults := map[string]any{"operation": form.Get("operation")}
	switch often := form.Get("often"); often {
	case "1", "3":
		count, _ := strconv.Atoi(often) // it is one
		faults["faults"] = slices.Repeat([]any{fault}, count)
	case "some":
		if fault["probability"] == nil { // the settings go before the choice
			fault["probability"] = someRequests
		}
		faults["every"] = fault
	case "every":
		faults["every"] = fault
	default:
		return nil, fmt.Errorf("often is %.40q, allowed is 1, 3, some or every", often)
	}
	return faults, nil
}
