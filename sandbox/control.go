package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/sandbox/internal/control"
)

// Control drives the Market from a test in any language, by JSON under /_sandbox/, which control.yaml describes, and shows
// it to people on a page at /_sandbox/. It asks for no key: serve it where the Market is served, on loopback.
func (m *Market) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_sandbox/{$}", m.page)
	mux.HandleFunc("POST /_sandbox/buyer", m.buyerWrites)
	return sameOrigin(control.HandlerWithOptions(controls{m}, control.StdHTTPServerOptions{
		BaseRouter:       mux,
		ErrorHandlerFunc: func(w http.ResponseWriter, _ *http.Request, err error) { refuseControl(w, http.StatusBadRequest, err) },
	}))
}

// Site is the Market and, under /_sandbox/, its Control, on one address.
func (m *Market) Site() http.Handler {
	control := m.Control()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/_sandbox/") {
			control.ServeHTTP(w, r)
			return
		}
		m.ServeHTTP(w, r) // an http.ServeMux would clean the path, where the Market answers 404
	})
}

// sameOrigin keeps pages of other addresses from driving the Market through somebody's browser.
func sameOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host && origin != "https://"+r.Host {
			refuseControl(w, http.StatusForbidden, errors.New("the header Origin names another address"))
			return
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

func (m controls) ListChats(w http.ResponseWriter, _ *http.Request) {
	list := []control.Chat{}
	for _, c := range m.store.list() {
		shown := control.Chat{
			ChatID: c.id, BusinessID: c.about.cabinet, Type: string(c.about.context.Type), ID: c.about.context.ID,
			Status: string(c.status), CreatedAt: c.createdAt, UpdatedAt: c.updatedAt, Messages: []control.Message{},
		}
		for _, message := range c.messages {
			shown.Messages = append(shown.Messages, control.Message{Text: message.Text, At: message.At, FromBuyer: message.FromBuyer})
		}
		list = append(list, shown)
	}
	writeControl(w, http.StatusOK, list)
}

func (m controls) ListCalls(w http.ResponseWriter, _ *http.Request) {
	list := []control.Call{}
	for _, c := range tail(m.Calls(), listedCalls) {
		shown := control.Call{At: c.At, Operation: c.Operation, Method: c.Method, Path: c.Path, Status: c.Status,
			Traceparent: c.TraceParent, Violations: []string{}}
		for _, v := range api.Violations(c.Verdict) {
			shown.Violations = append(shown.Violations, v.Where+": "+v.Rule)
		}
		list = append(list, shown)
	}
	writeControl(w, http.StatusOK, list)
}

// listedCalls is how many calls the control API lists: the newest ones.
const listedCalls = 1000

func tail[T any](list []T, n int) []T { return list[max(len(list)-n, 0):] }

func (m controls) Reply(w http.ResponseWriter, r *http.Request, chatID int64) {
	var reply control.Reply
	if !readControl(w, r, "Reply", &reply) {
		return
	}
	if err := m.Market.Reply(chatID, reply.Text); err != nil {
		refuseControl(w, http.StatusNotFound, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (m controls) AddFaults(w http.ResponseWriter, r *http.Request) {
	var faults control.Faults
	if !readControl(w, r, "Faults", &faults) {
		return
	}
	if err := m.known(faults.Operation); err != nil {
		refuseControl(w, http.StatusBadRequest, err)
		return
	}
	for _, f := range orElse(faults.Faults, nil) {
		m.Script(faults.Operation, makeFault(f))
	}
	if faults.Every != nil {
		m.Every(faults.Operation, makeFault(*faults.Every))
	}
	w.WriteHeader(http.StatusNoContent)
}

func (m controls) AdvanceClock(w http.ResponseWriter, r *http.Request) {
	var advance control.Advance
	if !readControl(w, r, "Advance", &advance) {
		return
	}
	m.Advance(time.Duration(advance.Seconds) * time.Second)
	writeControl(w, http.StatusOK, control.Clock{Now: m.now()})
}

// maxControl bounds a request of the control API, in bytes.
const maxControl = 1 << 20

func readControl(w http.ResponseWriter, r *http.Request, schema string, into any) bool {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxControl))
	if err == nil {
		err = decodeControl(schema, body, into)
	}
	if err != nil {
		refuseControl(w, http.StatusBadRequest, err)
	}
	return err == nil
}

// controlSchemas are those of control.yaml.
var controlSchemas = sync.OnceValue(func() openapi3.Schemas {
	doc, err := openapi3.NewLoader().LoadFromData(ControlSpec)
	if err != nil {
		panic(err)
	}
	return doc.Components.Schemas
})

// decodeControl checks a text against its schema. Its errors name the place and what is allowed.
func decodeControl(schema string, text []byte, into any) error {
	var value any
	if json.Unmarshal(text, &value) != nil {
		return errors.New("the body is not JSON")
	}
	if err := controlSchemas()[schema].Value.VisitJSON(value, openapi3.DisableSchemaErrorDetails()); err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

func refuseControl(w http.ResponseWriter, status int, err error) {
	writeControl(w, status, control.Refusal{Error: fmt.Sprint(err)})
}

func writeControl(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // fails when the client is gone
}
