package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox/internal/control"
)

// Control drives the sandbox from a test in any language, by JSON under /_sandbox/, which control.yaml describes, and
// shows it to people on a page at /_sandbox/. It asks for no key: serve it where the sandbox is served, on loopback. A
// request must name the machine by localhost, by a loopback address or as WithHost says; others get 403.
func (m *Market) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", toPage)
	mux.HandleFunc("GET /_sandbox", toPage)
	mux.HandleFunc("GET /_sandbox/{$}", m.page)
	mux.HandleFunc("GET /_sandbox/control.yaml", describe)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		err := fmt.Errorf("there is no %s %.100q, control.yaml lists what there is", cut(r.Method, 16), r.URL.Path)
		refuseControl(w, http.StatusNotFound, err)
	})
	return m.guardControl(m.forms(control.HandlerWithOptions(controls{m}, control.StdHTTPServerOptions{
		BaseRouter:  mux,
		Middlewares: []control.MiddlewareFunc{onlyDeclared},
		ErrorHandlerFunc: func(w http.ResponseWriter, r *http.Request, err error) {
			refuseControl(w, http.StatusBadRequest, parameterError(r, err))
		},
	})))
}

// describe gives control.yaml.
func describe(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8") // a browser shows it
	_, _ = w.Write(ControlSpec)                                 // fails when the client is gone
}

// parameterError says what the generated code found wrong, without Go's words.
func parameterError(r *http.Request, err error) error {
	var invalid *control.InvalidParamFormatError
	switch {
	case !errors.As(err, &invalid):
		return errors.New("a parameter is missing or comes twice")
	case len(r.URL.Query()[invalid.ParamName]) > 1:
		return fmt.Errorf("%s comes more than once, allowed is once", invalid.ParamName)
	}
	return fmt.Errorf("%s must be an integer", invalid.ParamName)
}

