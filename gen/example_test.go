package gen_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
)

// The generated client by itself, with the sandbox: no retries, no limits, and the caller looks at the status.
func Example() {
	server := httptest.NewServer(sandbox.New())
	defer server.Close()
	addKey := func(_ context.Context, req *http.Request) error {
		req.Header.Set("Api-Key", "any")
		return nil
	}
	client, err := gen.NewClientWithResponses(server.URL+"/v2", gen.WithRequestEditorFn(addKey))
	if err != nil {
		panic(err)
	}
	about := gen.ChatContextDTO{Type: gen.ChatContextIdentifiableTypeOrder, ID: 67890}
	created, err := client.CreateChatWithResponse(context.Background(), 12345, gen.CreateChatRequest{Context: &about})
	if err != nil {
		panic(err)
	}
	fmt.Println(created.StatusCode(), created.JSON200.Result.ChatID)

	missing, err := client.GetChatWithResponse(context.Background(), 12345, &gen.GetChatParams{ChatID: 7})
	if err != nil {
		panic(err)
	}
	fmt.Println(missing.StatusCode(), missing.JSON404.Errors[0].Code)
	// Output:
	// 200 7000001
	// 404 NOT_FOUND
}

// What the contract says of each operation.
func ExampleOperation() {
	for _, op := range gen.Operations {
		fmt.Println(op.ID, op.Method, op.Path, op.Quota)
	}
	// Output:
	// createChat POST /businesses/{businessId}/chats/new 1000
	// getChat GET /businesses/{businessId}/chat 1000
	// sendMessageToChat POST /businesses/{businessId}/chats/message 1000
	// getChatMessage GET /businesses/{businessId}/chats/message 1000
	// getChats POST /businesses/{businessId}/chats 5000
	// getChatHistory POST /businesses/{businessId}/chats/history 10000
	// sendFileToChat POST /businesses/{businessId}/chats/file/send 1000
}
