package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ymarket-go/chats/notify"
)

// eventLine is an event for people: its type, and its fields with the ids first. What came from outside is printed so
// that it moves no cursor of a terminal.
func eventLine(at time.Time, kind notify.NotificationType, body json.RawMessage) string {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(body, &fields) // the handler has done so before
	delete(fields, "notificationType")
	names := slices.Sorted(maps.Keys(fields))
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	parts := []string{at.Format(time.TimeOnly), brief(string(kind))}
	for _, name := range names {
		value := string(fields[name])
		var text string
		if json.Unmarshal(fields[name], &text) == nil && text != "" {
			value = text
		}
		parts = append(parts, brief(name)+" "+brief(value))
	}
	return strings.Join(parts, "  ")
}

// rank puts what is asked for most first.
func rank(name string) int {
	first := []string{"chatId", "messageId", "businessId"}
	if i := slices.Index(first, name); i >= 0 {
		return i
	}
	return len(first)
}

// brief keeps a value from filling the screen.
func brief(value string) string {
	const longest = 200
	if len(value) <= longest {
		return printable(value)
	}
	return fmt.Sprintf("%s… (%d bytes)", printable(value[:longest]), len(value))
}
