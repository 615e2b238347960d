package har

import (
	"encoding/json"
	"fmt"
	"time"
)

// Entry is a request and its answer, as a file holds them.
type Entry struct {
	Number  int       // from 1
	Line    int       // where it begins, from 1
	Started time.Time // zero: not recorded
	URL     string    // "": not recorded

	request  members
	response json.RawMessage
}

// members are those of an object that nobody has looked at yet. In other traffic they may be of any type.
type members map[string]json.RawMessage

// newEntry looks at no more than is needed to tell whose traffic an entry is.
func newEntry(number, line int, raw json.RawMessage) *Entry {
	var entry struct {
		Started  json.RawMessage `json:"startedDateTime"`
		Request  json.RawMessage `json:"request"`
		Response json.RawMessage `json:"response"`
	}
	_ = json.Unmarshal(raw, &entry) // whatever has another form is left out
	e := &Entry{Number: number, Line: line, response: entry.Response}
	_ = json.Unmarshal(entry.Request, &e.request)
	_ = json.Unmarshal(e.request["url"], &e.URL)
	var started string
	_ = json.Unmarshal(entry.Started, &started)
	e.Started = instant(started)
	return e
}

// instant reads a time as recorders write it: the offset comes with and without a colon.
func instant(text string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t
		}
	}
	return time.Time{}
}

// get reads a member into a variable, which stays as it is where there is none, or null. part is what the error calls
// the object.
func (m members) get(part, name string, into any) error {
	raw, ok := m[name]
	if !ok {
		return nil
	}
	if json.Unmarshal(raw, into) != nil {
		return fmt.Errorf("%s.%s is not of the type that HAR gives it", part, name)
	}
	return nil
}
