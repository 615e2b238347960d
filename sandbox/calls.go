package sandbox

import (
	"math"
	"time"

	"github.com/ymarket-go/chats/api"
)

// Call is a request that the sandbox got, and what became of it.
type Call struct {
	At          time.Time // by the sandbox's clock
	Operation   string    // operationId; empty when the request fits none
	Method      string    // GET or POST, or what else was tried: its first 16 bytes
	Path        string    // its first 256 bytes
	Query       string    // what the contract declares of it, where it is a number: "chatId=7000001"; no secret is
	Status      int       // 0: the connection was cut before an answer
	Verdict     error     // nil when the request keeps the contract; else api.Violations lists up to 100 breaches
	TraceParent string    // the header of the answer
	ChatID      int64     // the chat that the query names, or that the request has opened; 0: none
	MessageID   int64     // the message that the request has stored, whatever the answer says; 0: none
	Fault       string    // what the fault does that acted on the request, in words; empty: none acted
}

// callDetails is what the page shows of a call beyond Call: the bodies, and what a repetition of the call needs. They
// are no part of Call, because a Call may be printed into a log, where no text of a message may stand.
type callDetails struct {
	query       string // see shownQuery
	keyHeader   string // "Api-Key" or "Authorization", the one that held the key; empty: neither
	requestType string // media type of the request
	answerType  string // media type of the answer
	request     keptBody
	answer      keptBody
	usedUp      bool          // the answer says that the quota is used up
	took        time.Duration // from the request to the end of the answer
}

const (
	maxCallBytes    = 256 << 20 // of all calls
	maxDetailsBytes = 32 << 20  // of the details of the newest calls
	maxKeptBody     = 32 << 10  // of one body; the longest message has 24 KiB when each of its characters is escaped
	maxViolations   = 100       // of one call
	maxPath         = 256       // bytes of a path
	maxMethod       = 16        // bytes of a method
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

// size is what a call keeps on the heap.
func (c Call) size() int {
	const violation = 64 // an api.Violation, and the pointer to it
	size := heapSize(c.Method, c.Path, c.Query, c.TraceParent, c.Fault)
	for _, v := range api.Violations(c.Verdict) {
		size += violation + heapSize(v.Where, v.Rule)
	}
	return size
}

// size is what details keep on the heap.
func (d callDetails) size() int {
	return heapSize(d.query, d.requestType, d.answerType) + cap(d.request.text) + cap(d.answer.text)
}

// violationTexts has a text for each violation.
func violationTexts(verdict error) []string {
	texts := []string{}
	for _, v := range api.Violations(verdict) {
		texts = append(texts, v.Where+": "+v.Rule)
	}
	return texts
}

// Calls gives a copy of every request so far, in the order in which they were finished; of more than fit into 256 MiB,
// about a million, the newest ones.
func (m *Market) Calls() []Call {
	parts, _ := m.callParts(math.MaxInt)
	return newest(parts, math.MaxInt)
}

// callParts gives calls as recent.parts does, and how many there were in all.
func (m *Market) callParts(n int) (parts [][]Call, total int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls.parts(n), m.calls.total
}

// detailsOf gives the details of a call by its number, which counts from 1, unless they are forgotten.
func (m *Market) detailsOf(number int) (d callDetails, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.details.at(number)
}

// Observe calls see after each request from now on, in the order in which they are finished; the sandbox waits for it,
// so it must neither call the sandbox nor wait. It takes the place of the one before. A nil see ends that.
func (m *Market) Observe(see func(Call)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.observer = see
}
