package sandbox_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

// press sends a form of the page as a browser does: name, value, name, value.
func press(m *sandbox.Market, form string, fields ...string) *httptest.ResponseRecorder {
	values := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	r := httptest.NewRequest("POST", "http://127.0.0.1:8080/_sandbox/page/"+form, strings.NewReader(values.Encode()))
	r.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"},
		"Origin": {"http://127.0.0.1:8080"}, "Sec-Fetch-Site": {"same-origin"}}
	w := httptest.NewRecorder()
	m.Site().ServeHTTP(w, r)
	return w
}

// goesBack checks that the browser is sent back to the page, and gives what that says.
func goesBack(t *testing.T, m *sandbox.Market, w *httptest.ResponseRecorder, location string) string {
	t.Helper()
	require.Equal(t, 303, w.Code, w.Body.String())
	require.Equal(t, location, w.Header().Get("Location"))
	_, query, _ := strings.Cut(location, "?")
	query, _, _ = strings.Cut(query, "#")
	return pageOf(t, m, "?"+query)
}

// The buyer writes what is typed, or a text of its own; the browser is sent back to the chat.
func TestFormOfTheBuyer(t *testing.T) {
	m := sandbox.New(sandbox.WithBusiness(42))
	assert.Contains(t, pageOf(t, m, ""), `name="cabinet" min="1" required value="42"`)
	page := goesBack(t, m, press(m, "buyer", "cabinet", "42"), "/_sandbox/?done=buyer#chat-7000001")
	assert.Contains(t, page, `<p id="status" role="status" data-kept>The buyer has written.</p>`)
	assert.Contains(t, page, `name="chat" value="7000001"`)
	goesBack(t, m, press(m, "buyer", "cabinet", "43", "text", "Is it red?"), "/_sandbox/?done=buyer#chat-7000002")
	goesBack(t, m, press(m, "buyer?chats=2&operation=getChat", "chat", "7000001"),
		"/_sandbox/?operation=getChat&done=buyer#chat-7000001")
	goesBack(t, m, press(m, "buyer?chat=7000001&messages=2&calls=2", "chat", "7000001"), "/_sandbox/?calls=2&chat=7000001&done=buyer#chat-7000001")
	goesBack(t, m, press(m, "buyer", "chat", "7000001", "text", "Two\r\nlines <b>"), "/_sandbox/?done=buyer#chat-7000001")
	goesBack(t, m, press(m, "buyer?chat=7000001", "cabinet", "42"), "/_sandbox/?chat=7000001&done=buyer#chat-7000003")
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
	assert.NotContains(t, pageOf(t, m, "?chat=7000002"), "page/dispute", "the API knows no disputes in it")
	assert.NotContains(t, pageOf(t, m, ""), "page/dispute")
	page := pageOf(t, m, "?chat=7000001")
	assert.Contains(t, page, `name="dispute" value="start"`)
	page = goesBack(t, m, press(m, "dispute", "chat", "7000001", "dispute", "start"), "/_sandbox/?done=dispute#chat-7000001")
	assert.Equal(t, []string{"1", "2"}, chatsOf(page), "something happened in it")
	assert.Contains(t, words(page), "about order 5, waits for the arbiter WAITING_FOR_ARBITER, cabinet 1")
	assert.Contains(t, page, `name="dispute" value="finish"`)
	ask(t, m, "POST", messageTo(chat), hello)
	assert.Contains(t, words(pageOf(t, m, "")), "waits for the arbiter")
	require.NoError(t, m.Reply(7000002, "Well?"))
	page = goesBack(t, m, press(m, "dispute", "chat", "7000001", "dispute", "finish"), "/_sandbox/?done=dispute#chat-7000001")
	assert.Equal(t, []string{"1", "2"}, chatsOf(page))
	assert.Contains(t, words(page), "the dispute has ended FINISHED, cabinet 1")
	assert.NotContains(t, pageOf(t, m, "?chat=7000001"), "page/dispute")
	for says, form := range map[string][]string{
		"the form must name a chat by its number": {"dispute", "chat", "x", "dispute", "start"},
		"there is no such chat: 5":                {"dispute", "chat", "5", "dispute", "start"},
		"there is no dispute in it":               {"dispute", "chat", "7000001", "dispute", "finish"},
		"the dispute must be start or finish":     {"dispute", "chat", "7000001"},
		"allowed is a chat about an order":        {"dispute", "chat", "7000002", "dispute", "start"},
	} {
		w := press(m, form[0], form[1:]...)
		assert.Equal(t, 400, w.Code, form)
		assert.Contains(t, words(w.Body.String()), says)
	}
}

// The clock is moved in the unit that is chosen.
func TestFormOfTheClock(t *testing.T) {
	m := newMarket()
	page := goesBack(t, m, press(m, "clock", "amount", "90", "unit", "minutes"), "/_sandbox/?done=clock")
	assert.Contains(t, words(page), "Its clock shows 13:30:00.")
	goesBack(t, m, press(m, "clock", "amount", "2", "unit", "hours"), "/_sandbox/?done=clock")
	page = goesBack(t, m, press(m, "clock", "amount", "7", "unit", "seconds"), "/_sandbox/?done=clock")
	assert.Contains(t, words(page), "Its clock shows 15:30:07.")
	page = goesBack(t, m, press(m, "clock", "amount", "365", "unit", "days"), "/_sandbox/?done=clock")
	assert.Contains(t, page, `datetime="2027-09-09T15:30:07Z"`)
}

