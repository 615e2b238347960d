package notify

import (
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// New makes the http.Handler that takes the Market's notifications. It answers as the table of the package says, and is
// safe for concurrent use.
//
// The product is the name and the version of the program, "my-shop/1.4.0", 1 to 100 characters each; the Market asks
// for both in every answer. from says who may send; see Source. The error says what is wrong with an argument, and
// what is allowed.
func New(product string, from Source, events Events, opts ...Option) (http.Handler, error) {
	name, version, err := splitProduct(product)
	if err != nil {
		return nil, err
	}
	if from == nil {
		return nil, errors.New("notify: the source is nil, allowed is one of Direct, Behind, From, Anywhere, or your own")
	}
	h := &handler{name: name, version: version, from: from, events: events,
		flights: map[string]*flight{}}
	for _, opt := range opts {
		if opt == nil {
			return nil, errors.New("notify: an option is nil")
		}
		if err := opt(h); err != nil {
			return nil, err
		}
	}
	return h, nil
}

func splitProduct(product string) (name, version string, err error) {
	name, version, _ = strings.Cut(product, "/")
	if !nameable(name) || !nameable(version) {
		const allowed = "allowed is NAME/VERSION, printable, 1 to 100 characters each"
		return "", "", fmt.Errorf("notify: the product is %.220q, %s", product, allowed)
	}
	return name, version, nil
}

func nameable(text string) bool {
	length := utf8.RuneCountInString(text)
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) }
	return 1 <= length && length <= 100 && utf8.ValidString(text) && !strings.ContainsFunc(text, unprintable)
}

type handler struct {
	name, version string
	from          Source
	events        Events
	seen          Seen         // nil: every event is new
	logger        *slog.Logger // nil: refusals and failures go to slog.Default()

	mu      sync.Mutex
	flights map[string]*flight // the events in work, by key
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	kind, outcome := h.take(w, r)
	h.answer(w, began, outcome)
	h.log(r, kind, outcome)
}

// take gives the type of a notification, as far as it could be read, and what came of it.
func (h *handler) take(w http.ResponseWriter, r *http.Request) (NotificationType, outcome) {
	switch allowed, err := h.allowed(r); {
	case err != nil:
		unchecked := failure(http.StatusInternalServerError, "the sender could not be checked")
		unchecked.cause = err
		return "", unchecked
	case !allowed:
		return "", refused
	}
	if r.Method != http.MethodPost {
		return "", notPost
	}
	body, err := readBody(w, r)
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return "", malformed(&formatError{"the body", "larger than 1 MiB"})
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, new(flate.CorruptInputError)):
		return "", malformed(&formatError{"the body", "no gzip"})
	case err != nil:
		return "", brokenOff
	}
	event, err := h.events.read(body)
	if err != nil {
		return "", malformed(err)
	}
	done := taken
	if event.kind != NotificationTypePing && event.call != nil {
		done = h.process(r.Context(), event)
	}
	if event.problem != nil && done.cause == nil {
		done.cause = event.problem
	}
	return event.kind, done
}

// allowed asks the Source, which may panic as any function of the shop's.
func (h *handler) allowed(r *http.Request) (ok bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicked{fmt.Sprintf("%T", p), debug.Stack()}
		}
	}()
	return h.from(r), nil
}

const (
	maxBody  = 1 << 20         // bytes, packed and unpacked
	bodyTime = 9 * time.Second // the Market waits for an answer for 10 s
)

// readBody bounds the size of a body, and the time to read it where the server can do that. net/http takes the deadline
// back when the body is whole. Otherwise it stays, so that the server does not wait for the rest.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime))
	packed := http.MaxBytesReader(w, r.Body, maxBody)
	if !strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip") {
		return io.ReadAll(packed)
	}
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(http.MaxBytesReader(w, unpacked, maxBody))
}
