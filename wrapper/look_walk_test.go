package wrapper_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"mime/multipart"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

// The walk goes through worlds: a Client sends into a chat of a Market in which attempts fail in all ways, reads are
// behind, and others write. In each it counts what the buyer has, and what the Client says. Times are in seconds.

const (
	never    = -1
	walkText = "Order 4711 &  is on its way"
	otherOne = "Please rate the shop"
)

// fate is what becomes of a send.
type fate struct {
	stored   int    // when the Market stores the message
	how      string // how it ends: "ok", "500", "502", "cut", "odd" (a 200 in HTML), "202"
	answered int
}

// walkWorld is one way in which things can go.
type walkWorld struct {
	part    string
	fates   []fate // of the sends in the order of their arrival; all others are fine
	lag     int    // how far reads are behind
	skew    int    // how far createdAt is ahead of Date
	offset  int    // how far the Market's clock is ahead of this machine's
	whole   bool   // Date and createdAt are cut to whole seconds
	source  string // of reads: "fresh", "fails" (the first one), "old" (a copy with its Date), "aged" (which says so)
	pages   int    // messages of a page
	before  int    // messages of the buyer from long ago
	other   string // who else writes: "", "buyer", "market", "shop", "same" (the text), "stranger" (an unknown sender)
	otherAt int
	changed string // what becomes of the text: "", "escaped", "masked"; of a file: "", "renamed", "resized"
	second  string // what the second call sends: "", "equal", "different"
	after   int    // when it begins
	mode    string // "plain", "once", "raw"
	files   bool   // are sent; others write files as well, but "text", who is the shop
	heard   bool   // the Client has had an answer before
	set     int    // how far the Market's clock is set ahead
	setAt   int    // when
}

// fates are all that can become of a send in doubt.
func fates() (all []fate) {
	for _, stored := range []int{never, 0, 2, 9, 11} {
		all = append(all, fate{stored, "cut", 1}, fate{stored, "502", 1}, fate{stored, "odd", 1}, fate{stored, "cut", 14})
		if stored <= 3 {
			all = append(all, fate{stored, "500", 3})
		}
		if stored <= 0 {
			all = append(all, fate{stored, "500", 0}, fate{stored, "202", 0})
		}
	}
	return all
}

func pick[T any](choose func(int) int, from ...T) T { return from[choose(len(from))] }

// drawWorld makes a world of choices: choose gives a number below n.
func drawWorld(part string, choose func(n int) int) walkWorld {
	w := walkWorld{part: part, source: "fresh", pages: 100, mode: "plain", whole: true}
	w.fates = []fate{pick(choose, fates()...)}
	switch part {
	case "alone":
		w.fates = append(w.fates, pick(choose, fate{0, "ok", 0}, fate{0, "500", 0}, fate{never, "500", 0}, fate{0, "cut", 1}))
		w.lag = choose(5)
		w.skew = choose(3) - 1
		w.whole = choose(2) == 0
		w.source = pick(choose, "fresh", "fails", "old", "aged")
		w.pages = pick(choose, 100, 2)
		w.before, w.offset = 3, -3600
	case "others":
		w.lag = pick(choose, 0, 2)
		w.skew = choose(3) - 1
		w.other = pick(choose, "buyer", "market", "shop", "same", "stranger")
		w.otherAt = pick(choose, -60, -7, -5, -4, -3, -2, -1, 0, 1, 2, 4, 8, 12)
		w.changed = pick(choose, "", "escaped", "masked")
		w.pages = pick(choose, 100, 1)
		w.offset = 3600
	case "two":
		w.fates = append(w.fates, pick(choose, append(fates(), fate{0, "ok", 0})...))
		w.after = pick(choose, 0, 1, 5)
		w.second = pick(choose, "equal", "different")
		w.mode = pick(choose, "plain", "once", "raw")
		w.lag = pick(choose, 0, 2)
	case "clocks":
		w.fates = append(w.fates, pick(choose, fate{0, "ok", 0}, fate{0, "500", 0}, fate{never, "cut", 1}))
		w.lag = pick(choose, 0, 2)
		w.whole = choose(2) == 0
		w.heard = choose(2) == 0
		w.other = pick(choose, "", "buyer")
		w.set = pick(choose, -3600, -5, -1, 1, 5, 3600)
		w.setAt = pick(choose, -2, 1, 4, 8)
	case "files":
		w.files = true
		w.lag = pick(choose, 0, 2)
		w.other = pick(choose, "buyer", "shop", "same", "text")
		w.otherAt = pick(choose, -60, -4, -1, 1, 8)
		w.changed = pick(choose, "", "renamed", "resized")
		w.mode = pick(choose, "plain", "once", "raw")
	}
	return w
}

