package sandbox_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

// The buyer writes what is typed, or a text of its own; the browser is sent back to the chat.
func TestFormOfTheBuyer(t *testing.T) {
	m := sandbox.New(sandbox.WithBusiness(42))
	const begin, write = "Begin a chat", "Let the buyer write, chat 7000001"
	page := goesBack(t, m, press(t, m, "", begin), "/_sandbox/?done=buyer#chat-7000001")
	assert.Contains(t, page, `<p id="status" role="status" data-kept>The buyer has written.</p>`)
	assert.Contains(t, words(page), "waits for the shop NEW, cabinet 42")
	goesBack(t, m, press(t, m, "", begin, "businessId", "43", "text", "Is it red?"), "/_sandbox/?done=buyer#chat-7000002")
	assert.Contains(t, words(pageOf(t, m, "")), "cabinet 43")
	goesBack(t, m, press(t, m, "?chats=2&operation=getChat", write), "/_sandbox/?done=buyer&operation=getChat#chat-7000001")
	goesBack(t, m, press(t, m, "?chat=7000001&messages=2&calls=2", write), "/_sandbox/?calls=2&chat=7000001&done=buyer#chat-7000001")
	goesBack(t, m, press(t, m, "", write, "text", "Two\r\nlines <b>"), "/_sandbox/?done=buyer#chat-7000001")
	messages := m.Messages(7000001)
	require.Len(t, messages, 4)
	assert.Equal(t, "I have a question before I order.", messages[0].Text)
	assert.Equal(t, "Are you there? This is message 2.", messages[1].Text)
	assert.Equal(t, "Are you there? This is message 3.", messages[2].Text)
	assert.Equal(t, "Two\nlines <b>", messages[3].Text)
	assert.True(t, messages[3].FromBuyer)
	assert.Equal(t, "Is it red?", m.Messages(7000002)[0].Text)
}

// A dispute is begun and ended from the page of its chat, which comes first then, and says whose turn it is.
func TestFormOfDisputes(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	_, err := m.Direct(1, "Is it red?")
	require.NoError(t, err)
	assert.NotContains(t, pageOf(t, m, "?chat=7000002"), "/dispute", "the API knows no disputes in it")
	assert.NotContains(t, pageOf(t, m, ""), "/dispute")
	page := goesBack(t, m, press(t, m, "?chat=7000001", "Let the buyer ask the Market to decide"), "/_sandbox/?chat=7000001&done=dispute#chat-7000001")
	assert.Contains(t, words(page), "about order 5, waits for the arbiter WAITING_FOR_ARBITER, cabinet 1")
	assert.Contains(t, words(page), "The dispute has changed.")
	assert.Equal(t, []string{"1", "2"}, chatsOf(pageOf(t, m, "")), "something happened in it")
	ask(t, m, "POST", messageTo(chat), hello)
	assert.Contains(t, words(pageOf(t, m, "")), "waits for the arbiter")
	require.NoError(t, m.Reply(7000002, "Well?"))
	page = goesBack(t, m, press(t, m, "", "End the dispute, chat 7000001"), "/_sandbox/?done=dispute#chat-7000001")
	assert.Equal(t, []string{"1", "2"}, chatsOf(page))
	assert.Contains(t, words(page), "the dispute has ended FINISHED, cabinet 1")
	assert.NotContains(t, pageOf(t, m, "?chat=7000001"), "/dispute")
}

// The clock is moved in the unit that is chosen.
func TestFormOfTheClock(t *testing.T) {
	m := newMarket()
	const button = "Move the clock"
	page := goesBack(t, m, press(t, m, "", button, "amount", "90", "unit", "minutes"), "/_sandbox/?done=clock")
	assert.Contains(t, words(page), "Its clock shows 13:30:00.")
	goesBack(t, m, press(t, m, "", button, "amount", "2", "unit", "hours"), "/_sandbox/?done=clock")
	page = goesBack(t, m, press(t, m, "?chat=5", button, "amount", "7", "unit", "seconds"), "/_sandbox/?chat=5&done=clock")
	assert.Contains(t, words(page), "Its clock shows 15:30:07.")
	page = goesBack(t, m, press(t, m, "", button, "amount", "365", "unit", "days"), "/_sandbox/?done=clock")
	assert.Contains(t, page, `datetime="2027-09-09T15:30:07Z"`)
}

// A fault is set for the next requests, or for each, with its fields from the form; it is taken away, too.
func TestFormOfFaults(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	const button = "Set the fault"
	page := goesBack(t, m, press(t, m, "", button, "operation", "sendMessageToChat", "kind", "fail", "status", "503", "commit", "yes", "requests", "next",
		"count", "2", "more", `{"code": "BUSY", "status": 502}`), "/_sandbox/?done=fault#faults")
	assert.Contains(t, words(page), `sendMessageToChat the next 2 requests: fail {"code":"BUSY","commit":true,"kind":"fail","status":503}`)
	for range 2 {
		a := rawSend(m, chat)
		assert.Equal(t, 503, a.Code)
		assert.Contains(t, a.Body.String(), "BUSY")
	}
	assert.Len(t, m.Messages(chat), 2, "they happened all the same")
	goesBack(t, m, press(t, m, "", button, "operation", "sendMessageToChat", "kind", "quota", "seconds", "60", "delayMs", "1", "requests", "each"),
		"/_sandbox/?done=fault#faults")
	for range 3 {
		assert.Equal(t, 420, rawSend(m, chat).Code)
	}
	m.Script(sandbox.OperationGetChat, sandbox.Abort())
	page = goesBack(t, m, press(t, m, "?operation=getChat", "Take them away, the faults of sendMessageToChat"),
		"/_sandbox/?done=nofaults&operation=getChat#faults")
	assert.Contains(t, words(page), "The faults are taken away.")
	assert.NotContains(t, page, "the faults of sendMessageToChat")
	assert.Contains(t, page, "the faults of getChat")
	assert.Equal(t, 200, rawSend(m, chat).Code)
	goesBack(t, m, press(t, m, "", button, "operation", "getChat", "kind", "none", "requests", "next", "more", "null"), "/_sandbox/?done=fault#faults")
}

