package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox/internal/face"
)

// operations answers requests that keep the contract. The interface is generated from it.
type operations struct{ *Market }

var _ face.ServerInterface = operations{}

func (m operations) CreateChat(w http.ResponseWriter, r *http.Request, cabinet gen.BusinessID) {
	var request gen.CreateChatRequest
	if !read(w, r, &request) {
		return
	}
	what := about{cabinet: cabinet}
	switch {
	case request.Context != nil:
		what.context = *request.Context
	case request.OrderID != nil && *request.OrderID >= 1: // the contract sets no minimum, the Market must
		what.context = gen.ChatContextDTO{Type: gen.ChatContextIdentifiableTypeOrder, ID: *request.OrderID}
	case request.OrderID != nil:
		fail(w, http.StatusBadRequest, "BAD_REQUEST", fmt.Sprintf("'orderId' must be positive (rejected value: %d)", *request.OrderID))
		return
	default:
		fail(w, http.StatusBadRequest, "BAD_REQUEST", "'context' must not be null (rejected value: null)")
		return
	}
	if about := what.context; about.Type == gen.ChatContextIdentifiableTypeOrder && m.orders != nil && !slices.Contains(m.orders, about.ID) {
		fail(w, http.StatusNotFound, "NOT_FOUND", fmt.Sprintf("Order not found: '%d'", about.ID))
		return
	}
	id := m.store.open(what, m.now())
	write(w, http.StatusOK, gen.CreateChatResponse{Status: gen.APIResponseStatusTypeOK, Result: &gen.CreateChatResultDTO{ChatID: id}})
}

func (m operations) SendMessageToChat(w http.ResponseWriter, r *http.Request, cabinet gen.BusinessID, params gen.SendMessageToChatParams) {
	var request gen.SendMessageToChatRequest
	if !read(w, r, &request) {
		return
	}
	if !m.store.write(params.ChatID, Message{Text: request.Message, At: m.now()}, cabinet) {
		noChat(w, params.ChatID)
		return
	}
	write(w, http.StatusOK, gen.EmptyAPIResponse{Status: gen.APIResponseStatusTypeOK})
}

func (m operations) GetChat(w http.ResponseWriter, _ *http.Request, cabinet gen.BusinessID, params gen.GetChatParams) {
	chat, ok := m.store.read(cabinet, params.ChatID)
	if !ok {
		noChat(w, params.ChatID)
		return
	}
	write(w, http.StatusOK, gen.GetChatResponse{Status: gen.APIResponseStatusTypeOK, Result: &chat})
}

// read can fail only where requests are not checked.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	err := json.NewDecoder(r.Body).Decode(into)
	if err != nil {
		fail(w, http.StatusBadRequest, "BAD_REQUEST", "the body is not JSON of the promised form")
	}
	return err == nil
}

func noChat(w http.ResponseWriter, id int64) {
	fail(w, http.StatusNotFound, "NOT_FOUND", fmt.Sprintf("Can't find chat by id: '%d'", id))
}

// refuse makes a bad request of violations. A body of another type is refused for that alone.
func refuse(w http.ResponseWriter, violations []*api.Violation) {
	var errs []gen.APIErrorDTO
	for _, v := range violations {
		if v.Where == "header Content-Type" {
			fail(w, http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "Content-Type "+v.Rule)
			return
		}
		message := fmt.Sprintf("'%s' %s", v.Where, v.Rule)
		errs = append(errs, gen.APIErrorDTO{Code: "BAD_REQUEST", Message: &message})
	}
	write(w, http.StatusBadRequest, gen.APIErrorResponse{Status: gen.APIResponseStatusTypeError, Errors: errs})
}

func fail(w http.ResponseWriter, status int, code, message string) {
	w.WriteHeader(status)
	_, _ = io.WriteString(w, errorBody(code, message)) // fails when the client is gone
}

func errorBody(code, message string) string {
	body, _ := json.Marshal(gen.APIErrorResponse{
		Status: gen.APIResponseStatusTypeError,
		Errors: []gen.APIErrorDTO{{Code: code, Message: &message}},
	})
	return string(body)
}

func write(w http.ResponseWriter, status int, body any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // fails when the client is gone
}
