package sandbox_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

// The buyer writes what is typed, and nothing where nothing is; the browser is sent back to the chat.
func TestFormOfTheBuyer(t *testing.T) {
	m := sandbox.New(sandbox.WithBusiness(42))
	const begin, write = "Start chat", "Send"
	page := goesBack(t, m, press(t, m, "?operation=getChat", begin, "text", "Is it red?"), "/_sandbox/?chat=7000001&done=chat#talk")
	assert.Contains(t, page, `<p id="status" role="status" data-kept>Chat started.</p>`)
	assert.Contains(t, words(page), "Chat 7000001 · cabinet 42 · waiting for shop NEW")
	goesBack(t, m, press(t, m, "?chats=2&chat=7000001", begin, "businessId", "43", "text", "And blue?"), "/_sandbox/?chat=7000002&done=chat#talk")
	assert.Contains(t, words(pageOf(t, m, "?chat=7000002")), "cabinet 43")
	page = goesBack(t, m, press(t, m, "?chat=7000001&messages=2&calls=2&chats=2", write, "text", "Two\r\nlines <b>"), "/_sandbox/?calls=2&chat=7000001&done=message#talk")
	assert.Contains(t, words(page), "Message sent.")
	goesBack(t, m, press(t, m, "?chat=7000001", write, "text", "Of support", "sender", "SUPPORT"), "/_sandbox/?chat=7000001&done=message#talk")
	messages := m.Messages(7000001)
	require.Len(t, messages, 3)
	assert.Equal(t, "Is it red?", messages[0].Text)
	assert.Equal(t, "Two\nlines <b>", messages[1].Text)
	assert.True(t, messages[1].FromBuyer)
	assert.Equal(t, "SUPPORT", string(messages[2].Sender))
	for _, name := range []string{begin, write} {
		w := press(t, m, "?chat=7000001", name)
		assert.Equal(t, 400, w.Code)
		assert.Contains(t, words(w.Body.String()), `property "text" is missing`)
	}
	assert.Equal(t, 2, strings.Count(pageOf(t, m, "?chat=7000001"), `autocomplete="off" required placeholder`), "a browser asks for a text")
	assert.Len(t, m.Messages(7000001), 3)
	assert.Equal(t, []string{"1", "2"}, chatsOf(pageOf(t, m, "")))
}

// A dispute is opened and ended in its chat, and the page says whose turn it is.
func TestFormOfDisputes(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	_, err := m.Direct(1, "Is it red?")
	require.NoError(t, err)
	assert.NotContains(t, pageOf(t, m, "?chat=7000002"), "/dispute", "the API knows no disputes in it")
	page := goesBack(t, m, press(t, m, "?chat=7000001", "Open dispute as the buyer"), "/_sandbox/?chat=7000001&done=dispute#talk")
	assert.Contains(t, words(page), "Order 5Dispute End dispute Chat 7000001 · cabinet 1 · waiting for arbiter WAITING_FOR_ARBITER")
	assert.Contains(t, words(page), "Dispute opened.")
	assert.Equal(t, []string{"1", "2"}, chatsOf(page), "something happened in it")
	ask(t, m, "POST", messageTo(chat), hello)
	assert.Contains(t, words(pageOf(t, m, "?chat=7000001")), "waiting for arbiter")
	require.NoError(t, m.Reply(7000002, "Well?"))
	page = goesBack(t, m, press(t, m, "?chat=7000001", "End dispute"), "/_sandbox/?chat=7000001&done=ended#talk")
	assert.Equal(t, []string{"1", "2"}, chatsOf(page))
	assert.Contains(t, words(page), "Dispute ended.")
	assert.Contains(t, words(page), "cabinet 1 · dispute ended FINISHED")
	assert.NotContains(t, pageOf(t, m, "?chat=7000001"), "/dispute")
}

// The clock is moved by a minute, an hour, a day, or to where quotas are reset, and back to real time.
func TestFormOfTheClock(t *testing.T) {
	m := newMarket()
	for _, step := range []struct{ button, want string }{
		{"+ 1 minute", "12:01:00 9 Sep, UTC · 1 min ahead"},
		{"+ 1 hour", "13:01:00 9 Sep, UTC · 1 h 1 min ahead"},
		{"Go to 14:00:00, when quotas reset", "14:00:00 9 Sep, UTC · 2 h ahead"},
		{"Go to 15:00:00, when quotas reset", "15:00:00 9 Sep, UTC · 3 h ahead"},
		{"+ 1 day", "15:00:00 10 Sep, UTC · 1 d 3 h ahead"},
		{"Back to real time", "12:00:00 9 Sep, UTC · real time"},
	} {
		page := goesBack(t, m, press(t, m, "?chat=5", step.button), "/_sandbox/?chat=5&done=clock")
		assert.Contains(t, words(section(t, page, "clock")), step.want, step.button)
		assert.Contains(t, words(page), "Time changed.")
	}
}

