package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// formatError says which part of a notification makes no sense, and never what stands there.
type formatError struct{ part, problem string }

func (e *formatError) Error() string { return e.part + " is " + e.problem }

// reader takes fields out of a JSON object, by their exact names. It keeps the first thing that is wrong. encoding/json
// alone would pass over a field that is missing or null, and take CHATID for chatId.
type reader struct {
	fields map[string]json.RawMessage
	err    *formatError
}

// failed gives the first thing that is wrong, if there is any.
func (r *reader) failed() error {
	if r.err == nil {
		return nil
	}
	return r.err
}

func (r *reader) report(name, problem string) {
	if r.err == nil {
		r.err = &formatError{name, problem}
	}
}

// field gives a field as it is written, and nil when it is missing or null.
func (r *reader) field(name string) json.RawMessage {
	raw, ok := r.fields[name]
	if !ok || string(raw) == "null" {
		r.report(name, "missing")
		return nil
	}
	return raw
}

func (r *reader) integer(name string) int64 {
	raw := r.field(name)
	number, err := strconv.ParseInt(string(raw), 10, 64)
	if raw != nil && err != nil {
		r.report(name, "no integer")
	}
	return number
}

// kind reads the type of the notification.
func (r *reader) kind() NotificationType {
	const name = "notificationType"
	kind := r.text(name)
	if kind == "" {
		r.report(name, "empty")
	}
	return NotificationType(kind)
}

func (r *reader) text(name string) string {
	raw := r.field(name)
	var text string
	if raw != nil && json.Unmarshal(raw, &text) != nil {
		r.report(name, "no string")
	}
	return text
}

// textOrInteger is for the id of a message: a string in notifications, an integer elsewhere in the Market's API.
func (r *reader) textOrInteger(name string) string {
	raw := r.field(name)
	if _, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return string(raw)
	}
	return r.text(name)
}

func (r *reader) time(name string) time.Time {
	at, err := time.Parse(time.RFC3339, r.text(name))
	if err != nil {
		r.report(name, "no date and time with an offset from UTC")
	}
	return at
}

// keyOf makes a key of what an event is known by. It has a fixed length, whatever that holds.
func keyOf(parts ...any) string {
	sum := sha256.Sum256([]byte(fmt.Sprintln(parts...))) // with spaces between them: of chat 7, message 12 is not 71, 2
	return hex.EncodeToString(sum[:])
}