// walkMessage is a message of a chat.
type walkMessage struct {
	id     int64
	at     time.Time // by this machine's clock
	sender gen.ChatMessageSenderType
	text   string // or the name of a file, which has as many bytes
	file   bool
	call   int // whose send it is; 0: another's
}

// walkMarket is the Market of a world.
type walkMarket struct {
	w     walkWorld
	began time.Time

	mu       sync.Mutex
	sends    int
	reads    int
	messages []walkMessage
}

type walkCall struct{}

func (m *walkMarket) write(at time.Time, sender gen.ChatMessageSenderType, text string, call int) {
	id, file := int64(len(m.messages)+1), m.w.files && (call > 0 || m.w.other != "text")
	m.messages = append(m.messages, walkMessage{id, at, sender, text, file, call})
}

// told is a time as the Market writes it.
func (m *walkMarket) told(t time.Time) time.Time {
	if !t.Before(m.began.Add(time.Duration(m.w.setAt)*time.Second + 50*ms)) {
		t = t.Add(time.Duration(m.w.set) * time.Second)
	}
	t = t.Add(time.Duration(m.w.offset) * time.Second)
	if m.w.whole {
		return t.Truncate(time.Second)
	}
	return t
}

func (m *walkMarket) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(req.URL.Path, "/history") {
		return m.history(req, body)
	}
	m.mu.Lock()
	f := fate{0, "ok", 0}
	if m.sends < len(m.w.fates) {
		f = m.w.fates[m.sends]
	}
	m.sends++
	if f.stored != never {
		text, err := sentBy(req, body)
		if err != nil {
			return nil, err
		}
		at := time.Now().Add(time.Duration(f.stored) * time.Second)
		m.write(at, gen.ChatMessageSenderTypePartner, text, req.Context().Value(walkCall{}).(int))
	}
	m.mu.Unlock()
	if err := sleep(req.Context(), time.Duration(f.answered)*time.Second); err != nil {
		return nil, err
	}
	switch f.how {
	case "cut":
		return nil, io.ErrUnexpectedEOF
	case "500":
		return m.answer(req, 500, serverError().body), nil
	case "502":
		return m.answer(req, 502, "<html>"), nil
	case "odd":
		return m.answer(req, 200, "<html>"), nil
	case "202":
		return m.answer(req, 202, `{"status":"OK"}`), nil
	}
	return m.answer(req, 200, `{"status":"OK"}`), nil
}

// sentBy gives the text of a message, or the name of a file.
func sentBy(req *http.Request, body []byte) (string, error) {
	_, params, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if err != nil {
		return "", err
	}
	if params["boundary"] == "" {
		var sent gen.SendMessageToChatRequest
		err := json.Unmarshal(body, &sent)
		return sent.Message, err
	}
	part, err := multipart.NewReader(bytes.NewReader(body), params["boundary"]).NextRawPart()
	if err != nil {
		return "", err
	}
	return part.FileName(), nil
}

func (m *walkMarket) answer(req *http.Request, status int, body string) *http.Response {
	header := http.Header{"Date": {httpDate(m.told(time.Now()))}}
	return &http.Response{StatusCode: status, Header: header, Request: req, Body: io.NopCloser(strings.NewReader(body))}
}