// onlyDeclared refuses parameters that control.yaml does not declare: DELETE with a misspelt one would remove all.
func onlyDeclared(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method, path, _ := strings.Cut(r.Pattern, " ")
		var declared []string
		for _, parameter := range controlDocument().Paths.Value(path).GetOperation(method).Parameters {
			if parameter.Value.In == openapi3.ParameterInQuery {
				declared = append(declared, parameter.Value.Name)
			}
		}
		for name := range r.URL.Query() {
			if !slices.Contains(declared, name) {
				err := fmt.Errorf("the parameter %.40q is unknown, allowed are %q", name, declared)
				refuseControl(w, http.StatusBadRequest, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

type controls struct{ *Market }

var _ control.ServerInterface = controls{}

func (m controls) Reset(w http.ResponseWriter, _ *http.Request) {
	m.Market.Reset()
	w.WriteHeader(http.StatusNoContent)
}

func (m controls) ListChats(w http.ResponseWriter, r *http.Request, params control.ListChatsParams) {
	list := []control.Chat{}
	skip, limit := orElse(params.Skip, 0), orElse(params.Limit, math.MaxInt)
	if skip < 0 || limit < 0 {
		refuseControl(w, http.StatusBadRequest, errors.New("skip and limit must be 0 and above"))
		return
	}
	for _, c := range m.store.all() {
		if params.BusinessID != nil && *params.BusinessID != c.about.cabinet ||
			params.Status != nil && *params.Status != string(c.status) {
			continue
		}
		if skip--; skip >= 0 {
			continue
		}
		if len(list) == limit {
			break
		}
		shown := control.Chat{
			ChatID:     c.id,
			BusinessID: c.about.cabinet,
			Type:       string(c.about.context.Type),
			ID:         c.about.context.ID,
			Status:     string(c.status),
			CreatedAt:  c.createdAt,
			UpdatedAt:  c.updatedAt(),
			Messages:   []control.Message{},
		}
		for _, message := range c.messages {
			shown.Messages = append(shown.Messages, control.Message{
				MessageID: message.ID,
				Sender:    string(message.Sender),
				Text:      message.Text,
				Files:     message.files(r),
				At:        message.At,
				FromBuyer: message.FromBuyer,
			})
		}
		list = append(list, shown)
	}
	writeControl(w, http.StatusOK, list)
}

// listed is how many calls and deliveries the control API lists: the newest ones.
const listed = 1000

func (m controls) ListCalls(w http.ResponseWriter, _ *http.Request) {
	list := []control.Call{}
	parts, _ := m.callParts(listed)
	for _, c := range newest(parts, listed) {
		list = append(list, control.Call{
			At:          c.At,
			Operation:   c.Operation,
			Method:      c.Method,
			Path:        c.Path,
			Query:       c.Query,
			Status:      c.Status,
			Traceparent: c.TraceParent,
			Violations:  violationTexts(c.Verdict),
			ChatID:      unlessZero(c.ChatID),
			MessageID:   unlessZero(c.MessageID),
			Fault:       c.Fault,
		})
	}
	writeControl(w, http.StatusOK, list)
}

func unlessZero(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

func (m controls) ListDeliveries(w http.ResponseWriter, _ *http.Request) {
	list := []control.Delivery{}
	for _, d := range m.notifier.newest(listed) {
		shown := control.Delivery{
			At:         d.At,
			BusinessID: d.BusinessID,
			Type:       string(d.Type),
			Body:       d.Body,
			Attempt:    d.Attempt,
			Status:     d.Status,
			Taken:      d.Taken,
			Violations: d.violations(),
		}
		if !d.Again.IsZero() {
			shown.Again = &d.Again
		}
		list = append(list, shown)
	}
	writeControl(w, http.StatusOK, list)
}

func (m controls) GetNotifications(w http.ResponseWriter, _ *http.Request) {
	off, since := m.notifier.off()
	shown := control.Notifications{Shops: m.notifier.on(), Off: len(off)}
	if len(off) > 0 {
		shown.OffSince = &since
	}
	writeControl(w, http.StatusOK, shown)
}

func (m controls) SwitchNotificationsOn(w http.ResponseWriter, _ *http.Request) {
	doneControl(w, m.switchNotificationsOn(), http.StatusConflict)
}

func (m controls) ListFaults(w http.ResponseWriter, _ *http.Request) {
	writeControl(w, http.StatusOK, m.setFaults())
}

func (m controls) AddFaults(w http.ResponseWriter, r *http.Request) {
	var faults control.Faults
	if readControl(w, r, "Faults", &faults) {
		doneControl(w, m.setDescribed(faults), http.StatusBadRequest)
	}
}

func (m controls) RemoveFaults(w http.ResponseWriter, _ *http.Request, params control.RemoveFaultsParams) {
	doneControl(w, m.removeFaults(orElse(params.Operation, ""), orElse(params.ID, 0)), http.StatusBadRequest)
}

func (m controls) BeginChat(w http.ResponseWriter, r *http.Request) {
	var beginning control.Beginning
	if !readControl(w, r, "Beginning", &beginning) {
		return
	}
	var chat int64
	var err error
	switch {
	case (beginning.Type == nil) != (beginning.ID == nil):
		err = errors.New("one of type and id is there, allowed are both or neither")
	case beginning.Type == nil:
		chat, err = m.direct(beginning.BusinessID, beginning.Text)
	default:
		about := gen.ChatContextDTO{Type: gen.ChatContextIdentifiableType(*beginning.Type), ID: *beginning.ID}
		chat, err = m.ask(beginning.BusinessID, about, beginning.Text)
	}
	if err != nil {
		refuseControl(w, http.StatusBadRequest, err)
		return
	}
	writeControl(w, http.StatusCreated, control.Begun{ChatID: chat})
}

func (m controls) Reply(w http.ResponseWriter, r *http.Request, chatID int64) {
	var reply control.Reply
	if readControl(w, r, "Reply", &reply) {
		sender := gen.ChatMessageSenderType(orElse(reply.Sender, control.ReplySenderCUSTOMER))
		doneControl(w, m.write(chatID, sender, reply.Text), http.StatusNotFound)
	}
}

func (m controls) SendFile(w http.ResponseWriter, r *http.Request, chatID int64, params control.SendFileParams) {
	name, content, err := postedFile(w, r)
	if err != nil {
		refuseControl(w, http.StatusBadRequest, err)
		return
	}
	sender := gen.ChatMessageSenderType(orElse(params.Sender, control.SendFileParamsSenderCUSTOMER))
	doneControl(w, m.sendFile(chatID, sender, orElse(params.Name, name), content), http.StatusBadRequest)
}

func (m controls) StartDispute(w http.ResponseWriter, _ *http.Request, chatID int64) {
	doneControl(w, m.startDispute(chatID), http.StatusConflict)
}

func (m controls) FinishDispute(w http.ResponseWriter, _ *http.Request, chatID int64) {
	doneControl(w, m.finishDispute(chatID), http.StatusConflict)
}

func (m controls) AdvanceClock(w http.ResponseWriter, r *http.Request) {
	var advance control.Advance
	if !readControl(w, r, "Advance", &advance) {
		return
	}
	if (advance.Seconds == nil) == (advance.To == nil) {
		refuseControl(w, http.StatusBadRequest, errors.New("allowed is one of seconds and to"))
		return
	}
	by := time.Duration(orElse(advance.Seconds, 0)) * time.Second
	if advance.To != nil {
		by = advance.To.Sub(m.now())
	}
	m.Advance(min(max(by, 0), farthest))
	writeControl(w, http.StatusOK, control.Clock{Now: m.now()})
}

func (m controls) ResetClock(w http.ResponseWriter, _ *http.Request) {
	m.resetClock()
	w.WriteHeader(http.StatusNoContent)
}

// maxControl bounds a request of the control API, in bytes.
const maxControl = 1 << 20

// readControl reads the body of a request, JSON or a form of the page, and checks it against its schema. JSON is taken
// by any name, as curl -d calls everything a form.
func readControl(w http.ResponseWriter, r *http.Request, schema string, into any) bool {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxControl))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		err = fmt.Errorf("the body is too large, allowed are %d bytes", maxControl)
	} else if err != nil {
		err = errors.New("the body broke off")
	}
	if err == nil && mediaType(r.Header) == formType && !json.Valid(body) {
		body, err = formBody(schema, body)
	}
	if err == nil {
		err = decodeControl(schema, body, into)
	}
	if err != nil {
		refuseControl(w, http.StatusBadRequest, err)
	}
	return err == nil
}

// controlSchemas are those of control.yaml.
var controlDocument = sync.OnceValue(func() *openapi3.T {
	doc, err := openapi3.NewLoader().LoadFromData(ControlSpec)
	if err != nil {
		panic(err)
	}
	return doc
})

func controlSchemas() openapi3.Schemas { return controlDocument().Components.Schemas }

// decodeControl checks a text against its schema. Its errors name the place and what is allowed.
func decodeControl(schema string, text []byte, into any) error {
	if !json.Valid(text) {
		return errors.New("the body is not JSON")
	}
	outOfRange := errors.New("the body has a number or a time that is out of range")
	var value any
	if json.Unmarshal(text, &value) != nil {
		return outOfRange
	}
	if err := controlSchemas()[schema].Value.VisitJSON(value, openapi3.DisableSchemaErrorDetails()); err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()        // an id may have more digits than a float64
	_ = decoder.Decode(&value) // it is JSON
	if json.Unmarshal(encode(plainNumbers(value)), into) != nil {
		return outOfRange
	}
	return nil
}

// plainNumbers writes 60.0 and 6e1 as 60: they are integers for a schema, and not for encoding/json.
func plainNumbers(value any) any {
	switch value := value.(type) {
	case json.Number:
		if _, err := value.Int64(); err != nil {
			plain, _ := value.Float64() // it is in range
			return plain
		}
	case map[string]any:
		for name, member := range value {
			value[name] = plainNumbers(member)
		}
	case []any:
		for i, element := range value {
			value[i] = plainNumbers(element)
		}
	}
	return value
}

// doneControl answers a request that has no result; refused is the status of an error, unless the error says that what
// the request names is not there.
func doneControl(w http.ResponseWriter, err error, refused int) {
	switch {
	case errors.Is(err, errNoChat), errors.Is(err, errNoFault):
		refuseControl(w, http.StatusNotFound, err)
	case err != nil:
		refuseControl(w, refused, err)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func refuseControl(w http.ResponseWriter, status int, err error) {
	writeControl(w, status, control.Refusal{Error: fmt.Sprint(err)})
}

func writeControl(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // fails when the client is gone
}