// A fault is set for the next requests, or for each, with its fields from the form; it is taken away, too.
func TestFormOfFaults(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	page := goesBack(t, m, press(m, "fault", "operation", "sendMessageToChat", "kind", "fail", "status", "503", "commit", "yes", "requests", "next", "count", "2",
		"more", `{"code": "BUSY"}`), "/_sandbox/?done=fault#faults")
	assert.Contains(t, words(page), `sendMessageToChat the next 2 requests: fail {"code":"BUSY","commit":true,"kind":"fail","status":503}`)
	for range 2 {
		a := rawSend(m, chat)
		assert.Equal(t, 503, a.Code)
		assert.Contains(t, a.Body.String(), "BUSY")
	}
	assert.Len(t, m.Messages(chat), 2, "they happened all the same")
	goesBack(t, m, press(m, "fault", "operation", "sendMessageToChat", "kind", "quota", "seconds", "60", "delayMs", "1", "requests", "each", "count", "1"), "/_sandbox/?done=fault#faults")
	for range 3 {
		assert.Equal(t, 420, rawSend(m, chat).Code)
	}
	page = goesBack(t, m, press(m, "nofaults", "operation", "sendMessageToChat"), "/_sandbox/?done=nofaults#faults")
	assert.Contains(t, words(page), "None is set.")
	assert.Equal(t, 200, rawSend(m, chat).Code)
}

func TestFormOfReset(t *testing.T) {
	m := newMarket()
	startChat(t, m, order5)
	m.Advance(60_000_000_000)
	page := goesBack(t, m, press(m, "reset"), "/_sandbox/?done=reset")
	assert.Contains(t, words(page), "Its clock shows 12:00:00.")
	assert.Contains(t, words(page), "The sandbox has forgotten everything")
	assert.Empty(t, m.Calls())
}

// What a form says wrongly is named at the top of the page, with what is allowed, and nothing is done.
func TestFormsRefuse(t *testing.T) {
	m := newMarket()
	startChat(t, m, order5)
	fault := func(fields ...string) []string {
		return append([]string{"fault", "operation", "getChat", "kind", "fail", "requests", "next", "count", "1"}, fields...)
	}
	for says, form := range map[string][]string{
		"the form must name a chat or a cabinet by its number":  {"buyer"},
		"the form must name a chat or a cabinet by its number ": {"buyer", "chat", "x"},
		"the form must name a chat or a cabinet":                {"buyer", "cabinet", "x"},
		"there is no chat 5":                                    {"buyer", "chat", "5"},
		"allowed is 1 and above":                                {"buyer", "cabinet", "0"},
		"the form is too large, allowed are 65536 bytes":        {"buyer", "chat", "7000001", "text", strings.Repeat("x", 70_000)},
		`amount is "0", allowed is a number of 1 to 8760`:       {"clock", "amount", "0", "unit", "hours"},
		`amount is "366", allowed is a number of 1 to 365`:      {"clock", "amount", "366", "unit", "days"},
		`amount is "1.5"`:                                       {"clock", "amount", "1.5", "unit", "days"},
		"the unit must be seconds, minutes, hours or days":      {"clock", "amount", "1", "unit", "years"},
		`the operation is "send", allowed is one of`:            fault("operation", "send"),
		"value is not one of the allowed values":                fault("kind", "explode"),
		`status is "x", allowed is a whole number`:              fault("status", "x"),
		"number must be at least 200":                           fault("status", "99"),
		`count is "101", allowed is a number of 1 to 100`:       fault("count", "101"),
		`count is ""`: fault("count", ""),
		`further fields are no JSON object, allowed is one like {"p`: fault("more", "[1]"),
		`property "stauts" is unsupported`:                           fault("more", `{"stauts":1}`),
		`the operation is "x", allowed is one of [createChat`:        {"nofaults", "operation", "x"},
	} {
		w := press(m, form[0], form[1:]...)
		assert.Equal(t, 400, w.Code, form)
		assert.Contains(t, words(w.Body.String())+" ", strings.TrimSpace(says))
		assert.Contains(t, w.Body.String(), `<p id="problem" role="alert" data-kept>`)
		assert.NotContains(t, w.Body.String(), "sandbox: ")
	}
	page := pageOf(t, m, "")
	assert.Contains(t, words(page), "None is set.")
	assert.Contains(t, words(page), "Its clock shows 12:00:00.")
	assert.Empty(t, m.Messages(7000001))
	goesBack(t, m, press(m, "fault", "operation", "getChat", "kind", "none", "requests", "next", "count", "1", "more", "null"), "/_sandbox/?done=fault#faults")
}

// A page of another address must not press a button, whatever it sends.
func TestFormsOfAnotherOrigin(t *testing.T) {
	for _, header := range []http.Header{
		{"Origin": {"https://example.com"}}, {"Origin": {"null"}}, {"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}},
	} {
		for _, form := range []string{"buyer", "dispute", "fault", "nofaults", "clock", "reset"} {
			m := newMarket()
			startChat(t, m, order5)
			r := httptest.NewRequest("POST", "http://127.0.0.1:8080/_sandbox/page/"+form, strings.NewReader("chat=7000001&amount=1&unit=days"))
			r.Header = header.Clone()
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			m.Site().ServeHTTP(w, r)
			assert.Equal(t, 403, w.Code, "%s %v", form, header)
			assert.Len(t, m.Calls(), 1)
			assert.Empty(t, m.Messages(7000001))
		}
	}
}

// To look at the address of a form does nothing.
func TestFormsAreNotLinks(t *testing.T) {
	m := newMarket()
	startChat(t, m, order5)
	for _, form := range []string{"buyer", "dispute", "fault", "nofaults", "clock", "reset"} {
		assert.Equal(t, 404, visit(m.Site(), "GET", "/_sandbox/page/"+form).Code)
	}
	assert.Len(t, m.Calls(), 1)
}