// history answers a read: with what the machine that is asked knows.
func (m *walkMarket) history(req *http.Request, body []byte) (*http.Response, error) {
	if err := sleep(req.Context(), 100*ms); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	if m.w.source == "fails" && m.reads == 1 {
		return m.answer(req, 500, serverError().body), nil
	}
	knows, dated := time.Now().Add(-time.Duration(m.w.lag)*time.Second), time.Now()
	if m.w.source == "old" || m.w.source == "aged" {
		knows = m.began.Add(-4 * time.Second)
		dated = knows
	}
	var from gen.GetChatHistoryRequest
	if err := json.Unmarshal(body, &from); err != nil {
		return nil, err
	}
	result := gen.ChatMessagesResultDTO{Messages: []gen.ChatMessageDTO{}, Paging: &gen.ForwardScrollingPagerDTO{}}
	for _, written := range m.messages {
		if written.at.After(knows) || from.MessageIDFrom != nil && written.id < *from.MessageIDFrom {
			continue
		}
		text := written.text
		switch m.w.changed {
		case "escaped":
			text = strings.ReplaceAll(text, "&", "&amp;")
		case "masked":
			text = strings.ReplaceAll(text, "4711", "****")
		}
		created := m.told(written.at.Add(time.Duration(m.w.skew) * time.Second))
		shown := gen.ChatMessageDTO{MessageID: written.id, CreatedAt: created, Sender: written.sender, Message: &text}
		if written.file {
			shown.Message, shown.Payload = nil, []gen.ChatMessagePayloadDTO{m.w.fileIn(text)}
		}
		result.Messages = append(result.Messages, shown)
	}
	slices.Reverse(result.Messages)
	first, _ := strconv.Atoi(req.URL.Query().Get("pageToken"))
	rest := result.Messages[min(first, len(result.Messages)):]
	result.Messages = rest[:min(m.w.pages, len(rest))]
	if len(rest) > m.w.pages {
		result.Paging.NextPageToken = new(strconv.Itoa(first + m.w.pages))
	}
	answer, err := json.Marshal(gen.GetChatHistoryResponse{Status: gen.APIResponseStatusTypeOK, Result: &result})
	if err != nil {
		return nil, err
	}
	resp := m.answer(req, 200, string(answer))
	resp.Header.Set("Date", httpDate(m.told(dated)))
	if m.w.source == "aged" {
		resp.Header.Set("Age", "4")
	}
	return resp, nil
}

// fileIn is a file as the Market shows it.
func (w walkWorld) fileIn(name string) gen.ChatMessagePayloadDTO {
	file := gen.ChatMessagePayloadDTO{Name: name, URL: "https://files.example/1", Size: int32(len(name))}
	switch w.changed {
	case "renamed":
		file.Name = "file"
	case "resized":
		file.Size++
	}
	return file
}

// ending is what came of a world.
type ending struct {
	nils, unknown, refused int // calls
	stored                 int // their messages
	errs                   []error
}

// live lets a world happen, and gives what came of its calls, those of each text apart.
func (w walkWorld) live(t *testing.T) map[string]ending {
	time.Sleep(time.Hour)
	m := &walkMarket{w: w, began: time.Now()}
	for range w.before {
		m.write(m.began.Add(-time.Hour), gen.ChatMessageSenderTypeCustomer, "Hello?", 0)
	}
	if w.other != "" {
		sender := gen.ChatMessageSenderTypePartner
		text := otherOne
		switch w.other {
		case "buyer":
			sender = gen.ChatMessageSenderTypeCustomer
		case "market":
			sender = gen.ChatMessageSenderTypeMarket
		case "stranger":
			sender = "ROBOT"
		case "same", "text":
			text = walkText
		}
		m.write(m.began.Add(time.Duration(w.otherAt)*time.Second), sender, text, 0)
	}
	client := newClient(t, m)
	if w.heard {
		_, err := client.Messages(t.Context(), chatID, 0)
		require.NoError(t, err)
	}
	texts := []string{walkText}
	switch w.second {
	case "equal":
		texts = append(texts, walkText)
	case "different":
		texts = append(texts, otherOne)
	}
	errs := make([]error, len(texts))
	var calls sync.WaitGroup
	for i, text := range texts {
		calls.Go(func() {
			time.Sleep(time.Duration(i*w.after)*time.Second + time.Duration(i)*ms)
			errs[i] = w.call(context.WithValue(t.Context(), walkCall{}, i+1), client, text)
		})
	}
	calls.Wait()
	time.Sleep(time.Minute)

	ends := map[string]ending{}
	for i, text := range texts {
		end := ends[text]
		switch {
		case errs[i] == nil:
			end.nils++
		case errors.Is(errs[i], wrapper.ErrOutcomeUnknown):
			end.unknown++
		default:
			end.refused++
		}
		end.errs = append(end.errs, errs[i])
		for _, written := range m.messages {
			if written.call == i+1 {
				end.stored++
			}
		}
		ends[text] = end
	}
	return ends
}