// A fault is added for the next requests, for a share, or for each, and removed alone.
func TestFormOfFaults(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	add := func(fields ...string) string {
		return goesBack(t, m, press(t, m, "", "Add fault", append(fields, "operation", "sendMessageToChat")...), "/_sandbox/?done=fault")
	}
	page := add("fault", `{"kind":"fail","commit":true}`, "often", "3", "more", `{"code": "BUSY", "status": 502}`)
	assert.Contains(t, words(page), "Fault added.")
	assert.Contains(t, words(page), "sendMessageToChat, next 3 requests: answer 502, message is stored")
	a := rawSend(m, chat)
	assert.Equal(t, 502, a.Code)
	assert.Contains(t, a.Body.String(), "BUSY")
	assert.Contains(t, words(pageOf(t, m, "")), "next 2 requests: answer 502")
	assert.Len(t, m.Messages(chat), 1, "it happened all the same")
	add("fault", `{"kind":"abort"}`, "often", "1")
	add("fault", `{"kind":"quota"}`, "often", "some")
	assert.Contains(t, words(pageOf(t, m, "")), "sendMessageToChat, then 3 of 10 requests: 420, quota used up")
	add("fault", `{"kind":"quota"}`, "often", "some", "more", `{"probability": 0.5}`)
	assert.Contains(t, words(pageOf(t, m, "")), "sendMessageToChat, then 5 of 10 requests: 420, quota used up")
	add("fault", `{"kind":"quota"}`, "often", "every")
	page = goesBack(t, m, press(t, m, "?operation=getChat", "Remove the fault of sendMessageToChat, next 2 requests"), "/_sandbox/?done=removed&operation=getChat")
	assert.Contains(t, words(page), "Fault removed.")
	assert.Contains(t, words(page), "Faults · 2 set sendMessageToChat, next request: connection cut before the answerRemove sendMessageToChat, then every request: 420, quota used up")
	assert.Panics(t, func() { rawSend(m, chat) })
	assert.Equal(t, 420, rawSend(m, chat).Code)
	w := post(m, "/_sandbox/faults?method=delete&operation=sendMessageToChat&id=1", nil)
	assert.Equal(t, 400, w.Code)
	assert.Contains(t, words(w.Body.String()), "there is no such fault: requests have met it, or it was removed")
}

// Each choice of the form can be set, for an operation that it can act on, and there is one for each kind.
func TestFormHasEveryKind(t *testing.T) {
	m := newMarket()
	_, form, _ := strings.Cut(section(t, pageOf(t, m, ""), "faults"), `name="fault"`)
	kinds := map[string]bool{}
	for _, option := range regexp.MustCompile(`<option value="([^"]*)">([^<]*)`).FindAllStringSubmatch(form, -1) {
		fault := html.UnescapeString(option[1])
		if !strings.HasPrefix(fault, "{") {
			continue // how often
		}
		worked := false
		for _, operation := range []string{"sendMessageToChat", "getChat"} {
			worked = worked || post(m, "/_sandbox/faults", url.Values{"operation": {operation}, "fault": {fault}, "often": {"1"}}).Code == 303
		}
		assert.True(t, worked, option[2])
		kinds[regexp.MustCompile(`"kind":"(\w+)"`).FindStringSubmatch(fault)[1]] = true
	}
	for _, kind := range sandbox.Kinds {
		assert.True(t, kinds[kind.Name], kind.Name)
	}
}

func TestFormOfReset(t *testing.T) {
	m := newMarket()
	startChat(t, m, order5)
	m.Advance(time.Minute)
	page := goesBack(t, m, press(t, m, "?chat=7000001", "Reset the sandbox"), "/_sandbox/?done=reset")
	assert.Contains(t, words(page), "12:00:00 9 Sep, UTC · real time")
	assert.Contains(t, words(page), "Sandbox reset.")
	assert.Empty(t, m.Calls())
}

