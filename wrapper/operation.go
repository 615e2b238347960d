package wrapper

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ymarket-go/chats/gen"
)

// operation is what the client has to know of an operation of the contract.
type operation struct {
	id     string // operationId
	method string
	path   string // after the server URL, as the contract writes it

	// repeatable: a second request leaves the Market as the first one did. createChat gives back the chat that exists;
	// sendMessageToChat shows the buyer the text again.
	repeatable bool
}

// operations has a row for each operation of the contract; a test compares both.
var operations = []operation{
	{id: "createChat", method: http.MethodPost, path: "/businesses/{businessId}/chats/new", repeatable: true},
	{id: "sendMessageToChat", method: http.MethodPost, path: "/businesses/{businessId}/chats/message"},
	{id: "getChat", method: http.MethodGet, path: "/businesses/{businessId}/chat", repeatable: true},
}

// newRequest makes the request of an operation for a cabinet, without query and body. server ends in a slash.
func (o operation) newRequest(server string, businessID int64) (*http.Request, error) {
	path := strings.Replace(o.path, "{businessId}", strconv.FormatInt(businessID, 10), 1)
	req, err := http.NewRequest(o.method, server+strings.TrimPrefix(path, "/"), nil)
	if err == nil && o.method == http.MethodPost {
		req.Header.Set("Content-Type", contentType)
	}
	return req, err
}

// contentType is that of every body of the contract.
const contentType = "application/json"

// maxText is the maxLength of SendMessageToChatRequest.message in the contract, in code points.
const maxText = 4096

// checkID checks the minimum that the contract sets for every id.
func checkID(name string, id int64) error {
	if id < 1 {
		return fmt.Errorf("%s is %d, allowed is 1 and above", name, id)
	}
	return nil
}

// CheckMessage gives the error with which SendMessage would refuse a text, which is ErrInvalidRequest; nil: it would
// not. The error does not show the text.
func CheckMessage(text string) error {
	if err := checkText(text); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidRequest, err)
	}
	return nil
}

func checkText(text string) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("message is not valid UTF-8, allowed is UTF-8 text of 1 to %d characters", maxText)
	}
	if n := utf8.RuneCountInString(text); n < 1 || n > maxText {
		return fmt.Errorf("message has %d characters, allowed is 1 to %d", n, maxText)
	}
	return nil
}

// checkContext checks what a chat is to be about.
func checkContext(about gen.ChatContextDTO) error {
	if !about.Type.Valid() {
		return fmt.Errorf("context.type is %.20q, allowed is ORDER or RETURN", string(about.Type))
	}
	return checkID("context.id", about.ID)
}
