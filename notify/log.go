package notify

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
)

var (
	loggableType  = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,63}$`)
	loggableTrace = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)
)

// log writes a line for a request. What came from outside stands in it only in a form that can hold no text.
func (h *handler) log(r *http.Request, kind NotificationType, o outcome) {
	attrs := []slog.Attr{slog.Int("status", o.status)}
	if loggableType.MatchString(string(kind)) {
		attrs = append(attrs, slog.String("type", string(kind)))
	}
	if trace := r.Header.Get("Traceparent"); loggableTrace.MatchString(trace) {
		attrs = append(attrs, slog.String("traceparent", trace))
	}
	if o.repeat {
		attrs = append(attrs, slog.Bool("repeat", true))
	}
	if o.message != "" {
		attrs = append(attrs, slog.String("reason", o.message))
	}
	switch cause := o.cause.(type) {
	case nil:
	case *formatError:
		attrs = append(attrs, slog.String("reason", cause.Error()))
	case *panicked:
		attrs = append(attrs, slog.String("error", typesOf(cause)), slog.String("panic", cause.kind),
			slog.String("stack", string(cause.stack)))
	default:
		attrs = append(attrs, slog.String("error", typesOf(cause)))
	}
	if o.status == http.StatusForbidden {
		attrs = append(attrs, slog.String("sender", loggableAddress(r.RemoteAddr)),
			slog.Bool("forwarded", len(r.Header.Values("X-Forwarded-For")) > 0))
	}
	level := slog.LevelWarn
	switch {
	case o.status == http.StatusInternalServerError:
		level = slog.LevelError
	case o.status == http.StatusOK && o.cause == nil:
		level = slog.LevelInfo
	}
	logger := h.logger
	if logger == nil {
		if level == slog.LevelInfo {
			return
		}
		logger = slog.Default()
	}
	logger.LogAttrs(r.Context(), level, "notification", attrs...)
}

// loggableAddress is the IP address of a connection's other end, without its port.
func loggableAddress(remote string) string {
	ip, ok := address(remote)
	switch {
	case ok:
		return ip.String()
	case isUnixSocket(remote):
		return "a unix socket"
	}
	return "unreadable"
}

// typesOf names the types of an error and of what it wraps: its text may hold a buyer's name or message. The methods of
// a nil pointer may panic: the types until then are named.
func typesOf(err error) (types string) {
	defer func() { _ = recover() }()
	for n := 0; err != nil && n < 10; n++ {
		if n > 0 {
			types += ": "
		}
		types += fmt.Sprintf("%T", err)
		err = errors.Unwrap(err)
	}
	return types
}