// What a form says wrongly is named at the top of the page that it was sent from, with what is allowed, and nothing is
// done.
func TestFormsRefuse(t *testing.T) {
	m := newMarket()
	startChat(t, m, order5)
	const begin, reply, dispute = "/_sandbox/chats", "/_sandbox/chats/7000001/replies", "/_sandbox/chats/7000001/dispute"
	const clock, faults = "/_sandbox/clock", "/_sandbox/faults"
	fault := func(name, value string) url.Values {
		sent := url.Values{"operation": {"getChat"}, "fault": {`{"kind":"fail"}`}, "often": {"1"}}
		sent.Set(name, value)
		return sent
	}
	for says, form := range map[string]struct {
		address string
		fields  url.Values
	}{
		`property "text" is missing`:                   {reply, url.Values{"text": {""}}},
		"the form cannot be read":                      {reply, url.Values{"%": nil}},
		"there is no chat 5":                           {"/_sandbox/chats/5/replies", url.Values{"text": {"x"}}},
		"there is no such chat: 5":                     {"/_sandbox/chats/5/dispute", nil},
		"there is no dispute in it":                    {dispute + "?method=delete", nil},
		"chatId must be an integer":                    {"/_sandbox/chats/x/dispute", nil},
		`businessId is "x", allowed is a whole number`: {begin, url.Values{"businessId": {"x"}, "text": {"x"}}},
		"number must be at least 1":                    {begin, url.Values{"businessId": {"0"}, "text": {"x"}}},
		"the body is too large, allowed are 1048576":   {reply, url.Values{"text": {strings.Repeat("x", 1<<20)}}},
		`seconds is "1.5", allowed is a whole number`:  {clock, url.Values{"seconds": {"1.5"}}},
		"allowed is one of seconds and to":             {clock, nil},
		"string doesn't match the format":              {clock, url.Values{"to": {"tomorrow"}}},
		`the operation is "send", allowed is one of`:   {faults, fault("operation", "send")},
		"value is not one of the allowed values":       {faults, fault("fault", `{"kind":"explode"}`)},
		"the fault is no JSON object":                  {faults, fault("fault", "null")},
		"number must be at least 200":                  {faults, fault("more", `{"status":99}`)},
		`often is "2", allowed is 1, 3, some or every`: {faults, fault("often", "2")},
		`the settings are no JSON object, allowed is`:  {faults, fault("more", "[1]")},
		`allowed is one like {"status": 503}`:          {faults, fault("more", "null")},
		`property "stauts" is unsupported`:             {faults, fault("more", `{"stauts":1}`)},
		`the operation is "x", allowed is one of [cre`: {faults + "?method=delete&operation=x", nil},
		"id must be an integer":                        {faults + "?method=delete&id=x", nil},
	} {
		separator := map[bool]string{true: "&", false: "?"}[strings.Contains(form.address, "?")]
		w := post(m, form.address+separator+"view=operation%3DgetChat", form.fields)
		if form.fields.Has("%") {
			w = postText(m, form.address+"?view=operation%3DgetChat", "%")
		}
		assert.Equal(t, 400, w.Code, says)
		assert.Contains(t, words(w.Body.String()), says)
		assert.Contains(t, w.Body.String(), `<p id="problem" role="alert" data-kept>`)
		assert.Contains(t, w.Body.String(), `aria-current="true">getChat 0</a>`, "the view that it was sent from")
		assert.NotContains(t, w.Body.String(), "sandbox: ")
	}
	page := pageOf(t, m, "")
	assert.Contains(t, words(page), "No faults set")
	assert.Contains(t, words(page), "12:00:00 9 Sep, UTC · real time")
	assert.Equal(t, []string{"1"}, chatsOf(page))
	assert.Empty(t, m.Messages(7000001))
	assert.Equal(t, 303, post(m, "/_sandbox/reset?view=chat%3Dnonsense", nil).Code, "a view that there is not is the view of all")
}

// A form is answered with the page where a browser asks for one; a program gets the answer of the control API.
func TestFormsOfPrograms(t *testing.T) {
	m := newMarket()
	const begin = `{"businessId":1,"text":"x"}`
	status, answer := drive(t, m, "POST", "/_sandbox/chats?method=delete", begin)
	assert.Equal(t, 400, status)
	assert.Contains(t, answer, `the parameter \"method\" is unknown`)
	status, _ = drive(t, m, "POST", "/_sandbox/chats", begin)
	assert.Equal(t, 201, status)
	const replies, form = "/_sandbox/chats/7000001/replies", "application/x-www-form-urlencoded"
	assert.Equal(t, 204, serve(m.Control(), "POST", replies, "text=a+b", "Content-Type", form).Code)
	assert.Equal(t, "a b", m.Messages(7000001)[1].Text)
	assert.Equal(t, 303, serve(m.Control(), "POST", replies, `{"text":"c"}`, "Accept", "text/html").Code)
	assert.Equal(t, "c", m.Messages(7000001)[2].Text)
}

// A page of another address must not press a button, whatever it sends.
func TestFormsOfAnotherOrigin(t *testing.T) {
	m := newMarket()
	startChat(t, m, order5)
	for _, header := range [][]string{
		{"Origin", "https://example.com"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"},
	} {
		for _, form := range []string{"chats", "chats/7000001/replies", "chats/7000001/dispute", "faults", "faults?method=delete", "clock", "clock?method=delete", "notifications", "reset"} {
			for _, accept := range []string{"text/html", "*/*"} {
				headers := append([]string{"Content-Type", "application/x-www-form-urlencoded", "Accept", accept}, header...)
				w := serve(m.Site(), "POST", "/_sandbox/"+form, "text=x&businessId=1&seconds=60", headers...)
				assert.Equal(t, 403, w.Code, "%s %v", form, header)
			}
		}
	}
	assert.Len(t, m.Calls(), 1)
	assert.Empty(t, m.Messages(7000001))
	assert.Equal(t, []string{"1"}, chatsOf(pageOf(t, m, "")))
}
