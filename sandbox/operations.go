package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox/internal/routes"
)

// The operations of the contract, by their operationIds. Script and Every take them, and Call.Operation is one of them.
const (
	OperationCreateChat        = gen.OperationCreateChat
	OperationGetChat           = gen.OperationGetChat
	OperationSendMessageToChat = gen.OperationSendMessageToChat
	OperationGetChats          = gen.OperationGetChats
	OperationGetChatHistory    = gen.OperationGetChatHistory
	OperationGetChatMessage    = gen.OperationGetChatMessage
	OperationSendFileToChat    = gen.OperationSendFileToChat
)

// operation is what the contract says of an operation.
type operation struct {
	gen.Operation
	query []string         // the parameters in the query that are integers
	body  *openapi3.Schema // nil when it has no body
}

// contractOperations are all operations of the contract, by operationId.
var contractOperations = sync.OnceValue(func() map[string]operation {
	doc, err := api.Load()
	if err != nil {
		panic(err)
	}
	all := map[string]operation{}
	for _, op := range gen.Operations {
		described := doc.Paths.Value(op.Path).GetOperation(op.Method)
		here := operation{Operation: op}
		for _, p := range described.Parameters {
			if p.Value.In == openapi3.ParameterInQuery && p.Value.Schema.Value.Type.Is("integer") {
				here.query = append(here.query, p.Value.Name)
			}
		}
		if described.RequestBody != nil {
			here.body = described.RequestBody.Value.Content.Get(op.ContentType).Schema.Value
		}
		all[op.ID] = here
	}
	return all
})

// allOperations lists the operationIds, sorted.
func allOperations() []string { return slices.Sorted(maps.Keys(contractOperations())) }

// allScopes lists what a key can be allowed to do: every scope of every operation, sorted.
func allScopes() []string {
	var all []string
	for _, op := range gen.Operations {
		all = append(all, op.Scopes...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// operations answers requests that keep the contract. The interface is generated from it.
type operations struct{ *Market }

var _ routes.ServerInterface = operations{}

func (m operations) CreateChat(w http.ResponseWriter, r *http.Request, cabinet gen.BusinessID) {
	var request gen.CreateChatRequest
	if !m.read(w, r, &request) {
		return
	}
	context, violation := contextOf(request)
	if violation != nil {
		exchangeOf(r).refuse(w, r, violation)
		return
	}
	if !m.exists(context) {
		fail(w, http.StatusNotFound, "NOT_FOUND", fmt.Sprintf("Order not found: '%d'", context.ID))
		return
	}
	id, err := m.store.open(about{cabinet, context}, m.now())
	if err != nil {
		full(w, err)
		return
	}
	exchangeOf(r).chat = id
	result := gen.CreateChatResultDTO{ChatID: id}
	write(w, http.StatusOK, gen.CreateChatResponse{Status: gen.APIResponseStatusTypeOK, Result: &result})
}

// exists is false for an order that WithOrders does not name.
func (m *Market) exists(context gen.ChatContextDTO) bool {
	return context.Type != gen.ChatContextIdentifiableTypeOrder || m.orders == nil || slices.Contains(m.orders, context.ID)
}

// contextOf is what a chat is to be about. The contract requires neither of the two fields and sets no minimum for
// orderId; the Market needs something to start a chat about all the same.
func contextOf(request gen.CreateChatRequest) (context gen.ChatContextDTO, violation *api.Violation) {
	switch {
	case request.Context != nil:
		return *request.Context, nil
	case request.OrderID == nil:
		return context, &api.Violation{Operation: OperationCreateChat, Where: "body /context", Rule: "required"}
	case *request.OrderID < 1:
		return context, &api.Violation{Operation: OperationCreateChat, Where: "body /orderId", Rule: "minimum 1"}
	default:
		return gen.ChatContextDTO{Type: gen.ChatContextIdentifiableTypeOrder, ID: *request.OrderID}, nil
	}
}

func (m operations) SendMessageToChat(
	w http.ResponseWriter, r *http.Request, cabinet gen.BusinessID, params gen.SendMessageToChatParams,
) {
	var request gen.SendMessageToChatRequest
	if !m.read(w, r, &request) {
		return
	}
	message := Message{Text: request.Message, At: m.now(), Sender: gen.ChatMessageSenderTypePartner}
	x := exchangeOf(r)
	if x.change != nil {
		message.Text = x.change(message.Text)
	}
	id, err := m.store.write(params.ChatID, message, cabinet)
	x.answerSend(w, params.ChatID, id, err)
}

// answerSend answers a send that has stored a message, or has not.
func (x *exchange) answerSend(w http.ResponseWriter, chatID, messageID int64, err error) {
	switch err {
	case nil:
		x.message = messageID
		write(w, http.StatusOK, gen.EmptyAPIResponse{Status: gen.APIResponseStatusTypeOK})
	case errNoChat:
		noChat(w, chatID)
	default:
		full(w, err)
	}
}

func (m operations) GetChat(w http.ResponseWriter, r *http.Request, cabinet gen.BusinessID, params gen.GetChatParams) {
	chat, ok := m.store.read(cabinet, params.ChatID, exchangeOf(r).asOf)
	if !ok {
		noChat(w, params.ChatID)
		return
	}
	result := chat.info()
	write(w, http.StatusOK, gen.GetChatResponse{Status: gen.APIResponseStatusTypeOK, Result: &result})
}

// read decodes a body. Where requests are checked it cannot fail.
func (m operations) read(w http.ResponseWriter, r *http.Request, into any) bool {
	x := exchangeOf(r)
	if !x.unread() && json.Unmarshal(x.body, into) == nil {
		return true
	}
	m.unreadable(w, r, nil)
	return false
}

// unreadable refuses what the generated code cannot read. It meets only what was not checked before, so the check is
// made up for: what cannot be read breaks the contract, and the check says where.
func (m *Market) unreadable(w http.ResponseWriter, r *http.Request, _ error) {
	x := exchangeOf(r)
	violations := api.Violations(m.verdictOn(r))
	if violations == nil {
		violations = []*api.Violation{{Operation: x.operation, Where: "body", Rule: "cannot be read"}}
	}
	x.refuse(w, r, violations...)
}

// full says that the sandbox keeps no more. It is a status of the contract, and one that costs no quota.
func full(w http.ResponseWriter, err error) {
	fail(w, http.StatusInternalServerError, "SANDBOX_FULL", err.Error())
}

func noChat(w http.ResponseWriter, id int64) {
	fail(w, http.StatusNotFound, "NOT_FOUND", fmt.Sprintf("Can't find chat by id: '%d'", id))
}

func fail(w http.ResponseWriter, status int, code, message string) {
	w.WriteHeader(status)
	_, _ = io.WriteString(w, errorBody(code, message)) // fails when the client is gone
}

func errorBody(code, message string) string {
	return string(encode(gen.APIErrorResponse{
		Status: gen.APIResponseStatusTypeError,
		Errors: []gen.APIErrorDTO{{Code: code, Message: &message}},
	}))
}

func write(w http.ResponseWriter, status int, body any) {
	w.WriteHeader(status)
	_, _ = w.Write(encode(body)) // fails when the client is gone
}

// encode writes texts as they are: json.Marshal would write < as \u003c, and a test that looks for what it sent would
// not find it.
func encode(body any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // of strings and numbers: it cannot fail
	return bytes.TrimSuffix(text.Bytes(), []byte("\n"))
}
