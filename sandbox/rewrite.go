package sandbox

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"time"
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
