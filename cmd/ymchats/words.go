package main

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/ymarket-go/chats/gen"
)

var statusWords = map[gen.ChatStatusType]string{
	gen.ChatStatusTypeNew:                "new",
	gen.ChatStatusTypeWaitingForCustomer: "waiting for the customer",
	gen.ChatStatusTypeWaitingForPartner:  "waiting for the shop",
	gen.ChatStatusTypeWaitingForArbiter:  "waiting for the arbiter",
	gen.ChatStatusTypeWaitingForMarket:   "waiting for the Market",
	gen.ChatStatusTypeFinished:           "finished",
}

var typeWords = map[gen.ChatType]string{
	gen.ChatTypeChat:      "a chat with the buyer",
	gen.ChatTypeArbitrage: "a dispute",
}

// chatWords tells a chat to people. Values that nobody knows yet are shown as they are.
func chatWords(chat *gen.GetChatInfoDTO) string {
	var text strings.Builder
	row := func(name, value string) { fmt.Fprintf(&text, "\n  %-13s %s", name, value) }
	fmt.Fprintf(&text, "Chat %d, %s", chat.ChatID, contextWords(chat.Context))
	row("kind", words(typeWords, chat.Type))
	row("status", words(statusWords, chat.Status))
	if c := chat.Context.Customer; c != nil && c.Name != nil {
		row("buyer", printable(*c.Name))
	}
	row("created", timeWords(chat.CreatedAt))
	row("last message", timeWords(chat.UpdatedAt))
	return text.String()
}

func contextWords(about gen.ChatFullContextDTO) string {
	order, returned := numbered("order", about.OrderID), numbered("return", about.ReturnID)
	switch about.Type {
	case gen.ChatContextTypeOrder:
		return "about " + order
	case gen.ChatContextTypeReturn:
		return "about " + returned + " of " + order
	case gen.ChatContextTypeDirect:
		return "started by the buyer"
	}
	return "about " + printable(string(about.Type))
}

// numbered names something by its number. The contract does not promise that the number comes.
func numbered(what string, id *int64) string {
	if id == nil {
		return "an unnamed " + what
	}
	return fmt.Sprintf("%s %d", what, *id)
}

func words[T ~string](names map[T]string, value T) string {
	if text, ok := names[value]; ok {
		return text
	}
	return printable(string(value))
}

// counted is a number of things: "1 row", "2 rows".
func counted(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprint(n, " ", thing)
}

func timeWords(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 MST") }

// printable keeps what others wrote from steering the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '�'
		}
		return r
	}, text)
}
