package wrapper

import (
	"fmt"
	"unicode/utf8"

	"github.com/ymarket-go/chats/gen"
)

// operation is an operation of the contract, with what the client has to know besides.
type operation struct {
	gen.Operation

	// repeatable: a second request leaves the Market as the first one did. createChat gives back the chat that exists;
	// sendMessageToChat shows the buyer the text again, sendFileToChat the file.
	repeatable bool
	maxAnswer  int // bytes of an answer's body that are read
}

// operations has what the contract cannot say of its operations, by operationId. A page of 100 messages of 4,096 emoji
// has 5 MB.
var operations = map[string]operation{
	gen.OperationCreateChat:        {repeatable: true, maxAnswer: 1 << 20},
	gen.OperationSendMessageToChat: {repeatable: false, maxAnswer: 1 << 20},
	gen.OperationGetChat:           {repeatable: true, maxAnswer: 1 << 20},
	gen.OperationGetChats:          {repeatable: true, maxAnswer: 1 << 20},
	gen.OperationGetChatHistory:    {repeatable: true, maxAnswer: 8 << 20},
	gen.OperationGetChatMessage:    {repeatable: true, maxAnswer: 1 << 20},
	gen.OperationSendFileToChat:    {repeatable: false, maxAnswer: 1 << 20},
}

// maxText is the maxLength of SendMessageToChatRequest.message in the contract, in code points.
const maxText = 4096

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

// checkID checks the minimum that the contract sets for every id.
func checkID(name string, id int64) error {
	if id < 1 {
		return fmt.Errorf("%s is %d, allowed is 1 and above", name, id)
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
