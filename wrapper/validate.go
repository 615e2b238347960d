package wrapper

import (
	"fmt"
	"unicode/utf8"

	"github.com/ymarket-go/chats/gen"
)

// maxText is the maxLength of SendMessageToChatRequest.message in the contract, in code points.
const maxText = 4096

func checkID(name string, id int64) error {
	if id < 1 {
		return fmt.Errorf("%s is %d, allowed is 1 and above", name, id)
	}
	return nil
}

// checkText never puts the text into its error.
func checkText(text string) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("message is not valid UTF-8, allowed is UTF-8 text of 1 to %d characters", maxText)
	}
	if n := utf8.RuneCountInString(text); n < 1 || n > maxText {
		return fmt.Errorf("message has %d characters, allowed is 1 to %d", n, maxText)
	}
	return nil
}

func checkContext(about gen.ChatContextDTO) error {
	if !about.Type.Valid() {
		return fmt.Errorf("context.type is %.20q, allowed is ORDER or RETURN", string(about.Type))
	}
	return checkID("context.id", about.ID)
}
