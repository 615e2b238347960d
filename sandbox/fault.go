package sandbox

import (
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Fault stands between a request and the sandbox's true answer, which is next: it may leave it out, change it, or let
// it happen and say something else. Faults compose, as some take others. Those below cover what was met in the wild; a
// test can write its own.
type Fault func(next http.Handler) http.Handler

// or is the true answer for a nil Fault.
func (f Fault) or(next http.Handler) http.Handler {
	if f == nil {
		return next
	}
	return f(next)
}

// Answer gives this answer, and nothing happens in the sandbox. The headers of the Market stand in it unless header
// sets others; a header with no values is left out. It panics when status is not one of 200 to 999.
func Answer(status int, header http.Header, body string) Fault {
	if status < 200 || status > 999 {
		panic(fmt.Sprintf("sandbox: the status is %d, allowed is 200 to 999", status))
	}
	return instead(func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range header {
			w.Header()[http.CanonicalHeaderKey(name)] = values
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// Fail answers with an error as the Market writes it, and nothing happens in the sandbox. It panics when status is not
// one of 200 to 999.
func Fail(status int, code, message string) Fault {
	return Answer(status, nil, errorBody(code, message))
}

// HTML answers with a page, as a proxy in front of the Market does. It panics when status is not one of 200 to 999.
func HTML(status int) Fault {
	return Answer(status, http.Header{"Content-Type": {"text/html"}},
		"<!doctype html><title>Error</title><h1>Something went wrong</h1>")
}

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

// Redirect answers 302 with another address, and nothing happens in the sandbox.
func Redirect(url string) Fault {
	return Answer(http.StatusFound, http.Header{"Location": {url}}, "")
}

// QuotaUsedUp answers 420: the quota is used up, for this long by the clock of the answer. HTTP dates have whole
// seconds, so left is rounded up. The sandbox's own count knows nothing of it: the next request goes through.
func QuotaUsedUp(left time.Duration) Fault {
	return instead(func(w http.ResponseWriter, r *http.Request) {
		at, perHour, operation := time.Now(), quotaOfNoOperation, "chats"
		if x := exchangeOf(r); x != nil {
			at, perHour, operation = x.at, x.ticket.window.limit, x.operation
		}
		until := at.Truncate(time.Second).Add((left + time.Second - 1).Truncate(time.Second))
		w.Header().Set("X-RateLimit-Resource-Limit", strconv.Itoa(perHour))
		w.Header().Set("X-RateLimit-Resource-Remaining", "0")
		w.Header().Set("X-RateLimit-Resource-Until", until.UTC().Format(http.TimeFormat))
		fail(w, statusMethodFailure, "METHOD_FAILURE", usedUpText(perHour, operation, r.PathValue("businessId")))
	})
}

// TooMany answers 420: too many requests at once. It costs one of the quota, as each 420, but never the last one: the
// answer says that the quota is not used up, and the next request goes through.
func TooMany() Fault {
	return instead(func(w http.ResponseWriter, r *http.Request) {
		parallel := 4
		if x := exchangeOf(r); x != nil {
			parallel = x.market.limits.parallel
			x.ticket.spareLast = true
		}
		fail(w, statusMethodFailure, "METHOD_FAILURE", tooManyText(parallel, r.PathValue("businessId")))
	})
}

// GzipBomb answers 200 with a body that is small on the wire and unpacks to this many bytes, 0 or more. It panics when
// size is below 0.
func GzipBomb(size int) Fault {
	mustNotBeNegative("GzipBomb", size)
	return instead(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusOK)
		packer := gzip.NewWriter(w)
		_, _ = io.CopyN(packer, zeros{}, int64(size))
		_ = packer.Close()
	})
}

func mustNotBeNegative[N int | time.Duration](fault string, n N) {
	if n < 0 {
		panic(fmt.Sprintf("sandbox: %s is given %v, allowed is 0 and above", fault, n))
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// Abort cuts the connection before an answer, and nothing happens in the sandbox.
func Abort() Fault {
	return instead(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
}

// Refuse answers as if nothing listened: the request never left the client. Only RoundTripper can do that; over a
// socket the connection is cut before an answer. Script and Every panic when it is set within CommitThen, as what never
// left cannot have happened: a client that sends it again would be right, and the message twice in the chat.
func Refuse() Fault {
	return notCommitted("Refuse", "Abort", func(http.Handler) http.Handler { return refusal{} })
}

type refusal struct{}

func (refusal) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	if x := exchangeOf(r); x != nil {
		if m, ok := x.ResponseWriter.(*memory); ok {
			m.refused = true
		}
	}
	panic(http.ErrAbortHandler)
}

// CommitThen lets the request happen in the sandbox, once, and then another Fault answers; what that takes for the true
// answer is the one of that request. CommitThen(Delay(d, nil)) answers late what happened at once,
// Delay(d, CommitThen(f)) lets it happen late. It panics when the Fault is nil.
func CommitThen(answer Fault) Fault {
	if answer == nil {
		panic("sandbox: CommitThen is given nil, allowed is a Fault")
	}
	return askable(func(q *inquiry) {
		q.committed = true
		q.ask(answer)
	}, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			truth := &memory{header: http.Header{}}
			next.ServeHTTP(truth, r)
			answer(truth).ServeHTTP(w, r)
		})
	})
}

// Delay waits before what another Fault does; nil is the true answer. It ends with the request: when the client gives
// up meanwhile, nothing happens in the sandbox.
func Delay(by time.Duration, then Fault) Fault {
	return around(then, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(by):
			case <-r.Context().Done():
				panic(http.ErrAbortHandler)
			}
			then.or(next).ServeHTTP(w, r)
		})
	})
}

// After lets a number of requests through before another Fault sets in, for good; 0 or less lets none through. It is
// meant for Every: it counts.
func After(requests int, then Fault) Fault {
	var mu sync.Mutex
	return around(then, func(next http.Handler) http.Handler {
		mu.Lock()
		defer mu.Unlock()
		if requests--; requests >= 0 {
			return next
		}
		return then.or(next)
	})
}

// Sometimes lets another Fault act with a probability of 0 to 1; otherwise the request gets the true answer. Equal
// seeds give equal sequences. It is meant for Every. It panics when the probability is not one.
func Sometimes(probability float64, seed uint64, then Fault) Fault {
	if !(probability >= 0 && probability <= 1) {
		panic(fmt.Sprintf("sandbox: the probability is %v, allowed is 0 to 1", probability))
	}
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 0))
	return around(then, func(next http.Handler) http.Handler {
		mu.Lock()
		defer mu.Unlock()
		if random.Float64() >= probability {
			return next
		}
		return then.or(next)
	})
}

func instead(answer http.HandlerFunc) Fault {
	return func(http.Handler) http.Handler { return answer }
}
