package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
)

// contractRequest is a request as the contract shows it, for a chat of cabinet 1.
type contractRequest struct {
	operation, method, target, body string
	contentType                     string // of the body
	scopes                          []string
}

func (r contractRequest) ask(t *testing.T, m http.Handler) answer {
	t.Helper()
	return ask(t, m, r.method, r.target, r.body, "Content-Type", r.contentType)
}

// contractRequests makes one of each operation of the contract: with its example as the body, and with its required
// parameters.
func contractRequests(t *testing.T, chat int64) (requests []contractRequest) {
	t.Helper()
	doc, err := api.Load()
	require.NoError(t, err)
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			r := contractRequest{operation: op.OperationID, method: method, scopes: contractScopes(op)}
			r.target = "/v2" + strings.ReplaceAll(path, "{businessId}", "1") + "?" + contractQuery(op, chat)
			if op.RequestBody != nil {
				r.contentType, r.body = exampleOf(t, op.RequestBody.Value.Content)
			}
			requests = append(requests, r)
		}
	}
	require.NotEmpty(t, requests)
	return requests
}

// exampleOf writes the example of a body as it is sent.
func exampleOf(t *testing.T, content openapi3.Content) (contentType, body string) {
	t.Helper()
	if form := content["multipart/form-data"]; form != nil {
		contentType, body = formOf(t, "example.txt", form.Example.(map[string]any)["file"].(string))
		return contentType, body
	}
	example, err := json.Marshal(content["application/json"].Example)
	require.NoError(t, err)
	return "application/json", string(example)
}

// contractQuery has the required parameters, each with its least value, and the chat and its first message where they
// are wanted.
func contractQuery(op *openapi3.Operation, chat int64) string {
	query := url.Values{}
	for _, p := range op.Parameters {
		switch {
		case p.Value.In != "query" || !p.Value.Required:
		case p.Value.Name == "chatId":
			query.Set("chatId", fmt.Sprint(chat))
		case p.Value.Name == "messageId":
			query.Set("messageId", fmt.Sprint(chat*1_000_000+1)) // the first one of the chat
		case p.Value.Schema.Value.Min != nil:
			query.Set(p.Value.Name, fmt.Sprint(*p.Value.Schema.Value.Min))
		default:
			query.Set(p.Value.Name, "x")
		}
	}
	return query.Encode()
}

// contractScopes are the scopes of an operation.
func contractScopes(op *openapi3.Operation) (scopes []string) {
	for _, scope := range op.Extensions["x-scopes"].([]any) {
		scopes = append(scopes, scope.(string))
	}
	return scopes
}

// The sandbox answers each operation of the contract as the contract says, and fails where a script says so.
func TestOperationsOfTheContract(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	require.NoError(t, m.Reply(chat, "Where is it?"))
	for _, r := range contractRequests(t, chat) {
		t.Run(r.operation, func(t *testing.T) {
			a := r.ask(t, m)
			assert.Equal(t, http.StatusOK, a.status, a.body)
			require.NotPanics(t, func() { m.Script(r.operation, sandbox.Fail(500, "INTERNAL_ERROR", "x")) })
			assert.Equal(t, 500, r.ask(t, m).status)
			calls := m.Calls()
			assert.Equal(t, r.operation, calls[len(calls)-1].Operation)
		})
	}
}

// A key may do what the contract says that its scope allows.
func TestScopesOfOperations(t *testing.T) {
	for _, scope := range []string{"communication", "all-methods", "all-methods:read-only"} {
		m := newMarket(sandbox.WithScopes(scope))
		for _, r := range contractRequests(t, 7000001) {
			status := r.ask(t, m).status
			forbidden := status == http.StatusForbidden
			allowed := slices.Contains(r.scopes, scope)
			assert.Equal(t, !allowed, forbidden, "%s with the scope %s: %d", r.operation, scope, status)
		}
	}
}

// sortedOperations are the operationIds of the contract.
func sortedOperations() (ids []string) {
	for _, op := range gen.Operations {
		ids = append(ids, op.ID)
	}
	slices.Sort(ids)
	return ids
}
