package sandbox

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/ymarket-go/chats/gen"
)

// Rewrite gives the true answer, with another status, other headers or another body: rewrite may change all of them. It
// is called once for each request, at times for several at once.
func Rewrite(rewrite func(status int, header http.Header, body []byte) (int, []byte)) Fault {
	return onceKnown(func(w http.ResponseWriter, _ *http.Request, status int, body []byte) {
		status, body = rewrite(status, w.Header(), body)
		w.WriteHeader(status)
		_, _ = w.Write(body)
	})
}

// ContentType gives the true answer under another content type.
func ContentType(contentType string) Fault {
	return Rewrite(func(status int, header http.Header, body []byte) (int, []byte) {
		header.Set("Content-Type", contentType)
		return status, body
	})
}

// Unknown gives the true answer as a later Market might: each enum has a value that nobody knows, each object a field.
func Unknown() Fault {
	return Rewrite(func(status int, _ http.Header, body []byte) (int, []byte) {
		var value any
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber() // an id must not go through a float
		_ = decoder.Decode(&value)
		if envelope, ok := value.(map[string]any); ok {
			later(envelope["result"])
			envelope["laterField"] = map[string]any{"a": []any{1}}
		}
		body, _ = json.Marshal(value)
		return status, body
	})
}

func later(value any) {
	object, ok := value.(map[string]any)
	if !ok {
		return
	}
	for name, member := range object {
		if _, isText := member.(string); isText && (name == "type" || name == "status") {
			object[name] = "LATER_VALUE"
		}
		later(member)
	}
	object["laterField"] = "x"
}

// DuplicateKeys gives the true answer with each name of its outer object twice.
func DuplicateKeys() Fault {
	return Rewrite(func(status int, _ http.Header, body []byte) (int, []byte) {
		inner := bytes.TrimSuffix(bytes.TrimPrefix(bytes.TrimSpace(body), []byte("{")), []byte("}"))
		return status, append(append(append([]byte("{"), inner...), ','), append(inner, '}')...)
	})
}

// Truncate gives the true answer up to this many bytes of its body, 0 or more, and cuts the connection there. A shorter
// answer stays whole. It panics when bytes is below 0.
func Truncate(bytes int) Fault {
	mustNotBeNegative("Truncate", bytes)
	return onceKnown(func(w http.ResponseWriter, _ *http.Request, status int, body []byte) {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(status)
		_, _ = w.Write(body[:min(bytes, len(body))])
		if bytes >= len(body) {
			return
		}
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
}

// Drip gives the true answer byte by byte, with a pause before each. It ends with the request. By RoundTripper the
// answer comes when its last byte has come.
func Drip(pause time.Duration) Fault {
	return onceKnown(func(w http.ResponseWriter, r *http.Request, status int, body []byte) {
		w.WriteHeader(status)
		for i := range body {
			select {
			case <-time.After(pause):
			case <-r.Context().Done():
				panic(http.ErrAbortHandler)
			}
			_, _ = w.Write(body[i : i+1])
			_ = http.NewResponseController(w).Flush()
		}
	})
}

// CloseAfter gives the true answer and closes the connection then, where WithKeepAlive would keep it.
func CloseAfter() Fault {
	return Rewrite(func(status int, header http.Header, body []byte) (int, []byte) {
		header.Set("Connection", "close")
		return status, body
	})
}

// Cached answers getChat out of a cache that read it from the sandbox so long ago, by its clock: with the chat as it
// was then, the Date of then, and Age. Of a chat that did not exist then it has the first moment. Answers that are not
// a chat, and other operations, stay as they are. It panics when age is below 0.
func Cached(age time.Duration) Fault {
	mustNotBeNegative("Cached", int(age))
	return earlier(age, func(header http.Header, date time.Time, age time.Duration) {
		header.Set("Date", date.Add(-age).UTC().Format(http.TimeFormat))
		header.Set("Age", strconv.Itoa(int(age/time.Second)))
	})
}

// Lagging answers getChat from a machine that is behind by so much: with the chat as it was then, and no sign
// of it. So does a cache that hides what it is. Otherwise it is as Cached.
func Lagging(by time.Duration) Fault {
	mustNotBeNegative("Lagging", int(by))
	return earlier(by, func(http.Header, time.Time, time.Duration) {})
}

// earlier gives a chat as it was, and lets mark set the headers. age is less than ago for a chat that is younger.
func earlier(ago time.Duration, mark func(header http.Header, date time.Time, age time.Duration)) Fault {
	return onceKnown(func(w http.ResponseWriter, r *http.Request, status int, body []byte) {
		var answer gen.GetChatResponse
		x := exchangeOf(r)
		if x != nil && status == http.StatusOK && json.Unmarshal(body, &answer) == nil && isChat(answer.Result) {
			now := x.market.now()
			age := min(ago, max(now.Sub(answer.Result.CreatedAt), 0))
			rewind(answer.Result, x.market.Messages(answer.Result.ChatID), now.Add(-age))
			mark(w.Header(), now, age)
			body, _ = json.Marshal(answer)
		}
		w.WriteHeader(status)
		_, _ = w.Write(body)
	})
}

// isChat is false for what createChat gives, which has an id alone.
func isChat(result *gen.GetChatInfoDTO) bool { return result != nil && !result.CreatedAt.IsZero() }

// rewind sets a chat to what getChat would have given at that time.
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

// onceKnown waits for the true answer, whose headers stand in w already.
func onceKnown(answer func(w http.ResponseWriter, r *http.Request, status int, body []byte)) Fault {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			truth := &memory{header: http.Header{}}
			next.ServeHTTP(truth, r)
			maps.Copy(w.Header(), truth.header)
			answer(w, r, truth.status, truth.body.Bytes())
		})
	}
}
