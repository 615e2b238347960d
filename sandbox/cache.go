package sandbox

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// maxCached bounds how many answers a Cache keeps; of other addresses it gives the true answer.
const maxCached = 1000

// Cache answers as a cache on the way does that heeds no Cache-Control: the first 200 to a GET is given again to each
// later one of the same address, with its old Date and an Age in seconds, and the Market sees nothing of these. All
// else gets the true answer. Rewrite around it can take Age away, as some caches do. It is meant for Every: it
// remembers.
func Cache() Fault {
	var mu sync.Mutex
	kept := map[string]cached{}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			address := r.URL.String()
			mu.Lock()
			old, found := kept[address]
			mu.Unlock()
			if found && r.Method == http.MethodGet {
				old.answer(w, r)
				return
			}
			truth := &memory{header: http.Header{}}
			next.ServeHTTP(truth, r)
			truth.ServeHTTP(w, r)
			mu.Lock()
			defer mu.Unlock()
			if r.Method == http.MethodGet && truth.status == http.StatusOK && len(kept) < maxCached {
				kept[address] = cached{header: w.Header().Clone(), body: truth.body.Bytes(), at: arrival(r)}
			}
		})
	}
}

type cached struct {
	header http.Header
	body   []byte
	at     time.Time
}

func (c cached) answer(w http.ResponseWriter, r *http.Request) {
	for name, values := range c.header {
		w.Header()[name] = values
	}
	w.Header().Set("Age", strconv.Itoa(int(arrival(r).Sub(c.at).Seconds())))
	if x := exchangeOf(r); x != nil {
		x.ticket.free = true
	}
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(c.body)
}

// arrival is when a request came, by the Market's clock.
func arrival(r *http.Request) time.Time {
	if x := exchangeOf(r); x != nil {
		return x.at
	}
	return time.Now()
}