func TestFormOfReset(t *testing.T) {
	m := newMarket()
	startChat(t, m, order5)
	m.Advance(time.Minute)
	page := goesBack(t, m, press(t, m, "?chat=7000001", "Forget everything"), "/_sandbox/?done=reset")
	assert.Contains(t, words(page), "Its clock shows 12:00:00.")
	assert.Contains(t, words(page), "The sandbox has forgotten everything")
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
		sent := url.Values{"operation": {"getChat"}, "kind": {"fail"}, "requests": {"next"}, "count": {"1"}}
		sent.Set(name, value)
		return sent
	}
	for says, form := range map[string]struct {
		address string
		fields  url.Values
	}{
		`property "text" is missing`:                       {reply, nil},
		"the form cannot be read":                          {reply, url.Values{"%": nil}},
		"there is no chat 5":                               {"/_sandbox/chats/5/replies", url.Values{"text": {"x"}}},
		"there is no such chat: 5":                         {"/_sandbox/chats/5/dispute", nil},
		"there is no dispute in it":                        {dispute + "?method=delete", nil},
		"chatId must be an integer":                        {"/_sandbox/chats/x/dispute", nil},
		`businessId is "x", allowed is a whole number`:     {begin, url.Values{"businessId": {"x"}, "text": {"x"}}},
		"number must be at least 1":                        {begin, url.Values{"businessId": {"0"}, "text": {"x"}}},
		"the body is too large, allowed are 1048576":       {reply, url.Values{"text": {strings.Repeat("x", 1<<20)}}},
		`amount is "0", allowed is a number of 1 to 8760`:  {clock, url.Values{"amount": {"0"}, "unit": {"hours"}}},
		`amount is "366", allowed is a number of 1 to 365`: {clock, url.Values{"amount": {"366"}, "unit": {"days"}}},
		`amount is "1.5"`:                                  {clock, url.Values{"amount": {"1.5"}, "unit": {"days"}}},
		"the unit must be seconds, minutes, hours or days": {clock, url.Values{"amount": {"1"}, "unit": {"years"}}},
		`the operation is "send", allowed is one of`:       {faults, fault("operation", "send")},
		"value is not one of the allowed values":           {faults, fault("kind", "explode")},
		`status is "x", allowed is a whole number`:         {faults, fault("status", "x")},
		"number must be at least 200":                      {faults, fault("status", "99")},
		`count is "101", allowed is a number of 1 to 100`:  {faults, fault("count", "101")},
		`count is ""`: {faults, fault("count", "")},
		`further fields are no JSON object, allowed is one like {"p`: {faults, fault("more", "[1]")},
		`property "stauts" is unsupported`:                           {faults, fault("more", `{"stauts":1}`)},
		`the operation is "x", allowed is one of [createChat`:        {faults + "?method=delete&operation=x", nil},
	} {
		separator := map[bool]string{true: "&", false: "?"}[strings.Contains(form.address, "?")]
		w := post(m, form.address+separator+"view=operation%3DgetChat", form.fields)
		if form.fields.Has("%") {
			w = postText(m, form.address+"?view=operation%3DgetChat", "%")
		}
		assert.Equal(t, 400, w.Code, says)
		assert.Contains(t, words(w.Body.String()), says)
		assert.Contains(t, w.Body.String(), `<p id="problem" role="alert" data-kept>`)
		assert.Contains(t, w.Body.String(), "<option selected>getChat", "the view that it was sent from")
		assert.NotContains(t, w.Body.String(), "sandbox: ")
	}
	page := pageOf(t, m, "")
	assert.Contains(t, words(page), "None is set.")
	assert.Contains(t, words(page), "Its clock shows 12:00:00.")
	assert.Equal(t, []string{"1"}, chatsOf(page))
	assert.Empty(t, m.Messages(7000001))
	assert.Equal(t, 303, post(m, "/_sandbox/reset?view=status%3Dnonsense", nil).Code, "a view that there is not is the view of all")
}

// A form is answered with the page where a browser asks for one; a program gets the answer of the control API.
func TestFormsOfPrograms(t *testing.T) {
	m := newMarket()
	status, _ := drive(t, m, "POST", "/_sandbox/chats?method=delete", `{"businessId":1,"text":"x"}`)
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
		for _, form := range []string{"chats", "chats/7000001/replies", "chats/7000001/dispute", "faults", "faults?method=delete", "clock", "reset"} {
			for _, accept := range []string{"text/html", "*/*"} {
				headers := append([]string{"Content-Type", "application/x-www-form-urlencoded", "Accept", accept}, header...)
				w := serve(m.Site(), "POST", "/_sandbox/"+form, "text=x&businessId=1&amount=1&unit=days", headers...)
				assert.Equal(t, 403, w.Code, "%s %v", form, header)
			}
		}
	}
	assert.Len(t, m.Calls(), 1)
	assert.Empty(t, m.Messages(7000001))
	assert.Equal(t, []string{"1"}, chatsOf(pageOf(t, m, "")))
}
