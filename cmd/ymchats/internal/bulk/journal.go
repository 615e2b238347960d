package bulk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"
)

// What a line of the journal tells.
const (
	whatRun  = "run"
	whatChat = "chat"
	begun    = "begin" // the text may have been sent from now on
)

// States of a row.
const (
	Sent    = "sent"
	Already = "already" // the shop had written the text into the chat before
	Doubt   = "doubt"   // it is open whether the buyer has the text
	Failed  = "failed"
	Left    = "left"    // the run ended before the row
	Changed = "changed" // its order was sent another text, and --changed is skip
)

// line is a line of the journal. Each kind of line has some of the fields.
type line struct {
	What    string    `json:"what"`
	At      time.Time `json:"at"`
	Version int       `json:"version,omitempty"`
	Host    string    `json:"host,omitempty"`
	Cabinet int64     `json:"cabinet,omitempty"`
	Key     string    `json:"key,omitempty"`
	Kind    string    `json:"kind,omitempty"` // with id: what the chat is found by
	ID      int64     `json:"id,omitempty"`
	Chat    int64     `json:"chat,omitempty"`
	After   int64     `json:"after,omitempty"` // the newest message of the chat before the send; 0: there was none
	Text    string    `json:"text,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	Todo    string    `json:"todo,omitempty"`
	Written time.Time `json:"written,omitzero"` // when the text was written, by the Market's clock
}

// version is that of the journal's form.
const version = 1

// entry is what the journal knows of a row.
type entry struct {
	begin  line // of the last send; zero: the text was never sent
	last   line
	number int // of the last line
}

// isOpen tells that the text may have been sent, and that nothing tells whether it was.
func (e *entry) isOpen() bool { return e != nil && (e.last.What == begun || e.last.What == Doubt) }

func (e *entry) isDone() bool { return e != nil && (e.last.What == Sent || e.last.What == Already) }

// Journal tells what was done with the rows of a file, across runs. It is safe for concurrent use.
type Journal struct {
	path    string
	host    string
	cabinet int64

	mu      sync.Mutex
	file    *os.File // nil: it is only read
	broken  error    // why nothing more is written
	entries map[string]*entry
	chats   map[string]int64 // by what they are about
	lines   int
}

// ErrLocked says that another run has the journal.
var ErrLocked = errors.New("another run is using it: wait for its end")

// OpenJournal reads the journal of former runs, or makes one, and locks it until Close.
func OpenJournal(path, host string, cabinet int64) (*Journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if failed := new(fs.PathError); errors.As(err, &failed) {
		return nil, fmt.Errorf("it cannot be written: %v", failed.Err) // of a directory that is missing, too
	}
	j, err := openJournal(f, host, cabinet)
	if err != nil {
		f.Close()
		return nil, err
	}
	return j, nil
}

func openJournal(f *os.File, host string, cabinet int64) (*Journal, error) {
	if err := lock(f); err != nil {
		return nil, err
	}
	j, whole, err := readJournal(f.Name(), host, cabinet)
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(whole); err != nil { // a line that a crash has torn, of which nothing was done yet
		return nil, err
	}
	if _, err := f.Seek(whole, 0); err != nil {
		return nil, err
	}
	j.file = f
	return j, nil
}

// begin writes that a run begins.
func (j *Journal) begin() error {
	return j.write(line{What: whatRun, Version: version, Host: j.host, Cabinet: j.cabinet})
}

// ReadJournal reads the journal of former runs, if there is one, and writes nothing.
func ReadJournal(path, host string, cabinet int64) (*Journal, error) {
	j, _, err := readJournal(path, host, cabinet)
	return j, err
}

func readJournal(path, host string, cabinet int64) (j *Journal, whole int64, err error) {
	j = &Journal{path: path, host: host, cabinet: cabinet, entries: map[string]*entry{}, chats: map[string]int64{}}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, 0, err
	}
	for rest := text; len(rest) > 0; {
		written, after, ended := bytes.Cut(rest, []byte("\n"))
		var l line
		switch err := json.Unmarshal(written, &l); {
		case j.lines == 0 && !bytes.HasPrefix(written, []byte(`{"what":"run"`)):
			return nil, 0, errors.New("it is no journal")
		case !ended, err != nil && len(after) == 0:
			return j, whole, nil
		case err != nil:
			return nil, 0, fmt.Errorf("line %d is damaged", j.lines+1)
		}
		j.lines++
		if err := j.replay(l); err != nil {
			return nil, 0, err
		}
		whole += int64(len(written)) + 1
		rest = after
	}
	return j, whole, nil
}

// replay takes in a line.
func (j *Journal) replay(l line) error {
	switch l.What {
	case whatRun:
		if l.Version != version || l.Host != j.host || l.Cabinet != j.cabinet {
			return fmt.Errorf("line %d is of a run of version %d to %s, cabinet %d, and this one is of version %d to %s, "+
				"cabinet %d: give another --journal", j.lines, l.Version, l.Host, l.Cabinet, version, j.host, j.cabinet)
		}
		return nil
	case whatChat:
		j.chats[aboutOf(l.Kind, l.ID)] = l.Chat
		return nil
	case begun, Sent, Already, Doubt, Failed, Left:
	default:
		return fmt.Errorf("line %d is of no known kind", j.lines)
	}
	e := j.entries[l.Key]
	if e == nil {
		e = &entry{}
		j.entries[l.Key] = e
	}
	e.number, e.last = j.lines, l
	if l.What == begun {
		e.begin = l
	}
	return nil
}

// write adds a line, and makes sure of one that has to outlive this machine's crash. After a failure nothing more is
// written: what would follow half a line could not be read.
func (j *Journal) write(l line) error {
	l.At = time.Now()
	written, err := json.Marshal(l)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken != nil {
		return j.broken
	}
	if _, err = j.file.Write(append(written, '\n')); err == nil && l.What == begun {
		err = j.file.Sync()
	}
	if err != nil {
		j.broken = &JournalError{j.path, err}
		return j.broken
	}
	j.lines++
	return j.replay(l)
}

// JournalError says that the journal cannot be written. Nothing may be sent then.
type JournalError struct {
	Path string
	Err  error
}

func (e *JournalError) Error() string { return e.Path + ": it cannot be written: " + e.Err.Error() }

func (e *JournalError) Unwrap() error { return e.Err }

// entry gives what is known of a row, as it is now; nil: nothing.
func (j *Journal) entry(key string) *entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	if e := j.entries[key]; e != nil {
		now := *e
		return &now
	}
	return nil
}

// chat gives the chat that was found for a row; 0: none yet.
func (j *Journal) chat(r *Row) int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	if r.Kind == Chat {
		return r.ID
	}
	return j.chats[r.About()]
}

// textsOf are the texts that may have been sent into a chat.
func (j *Journal) textsOf(chatID int64) (texts []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.entries {
		if e.begin.Chat == chatID {
			texts = append(texts, e.begin.Text)
		}
	}
	return texts
}

// Close ends the lock.
func (j *Journal) Close() error {
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}
