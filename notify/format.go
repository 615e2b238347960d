package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
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

// integer reads an id. The Market's API writes ids as integers; some of its notifications have them as texts, and tools
// in between write 7 as 7.0.
func (r *reader) integer(name string) int64 {
	raw := r.field(name)
	if raw == nil {
		return 0
	}
	text := string(raw)
	_ = json.Unmarshal(raw, &text) // of a number it fails, and the text stays as it is written
	whole, fraction, _ := strings.Cut(text, ".")
	number, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || strings.Trim(fraction, "0") != "" {
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

// messageID reads the id of a message: a string in notifications, an integer elsewhere in the Market's API. A text that
// is no number is kept as it is.
func (r *reader) messageID() string {
	const name = "messageId"
	raw := r.field(name)
	if raw == nil || raw[0] == '"' {
		return r.text(name)
	}
	return strconv.FormatInt(r.integer(name), 10)
}

// layouts are the forms in which times come: the first is that of the contract.
var layouts = []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00", "2006-01-02T15:04Z0700"}

// time reads when something happened. An event without it is worth as much, so a time that is missing, that cannot be
// read or that has no offset is zero.
func (r *reader) time(name string) time.Time {
	var text string
	_ = json.Unmarshal(r.fields[name], &text)
	for _, layout := range layouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at
		}
	}
	return time.Time{}
}

// timeKey is the part of a key that a time makes: the moment, however it is written, and otherwise what is there.
func (r *reader) timeKey(name string) any {
	if at := r.time(name); !at.IsZero() {
		return at.UnixNano()
	}
	return string(r.fields[name])
}

// keyOf makes a key of what an event is known by. It has a fixed length, whatever that holds.
func keyOf(parts ...any) string {
	sum := sha256.Sum256([]byte(fmt.Sprintln(parts...))) // with spaces between them: of chat 7, message 12 is not 71, 2
	return hex.EncodeToString(sum[:])
}
