package wrapper

import "net/http"

// operation is what the retry needs to know of an operation of the contract.
type operation struct {
	id, method, path string // operationId, and what follows businesses/{businessId}

	// repeatable: a second request leaves the Market as the first one did. createChat gives back the chat that
	// exists; sendMessageToChat shows the buyer the text again.
	repeatable bool
}

var (
	createChat        = operation{id: "createChat", method: http.MethodPost, path: "/chats/new", repeatable: true}
	sendMessageToChat = operation{id: "sendMessageToChat", method: http.MethodPost, path: "/chats/message"}
	getChat           = operation{id: "getChat", method: http.MethodGet, path: "/chat", repeatable: true}
)
