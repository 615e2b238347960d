package wrapper

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/ymarket-go/chats/gen"
)

// messageContent is what a message shows in a chat: a text, or a file by its name and size.
type messageContent struct {
	text string

	isFile bool
	name   string
	size   int
}

// key is equal for contents that count as the same.
func (c messageContent) key() string {
	if c.isFile {
		return foldName(c.name) + "\x00" + strconv.Itoa(c.size)
	}
	return fold(c.text)
}

// keysIn gives the keys of what a message of the chat has of this kind. There are none for a text if it has files
// alone, and none for a file if it has a text alone.
func (c messageContent) keysIn(written gen.ChatMessageDTO) (keys []string) {
	switch {
	case c.isFile:
		for _, file := range written.Payload {
			keys = append(keys, fileContent(file).key())
		}
	case written.Message != nil:
		keys = []string{fold(*written.Message)}
	}
	return keys
}

// resembles tells whether a message of the chat may be this file after the Market has changed its name or its size.
func (c messageContent) resembles(written gen.ChatMessageDTO) bool {
	return c.isFile && slices.ContainsFunc(written.Payload, func(file gen.ChatMessagePayloadDTO) bool {
		return foldName(file.Name) == foldName(c.name) || int(file.Size) == c.size
	})
}

func fileContent(file gen.ChatMessagePayloadDTO) messageContent {
	return messageContent{isFile: true, name: file.Name, size: int(file.Size)}
}

// fold gives the form in which texts are compared: of what the Market brings back, letters and digits are what counts.
// Of a text that has none, a smile for instance, all but white space counts.
func fold(text string) string {
	if folded := lettersAndDigits(text); folded != "" {
		return folded
	}
	return cmp.Or(strings.Join(strings.Fields(undoEscapes(text)), ""), text)
}

// foldName does the same for the name of a file. macOS writes й and ё as a letter and a mark, which is no letter.
func foldName(name string) string { return unmarked.Replace(fold(name)) }

var unmarked = strings.NewReplacer("й", "и", "ё", "е")

// isShops tells that a message is one that the shop may have written.
func isShops(m gen.ChatMessageDTO) bool {
	return m.Sender == gen.ChatMessageSenderTypePartner || !m.Sender.Valid()
}