func (w walkWorld) call(ctx context.Context, client *wrapper.Client, text string) error {
	content := strings.Repeat("x", len(text))
	switch {
	case w.files && w.mode == "plain":
		return client.SendFile(ctx, chatID, text, []byte(content))
	case w.files && w.mode == "once":
		return client.SendFile(ctx, chatID, text, []byte(content), wrapper.Once(0))
	case w.mode == "once":
		return client.SendMessage(ctx, chatID, text, wrapper.Once(0))
	case w.mode == "raw":
		raw, params := client.Raw(), &gen.SendFileToChatParams{ChatID: chatID}
		form, contentType := fileForm(text, content)
		send := func() (*http.Response, error) {
			return raw.SendFileToChatWithBody(ctx, business, params, contentType, form)
		}
		if !w.files {
			send = func() (*http.Response, error) {
				return raw.SendMessageToChat(ctx, business, sendParams, gen.SendMessageToChatRequest{Message: text})
			}
		}
		resp, err := send()
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if body, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != 200 || !bytes.Contains(body, []byte("OK")) {
			return fmt.Errorf("answered %d", resp.StatusCode)
		}
		return nil
	}
	return client.SendMessage(ctx, chatID, text)
}

// doubledBy is the documented cause of a message that arrives twice, or that is stored though the call says that it
// failed; empty: there is none.
func (w walkWorld) doubledBy() string {
	for _, f := range w.fates {
		shows := f.stored + w.lag
		limit := 13
		if f.how == "500" {
			limit = f.answered + 3
		}
		switch {
		case f.stored == never || f.how == "ok":
		case w.source == "old" && w.heardNothing():
			return "read from before the Client heard of anything"
		case w.set > 2 && !w.heard:
			return "the Market's clock was set ahead before the Client heard of it"
		case shows <= limit && w.lag <= 3:
		case w.lag > 3:
			return "the read lags more than 3 s"
		default:
			return "stored later than 10 s"
		}
	}
	return ""
}

func (w walkWorld) heardNothing() bool { return w.fates[0].how != "500" }

// lostBy is the documented cause of a call that succeeds without a message of its own; empty: there is none.
func (w walkWorld) lostBy() string {
	if w.other == "same" && (w.otherAt >= -5 || w.mode == "once") {
		return "an equal text of another process"
	}
	return ""
}

// unknownBy is the cause of an outcome that stays unknown; empty: there is none.
func (w walkWorld) unknownBy() string {
	switch {
	case w.source == "old" || w.source == "aged":
		return "the read was old"
	case w.set != 0:
		return "the Market's clock was set"
	case w.changed == "masked" || w.changed == "renamed" || w.changed == "resized":
		return w.changed + " by the Market"
	case w.other == "shop" && w.otherAt >= -5:
		return "another text of another process"
	case w.other == "same" && w.otherAt >= -5:
		return "an equal text of another process"
	case slices.ContainsFunc(w.fates, func(f fate) bool { return f.how == "202" }):
		return "a 202 may store later"
	case w.second == "equal" && w.mode != "once":
		return "equal texts at once"
	}
	return ""
}

// walkTally counts what came of all worlds, by cause.
type walkTally struct {
	worlds, calls, sent    int
	doubled, lost, unknown map[string]int
	examples               map[string]string // of an ending without a cause
	refused                int
}

