package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/ymarket-go/chats/gen"
)

func (m operations) GetChats(w http.ResponseWriter, r *http.Request, cabinet gen.BusinessID, params gen.GetChatsParams) {
	var filter gen.GetChatsRequest
	if !m.read(w, r, &filter) {
		return
	}
	var chats []chat
	for _, c := range m.store.all() {
		then, ok := c.asOf(exchangeOf(r).asOf)
		if ok && c.about.cabinet == cabinet && fits(then, filter) {
			chats = append(chats, then)
		}
	}
	slices.SortFunc(chats, func(a, b chat) int { return cmp.Compare(b.latest(), a.latest()) })
	var found []gen.GetChatInfoDTO
	for _, c := range chats {
		found = append(found, c.info())
	}
	page, paging, ok := pageOf(found, params.PageToken, orElse(params.Limit, 10))
	if !ok {
		badPageToken(w)
		return
	}
	result := gen.GetChatsInfoDTO{Chats: page, Paging: paging}
	write(w, http.StatusOK, gen.GetChatsResponse{Status: gen.APIResponseStatusTypeOK, Result: &result})
}

// fits is whether a chat fits every part of a filter that is there.
func fits(c chat, filter gen.GetChatsRequest) bool {
	context := c.about.full()
	return contains(filter.OrderIds, orElse(context.OrderID, 0)) &&
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
	var found []gen.ChatMessageDTO
	for _, message := range chat.messages {
		if message.ID >= orElse(from.MessageIDFrom, 0) {
			found = append(found, message.shown())
		}
	}
	slices.SortFunc(found, func(a, b gen.ChatMessageDTO) int { return cmp.Compare(b.MessageID, a.MessageID) })
	page, paging, ok := pageOf(found, params.PageToken, orElse(params.Limit, 50))
	if !ok {
		badPageToken(w)
		return
	}
	result := gen.ChatMessagesResultDTO{Context: chat.about.full(), Messages: page, Paging: paging}
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
	for _, message := range chat.messages {
		if message.ID == params.MessageID {
			result := message.shown()
			write(w, http.StatusOK, gen.GetChatMessageResponse{Status: gen.APIResponseStatusTypeOK, Result: &result})
			return
		}
	}
	text := fmt.Sprintf("Can't find message by id: '%d' for chat '%d'", params.MessageID, params.ChatID)
	fail(w, http.StatusNotFound, "NOT_FOUND", text)
}

// shown is a message as the Market gives it.
func (m Message) shown() gen.ChatMessageDTO {
	return gen.ChatMessageDTO{MessageID: m.ID, CreatedAt: m.At.In(moscow), Sender: m.Sender, Message: &m.Text}
}

// pageOf cuts a page out of a list. Its token is where it begins.
func pageOf[T any](all []T, token *string, limit int32) (page []T, paging *gen.ForwardScrollingPagerDTO, ok bool) {
	first := 0
	if orElse(token, "") != "" {
		var err error
		if first, err = strconv.Atoi(*token); err != nil || first < 0 {
			return nil, nil, false
		}
	}
	all = all[min(first, len(all)):]
	page = append([]T{}, all[:min(len(all), int(limit))]...)
	paging = &gen.ForwardScrollingPagerDTO{}
	if len(page) < len(all) {
		next := strconv.Itoa(first + len(page))
		paging.NextPageToken = &next
	}
	return page, paging, true
}

func badPageToken(w http.ResponseWriter) {
	fail(w, http.StatusBadRequest, "BAD_REQUEST", "Invalid page token")
}
