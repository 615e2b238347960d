package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/ymarket-go/chats/gen"
)

// Proxy answers with a page as a proxy between a shop and the Market does, and nothing happens in the sandbox; with
// CommitThen around it the message is in the chat, whatever the proxy says: 404, 408, 499 (the client of the proxy gave
// up), 502, 504. Nothing of the answer is the Market's: there is no traceparent, and no quota. An empty page has no
// Content-Type. It panics when status is not one of 200 to 999.
func Proxy(status int, page string) Fault {
	header := http.Header{
		"Content-Type":                   {"text/html"},
		"Traceparent":                    nil,
		"X-Ratelimit-Resource-Limit":     nil,
		"X-Ratelimit-Resource-Remaining": nil,
		"X-Ratelimit-Resource-Until":     nil,
	}
	if page == "" {
		header["Content-Type"] = nil
	}
	return Answer(status, header, page)
}

// ProxyPage is what common proxies say with a status.
func ProxyPage(status int) string {
	title := fmt.Sprint(status, " ", http.StatusText(status))
	return "<html><head><title>" + title + "</title></head><body><center><h1>" + title + "</h1></center></body></html>"
}

// Cached answers getChat out of a cache that asked the sandbox so long ago, by its clock: with the chat as it
// was then, the Date of then, and Age. Of a chat that did not exist then it has the first moment. Answers that are not
// a chat, and other operations, stay as they are. It panics when age is below 0.
func Cached(age time.Duration) Fault {
	mustNotBeNegative("Cached", int(age))
	return earlier(age, func(header http.Header, date time.Time, age time.Duration) {
		header.Set("Date", date.Add(-age).UTC().Format(http.TimeFormat))
		header.Set("Age", strconv.Itoa(int(age/time.Second)))
	})
}

// Lagging answers getChat from a machine that is behind by so much: with the chat as it was then, and nothing that
// tells it. So does a cache that hides what it is. Otherwise it is as Cached.
func Lagging(by time.Duration) Fault {
	mustNotBeNegative("Lagging", int(by))
	return earlier(by, func(http.Header, time.Time, time.Duration) {})
}

// earlier gives a chat as it was, and lets tell set the headers. age is less than ago for a chat that is younger.
func earlier(ago time.Duration, tell func(header http.Header, date time.Time, age time.Duration)) Fault {
	return onceKnown(func(w http.ResponseWriter, r *http.Request, status int, body []byte) {
		var answer gen.GetChatResponse
		x := exchangeOf(r)
		if x != nil && status == http.StatusOK && json.Unmarshal(body, &answer) == nil && isChat(answer.Result) {
			now := x.market.now()
			age := min(ago, max(now.Sub(answer.Result.CreatedAt), 0))
			rewind(answer.Result, x.market.Messages(answer.Result.ChatID), now.Add(-age))
			tell(w.Header(), now, age)
			body, _ = json.Marshal(answer)
		}
		w.WriteHeader(status)
		_, _ = w.Write(body)
	})
}

// isChat tells a chat from what createChat gives, which has an id alone.
func isChat(result *gen.GetChatInfoDTO) bool { return result != nil && !result.CreatedAt.IsZero() }

// rewind sets what getChat tells of a chat to what it was at that time.
func rewind(chat *gen.GetChatInfoDTO, messages []Message, at time.Time) {
	chat.UpdatedAt, chat.Status = chat.CreatedAt, gen.ChatStatusTypeNew
	for _, message := range messages {
		if message.At.After(at) {
			return
		}
		chat.UpdatedAt, chat.Status = message.At.In(moscow), gen.ChatStatusTypeWaitingForCustomer
		if message.FromBuyer {
			chat.Status = gen.ChatStatusTypeWaitingForPartner
		}
	}
}