func newWalkTally() *walkTally {
	return &walkTally{
		doubled: map[string]int{}, lost: map[string]int{}, unknown: map[string]int{}, examples: map[string]string{},
	}
}

func (a *walkTally) count(w walkWorld, text string, end ending) {
	a.calls += len(end.errs)
	a.sent += end.nils
	a.refused += end.refused
	example := fmt.Sprintf("%+v: %q %+v", w, text, end)
	note := func(counts map[string]int, what, by string, n int) {
		if n <= 0 {
			return
		}
		counts[w.part+": "+by] += n
		if by == "" {
			a.examples[w.part+": "+what] = example
		}
	}
	allowed, needed := end.nils+end.unknown, end.nils
	if w.mode == "once" {
		allowed, needed = min(allowed, 1), min(needed, 1)
	}
	note(a.doubled, "doubled", w.doubledBy(), end.stored-allowed)
	note(a.lost, "lost", w.lostBy(), needed-end.stored)
	note(a.unknown, "unknown", w.unknownBy(), end.unknown)
}

func (a *walkTally) add(b *walkTally) {
	a.worlds += b.worlds
	a.calls += b.calls
	a.sent += b.sent
	a.refused += b.refused
	for _, maps := range [][2]map[string]int{{a.doubled, b.doubled}, {a.lost, b.lost}, {a.unknown, b.unknown}} {
		for cause, n := range maps[1] {
			maps[0][cause] += n
		}
	}
	for what, example := range b.examples {
		a.examples[what] = example
	}
}

// everyWorld goes through all worlds of a part.
func everyWorld(part string, live func(walkWorld)) {
	var choices, limits []int
	for first := true; first || len(choices) > 0; first = false {
		n := 0
		live(drawWorld(part, func(limit int) int {
			if n == len(choices) {
				choices, limits = append(choices, 0), append(limits, limit)
			}
			n++
			return choices[n-1]
		}))
		for len(choices) > 0 {
			last := len(choices) - 1
			if choices[last]++; choices[last] < limits[last] {
				break
			}
			choices, limits = choices[:last], limits[:last]
		}
	}
}

var (
	walkAll  = flag.Bool("walk", false, "let TestWalk go through all worlds, and not through some at random")
	walkSeed = flag.Uint64("walk.seed", rand.Uint64(), "which worlds TestWalk goes through")
)

// Nothing doubles or loses a message but what the documentation names, and nothing is left unknown without a cause.
func TestWalk(t *testing.T) {
	t.Parallel()
	all := newWalkTally()
	var mu sync.Mutex
	var workers sync.WaitGroup
	worlds := make(chan []walkWorld)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for some := range worlds {
				counted := newWalkTally()
				synctest.Test(t, func(t *testing.T) {
					for _, w := range some {
						counted.worlds++
						for text, end := range w.live(t) {
							counted.count(w, text, end)
						}
					}
				})
				mu.Lock()
				all.add(counted)
				mu.Unlock()
			}
		})
	}
	var some []walkWorld
	add := func(w walkWorld) {
		if some = append(some, w); len(some) == 100 {
			worlds <- some
			some = nil
		}
	}
	random := rand.New(rand.NewPCG(*walkSeed, 0))
	for _, part := range []string{"alone", "others", "two", "clocks", "files"} {
		if *walkAll {
			everyWorld(part, add)
			continue
		}
		for range 1000 {
			add(drawWorld(part, random.IntN))
		}
	}
	worlds <- some
	close(worlds)
	workers.Wait()

	t.Logf("once more with -walk.seed=%d", *walkSeed)
	t.Logf("worlds %d, calls %d, sent %d, refused %d", all.worlds, all.calls, all.sent, all.refused)
	for what, counts := range map[string]map[string]int{"doubled": all.doubled, "lost": all.lost, "unknown": all.unknown} {
		t.Logf("%s, by cause: %v", what, counts)
	}
	assert.Empty(t, all.examples, "endings without a cause")
	require.Positive(t, all.sent)
}
