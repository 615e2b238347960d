package sandbox

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// callDetails is what the page shows of a call beyond Call: the bodies, and what a repetition of the call needs. They
// are no part of Call, because a Call may be printed into a log, where no text of a message may stand.
type callDetails struct {
	query       string // see shownQuery
	keyHeader   string // "Api-Key" or "Authorization", whichever held the key; empty: neither
	requestType string // media type of the request
	answerType  string // media type of the answer
	request     keptBody
	answer      keptBody
}

const (
	// maxKeptBody bounds what is kept of one body, in bytes. The longest message has 24 KiB when each of its
	// characters is escaped.
	maxKeptBody = 32 << 10
	// maxDetailsBytes bounds what a sandbox remembers of details, in bytes.
	maxDetailsBytes = 32 << 20
)

// keptBody is the beginning of a body.
type keptBody struct {
	text []byte
	size int // of the whole body, as far as it was read or written
}

// Write keeps what fits.
func (k *keptBody) Write(p []byte) (int, error) {
	k.text = append(k.text, p[:min(len(p), maxKeptBody-len(k.text))]...)
	k.size += len(p)
	return len(p), nil
}

// watchedBody keeps the beginning of what is read of a request's body.
type watchedBody struct {
	io.ReadCloser
	kept *keptBody
}

func (b watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	_, _ = b.kept.Write(p[:n]) // it cannot fail
	return n, err
}

// watch has x keep what is read of the request's body.
func (x *exchange) watch(r *http.Request) {
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = watchedBody{r.Body, &x.request}
	}
}

// details are those of a request that was answered.
func (x *exchange) details(r *http.Request) callDetails {
	query, secrets := shownQuery(r.URL.RawQuery, contractOperations()[x.operation].query)
	d := callDetails{
		query:       query,
		requestType: mediaType(r.Header),
		answerType:  mediaType(x.Header()),
		request:     x.request,
		answer:      x.answer,
	}
	key, token := r.Header.Get("Api-Key"), bearer(r.Header)
	if key != "" {
		d.keyHeader = "Api-Key"
	} else if token != "" {
		d.keyHeader = "Authorization"
	}
	for _, secret := range append(secrets, key, token) {
		d.request.hide(secret)
		d.answer.hide(secret) // a refusal cites the value that it refuses
	}
	return d
}

// shortestHidden is how long a secret must be to be hidden, in bytes. A key of a test, such as "k", would hide each k
// of a message.
const shortestHidden = 6

// hide takes a secret out of a body, where it has no business.
func (k *keptBody) hide(secret string) {
	if len(secret) >= shortestHidden {
		k.text = bytes.ReplaceAll(k.text, []byte(secret), []byte("…"))
	}
}

// mediaType is the type in the header Content-Type without its parameters, and empty where there is none.
func mediaType(header http.Header) string {
	name, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	return cut(name, 100)
}

// maxShownQuery bounds a query on the page, in bytes, and the number of its parameters.
const maxShownQuery = 256

// shownQuery is a query with the names of its parameters. Of their values it has the numbers of those that the contract
// declares. Others may be a secret: they are shown as "…", and given back as secrets.
func shownQuery(query string, declared []string) (shown string, secrets []string) {
	var parts []string
	for part := range strings.SplitSeq(query, "&") {
		if len(parts) == maxShownQuery {
			break
		}
		name, value, hasValue := strings.Cut(part, "=")
		name, value = unescaped(name), unescaped(value)
		switch {
		case part == "":
			continue
		case slices.Contains(declared, name) && number.MatchString(value):
			name += "=" + value
		case hasValue:
			name += "=…"
			secrets = append(secrets, value)
		}
		parts = append(parts, name)
	}
	return strings.Clone(shorten(strings.Join(parts, "&"), maxShownQuery)), secrets
}

// unescaped is a part of a query without its escapes, or as it is where they are wrong.
func unescaped(part string) string {
	if plain, err := url.QueryUnescape(part); err == nil {
		return plain
	}
	return part
}

// detailsLog keeps the details of the newest calls, within maxBytes.
type detailsLog struct {
	maxBytes int
	list     []callDetails // oldest first; the last one is of the newest call
	bytes    int
}

func (l *detailsLog) add(d callDetails) {
	l.list = append(l.list, d)
	l.bytes += d.bytes()
	for l.bytes > l.maxBytes && len(l.list) > 1 {
		l.bytes -= l.list[0].bytes()
		l.list[0] = callDetails{}
		l.list = l.list[1:]
	}
}

// bytes is about what details take of memory.
func (d callDetails) bytes() int {
	const each = 250
	return each + len(d.query) + len(d.requestType) + len(d.answerType) + cap(d.request.text) + cap(d.answer.text)
}

// detailsOf gives the details of a call by its number, which counts from 1, unless they are forgotten.
func (m *Market) detailsOf(number int) (d callDetails, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	forgotten := m.calls.total - len(m.details.list)
	if number <= forgotten || number > m.calls.total {
		return callDetails{}, false
	}
	return m.details.list[number-forgotten-1], true
}
