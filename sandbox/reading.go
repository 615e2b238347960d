package sandbox

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/ymarket-go/chats/gen"
)

func (m operations) GetChats(
	w http.ResponseWriter, r *http.Request, cabinet gen.BusinessID, params gen.GetChatsParams,
) {
	var filter gen.GetChatsRequest
	if !m.read(w, r, &filter) {
		return
	}
	list := fmt.Sprintf("chats-%d", cabinet)
	place, ok := m.placeOf(list, params.PageToken, r)
	if !ok {
		badPageToken(w)
		return
	}
	result := gen.GetChatsInfoDTO{Chats: []gen.GetChatInfoDTO{}}
	more, limit := false, m.pages.pageSize(orElse(params.Limit, 10))
	skip := place
	m.store.eachOf(cabinet, exchangeOf(r).asOf, func(c chat) bool {
		switch {
		case !fits(c, filter):
		case skip > 0:
			skip--
		case len(result.Chats) == limit:
			more = true
		default:
			result.Chats = append(result.Chats, c.info())
		}
		return !more
	})
	result.Paging = m.paging(list, place+limit, more)
	write(w, http.StatusOK, gen.GetChatsResponse{Status: gen.APIResponseStatusTypeOK, Result: &result})
}

// fits is whether a chat fits every part of a filter that is there.
func fits(c chat, filter gen.GetChatsRequest) bool {
	context := c.about.full()
	hasOrder := context.OrderID != nil || len(filter.OrderIds) == 0 // 0 in a filter is no order
	return hasOrder && contains(filter.OrderIds, orElse(context.OrderID, 0)) &&
		contains(filter.Contexts, c.about.context) &&
		contains(filter.ContextTypes, context.Type) &&
		contains(filter.Types, c.kind) &&
		contains(filter.Statuses, c.status)
}

func contains[T comparable](allowed []T, value T) bool {
	return len(allowed) == 0 || slices.Contains(allowed, value)
}

func (m operations) GetChatHistory(
	w http.ResponseWriter, r *http.Request, cabinet gen.BusinessID, params gen.GetChatHistoryParams,
) {
	var from gen.GetChatHistoryRequest
	if !m.read(w, r, &from) {
		return
	}
	chat, ok := m.store.read(cabinet, params.ChatID, exchangeOf(r).asOf)
	if !ok {
		noChat(w, params.ChatID)
		return
	}
	list := fmt.Sprintf("history-%d", params.ChatID)
	place, ok := m.placeOf(list, params.PageToken, r)
	if !ok {
		badPageToken(w)
		return
	}
	messages := chat.messages[chat.placeOf(orElse(from.MessageIDFrom, 0)):]
	limit := m.pages.pageSize(orElse(params.Limit, 50))
	result := gen.ChatMessagesResultDTO{
		Context:  chat.about.full(),
		Messages: []gen.ChatMessageDTO{},
		Paging:   m.paging(list, place+limit, place+limit < len(messages)),
	}
	for _, message := range m.pages.order.page(messages, place, limit) {
		result.Messages = append(result.Messages, message.shown(r))
	}
	write(w, http.StatusOK, gen.GetChatHistoryResponse{Status: gen.APIResponseStatusTypeOK, Result: &result})
}

func (m operations) GetChatMessage(
	w http.ResponseWriter, r *http.Request, cabinet gen.BusinessID, params gen.GetChatMessageParams,
) {
	chat, ok := m.store.read(cabinet, params.ChatID, exchangeOf(r).asOf)
	if !ok {
		noChat(w, params.ChatID)
		return
	}
	if at := chat.placeOf(params.MessageID); at < len(chat.messages) && chat.messages[at].ID == params.MessageID {
		result := chat.messages[at].shown(r)
		write(w, http.StatusOK, gen.GetChatMessageResponse{Status: gen.APIResponseStatusTypeOK, Result: &result})
		return
	}
	text := fmt.Sprintf("Can't find message by id: '%d' for chat '%d'", params.MessageID, params.ChatID)
	fail(w, http.StatusNotFound, "NOT_FOUND", text)
}

// shown is a message as the Market gives it: one of files alone has no text.
func (m Message) shown(r *http.Request) gen.ChatMessageDTO {
	shown := gen.ChatMessageDTO{MessageID: m.ID, CreatedAt: m.At.In(moscow), Sender: m.Sender, Payload: m.payload(r)}
	if m.Text != "" || m.Files == nil {
		shown.Message = &m.Text
	}
	return shown
}
