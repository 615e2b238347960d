package sandbox_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

// What a shop or a buyer has written is shown as text, and no script or style but the page's own is run.
func TestPageShowsTextAsText(t *testing.T) {
	m := newMarket()
	assert.Contains(t, pageOf(t, m, ""), "No chats yet")
	chat := startChat(t, m, order5)
	ask(t, m, "POST", messageTo(chat), `{"message":"<script>alert(1)</script> & \"more\""}`)
	rawAsk(m, "GET", "/v2/businesses/1/chat?<b>=1")
	shown := pageOf(t, m, "")
	assert.Contains(t, shown, "&lt;script&gt;alert(1)&lt;/script&gt; &amp;")
	assert.NotContains(t, shown, "<script>")
	assert.NotContains(t, shown, "<b>=")
	assert.Equal(t, 404, rawAsk(m.Control(), "GET", "/_sandbox/elsewhere").Code)

	nonces := map[string]bool{}
	for range 2 {
		w := rawAsk(m.Site(), "GET", "/_sandbox/")
		nonce := regexp.MustCompile(`<script nonce="(\w{20,})">`).FindStringSubmatch(w.Body.String())
		require.NotNil(t, nonce)
		assert.Contains(t, w.Body.String(), `<style nonce="`+nonce[1]+`">`)
		assert.Equal(t, "default-src 'none'; style-src 'nonce-"+nonce[1]+"'; script-src 'nonce-"+nonce[1]+
			"'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'", w.Header().Get("Content-Security-Policy"))
		assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		nonces[nonce[1]] = true
	}
	assert.Len(t, nonces, 2, "each page has one of its own")
}

// A buyer's answer in an old chat is on the page, at its top. Of more chats than are shown it says how many there are,
// and leads to the rest.
func TestPageOrdersChatsByActivity(t *testing.T) {
	m := newMarket()
	for order := range 60 {
		startChat(t, m, fmt.Sprintf(`{"context":{"type":"ORDER","id":%d}}`, 101+order))
	}
	require.NoError(t, m.Reply(7000003, "Where is it?"))
	first := pageOf(t, m, "")
	ids := chatsOf(first)
	require.Len(t, ids, 50)
	assert.Equal(t, []string{"3", "60", "59"}, ids[:3])
	assert.Contains(t, words(section(t, first, "chats")), "50 of 60 shown")
	assert.Contains(t, first, `<a href="/_sandbox/?chats=2#chats">Older chats</a>`)
	assert.NotContains(t, first, "Newer chats")
	second := pageOf(t, m, "?chats=2")
	assert.Equal(t, []string{"11", "10", "9", "8", "7", "6", "5", "4", "2", "1"}, chatsOf(second))
	assert.Contains(t, words(section(t, second, "chats")), "51 to 60 of 60 shown")
	assert.Contains(t, second, `<a href="/_sandbox/#chats">Newer chats</a>`)
	assert.NotContains(t, second, "Older chats")
	assert.Equal(t, chatsOf(second), chatsOf(pageOf(t, m, "?chats=9")), "a page that is not there is the last one")
	m.Reset()
	assert.NotContains(t, pageOf(t, m, "?chats=2"), "Newer chats")
}

// Who wrote is told by words, and whose turn it is.
func TestPageTellsWhoWrote(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, `{"context":{"type":"RETURN","id":5}}`)
	assert.Contains(t, words(section(t, pageOf(t, m, ""), "chats")), "Chat 7000001 about return 5, nobody has written NEW, cabinet 1 No messages yet.")
	ask(t, m, "POST", messageTo(chat), hello)
	assert.Contains(t, words(section(t, pageOf(t, m, ""), "chats")), "waits for the buyer WAITING_FOR_CUSTOMER, cabinet 1 Shop 7000001000001 12:00:00hello")
	require.NoError(t, m.Reply(chat, "Thanks"))
	assert.Contains(t, words(section(t, pageOf(t, m, ""), "chats")), "waits for the shop WAITING_FOR_PARTNER, cabinet 1 Shop 7000001000001 12:00:00hello Buyer 7000001000002 12:00:00Thanks")
	_, err := m.Direct(2, "Hello?")
	require.NoError(t, err)
	assert.Contains(t, words(section(t, pageOf(t, m, ""), "chats")), "Chat 7000002 begun by a buyer, about no order,")
}

// Of a long chat the newest messages are shown, and the way to all of them.
func TestPageOfOneChat(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	startChat(t, m, `{"context":{"type":"ORDER","id":6}}`)
	for n := range 120 {
		require.NoError(t, m.Reply(chat, fmt.Sprintf("reply %d.", n+1)))
	}
	require.NoError(t, m.Reply(7000002, strings.Repeat("x", 1001)))
	all := section(t, pageOf(t, m, ""), "chats")
	assert.Contains(t, all, `<a href="/_sandbox/?chat=7000001#chats">110 earlier messages</a>`)
	assert.NotContains(t, all, "reply 110.")
	assert.Less(t, strings.Index(all, "reply 111."), strings.Index(all, "reply 120."))
	assert.Contains(t, all, strings.Repeat("x", 1000)+"…")
	assert.Contains(t, words(all), "cut here")

	one := section(t, pageOf(t, m, "?chat=7000001"), "chats")
	assert.Equal(t, []string{"1"}, chatsOf(one))
	assert.Contains(t, words(one), "50 of 120 shown")
	assert.Contains(t, one, "reply 71.")
	assert.NotContains(t, one, "reply 70.")
	assert.Contains(t, one, `<a href="/_sandbox/?chat=7000001&amp;messages=2#chats">Older messages</a>`)
	one = section(t, pageOf(t, m, "?chat=7000001&messages=3"), "chats")
	assert.Contains(t, words(one), "101 to 120 of 120 shown")
	assert.Contains(t, one, "reply 1.")
	assert.Contains(t, one, "reply 20.")
	assert.NotContains(t, one, "reply 21.")
	assert.Contains(t, section(t, pageOf(t, m, "?chat=7000002"), "chats"), strings.Repeat("x", 1001))
	assert.Contains(t, words(section(t, pageOf(t, m, "?chat=7"), "chats")), "There is no chat 7.")
}

// A quota that is used up reads so, and so does one that is not.
func TestPageShowsAUsedUpQuota(t *testing.T) {
	m := newMarket(sandbox.WithQuota(3))
	quotas := func() string { return section(t, pageOf(t, m, ""), "quotas") }
	assert.Contains(t, words(quotas()), "Nothing is used.")
	for range 2 {
		rawAsk(m, "GET", chatOf(1))
	}
	assert.Contains(t, words(quotas()), "getChat, cabinet 1: 2 of 3 used until 13:00:00.")
	assert.NotContains(t, words(quotas()), "Used up")
	assert.NotContains(t, quotas(), "used-up")
	rawAsk(m, "GET", chatOf(1))
	assert.Contains(t, words(quotas()), "getChat, cabinet 1: 3 of 3 used until 13:00:00. Used up: each further request gets 420.")
	assert.Contains(t, quotas(), `<li class="quota used-up"`)
	assert.Contains(t, quotas(), `low="2" high="2" optimum="0" value="3" aria-label="getChat, cabinet 1"`, "a browser paints it red")
	assert.NotContains(t, words(quotas()), "So many came")
	for range 2 {
		require.Equal(t, 420, rawAsk(m, "GET", chatOf(1)).Code)
	}
	assert.Contains(t, words(quotas()), "3 of 3 used until 13:00:00. Used up: each further request gets 420. So many came: 2.")
	for range 5 {
		rawAsk(m, "GET", "/elsewhere")
	}
	assert.Contains(t, words(quotas()), "no operation: 3 of 3 used until 13:00:00.")
	assert.Equal(t, 1, strings.Count(words(quotas()), "Used up"), "what is no operation gets 404 all the same")
}

// The page shows the newest fifty calls and the quotas that were used last, by the Market's clock, and leads to others.
func TestPageShowsTheNewest(t *testing.T) {
	now := time.Date(2026, 9, 9, 15, 0, 0, 0, time.UTC)
	m := newMarket(sandbox.WithClock(func() time.Time { return now }))
	for n := range 102 { // windows of their own
		rawAsk(m, "GET", fmt.Sprintf("/v2/businesses/%d/chat?chatId=1", 10+n))
	}
	m.Advance(30 * time.Minute)
	shown := pageOf(t, m, "")
	assert.Contains(t, words(shown), "Its clock shows 15:30:00.")
	calls, quotas := section(t, shown, "calls"), section(t, shown, "quotas")
	assert.Equal(t, 50, strings.Count(calls, `<li class="call"`))
	assert.Contains(t, words(calls), "50 of 102 shown")
	assert.Less(t, strings.Index(calls, "/businesses/111/"), strings.Index(calls, "/businesses/110/"))
	assert.Contains(t, calls, "?calls=2#calls")
	assert.Equal(t, 50, strings.Count(quotas, "<meter "))
	assert.Contains(t, words(quotas), "50 of 102 shown")
	assert.Contains(t, words(quotas), "cabinet 62: 1 of 1000 used until 16:00:00.")
	last := pageOf(t, m, "?calls=3&quotas=3")
	assert.Equal(t, 2, strings.Count(section(t, last, "calls"), `<li class="call"`))
	assert.Contains(t, section(t, last, "calls"), "/businesses/10/")
	assert.Contains(t, words(section(t, last, "calls")), "101 to 102 of 102 shown")
	assert.Contains(t, words(section(t, last, "quotas")), "cabinet 10: 1 of 1000")
	assert.Contains(t, section(t, last, "quotas"), `<a href="/_sandbox/?calls=3&amp;quotas=2#quotas">Newer quotas</a>`)
	m.Advance(24 * time.Hour)
	assert.Contains(t, words(section(t, pageOf(t, m, ""), "calls")), "2026-09-09 15:00:00 getChat", "another day has its date")
}

// The page sorts quotas by cabinet and operation.
func TestPageSortsQuotas(t *testing.T) {
	m := newMarket()
	for _, cabinet := range []string{"3", "1", "2"} {
		rawAsk(m, "POST", "/v2/businesses/"+cabinet+"/chats/new")
		rawAsk(m, "GET", "/v2/businesses/"+cabinet+"/chat?chatId=1")
		rawAsk(m, "POST", "/v2/businesses/"+cabinet+"/chats/message?chatId=1")
	}
	assert.Equal(t, []string{
		"createChat, cabinet 1:", "getChat, cabinet 1:", "sendMessageToChat, cabinet 1:", "createChat, cabinet 2:", "getChat, cabinet 2:",
		"sendMessageToChat, cabinet 2:", "createChat, cabinet 3:", "getChat, cabinet 3:", "sendMessageToChat, cabinet 3:",
	}, regexp.MustCompile(`\w+, cabinet \d:`).FindAllString(pageOf(t, m, ""), -1))
}

// The filter shows calls by operation and status, and those alone that break the contract.
func TestPageFiltersCalls(t *testing.T) {
	m := newMarket()
	startChat(t, m, order5)                                                          // 1
	rawAsk(m, "GET", chatOf(7000001))                                                // 2
	rawAsk(m, "GET", chatOf(5))                                                      // 3: 404
	rawAsk(m, "GET", "/v2/businesses/1/chat?chat=1")                                 // 4: 400, and a violation
	rawAsk(m, "GET", "/elsewhere")                                                   // 5: 404, and a violation
	m.Script(sandbox.OperationGetChat, sandbox.Fail(503, "X", "x"), sandbox.Abort()) // 6, 7
	rawAsk(m, "GET", chatOf(7000001))
	assert.Panics(t, func() { rawAsk(m, "GET", chatOf(7000001)) })
	for query, want := range map[string]string{
		"":                                   "7 6 5 4 3 2 1",
		"?operation=createChat":              "1",
		"?operation=getChat":                 "7 6 4 3 2",
		"?operation=none":                    "5",
		"?status=404":                        "5 3",
		"?status=4xx":                        "5 4 3",
		"?status=2xx":                        "2 1",
		"?status=503":                        "6",
		"?status=cut":                        "7",
		"?status=420":                        "",
		"?violations=only":                   "5 4",
		"?violations=only&operation=getChat": "4",
		"?operation=getChat&status=4xx":      "4 3",
		"?call=3":                            "3",
		"?call=3&status=503":                 "3",
		"?call=99":                           "",
	} {
		calls := section(t, pageOf(t, m, query), "calls")
		var numbers []string
		for _, match := range regexp.MustCompile(`id="call-(\d+)"`).FindAllStringSubmatch(calls, -1) {
			numbers = append(numbers, match[1])
		}
		assert.Equal(t, want, strings.Join(numbers, " "), query)
	}
	calls := section(t, pageOf(t, m, "?operation=getChat&status=404&violations=only&chats=2"), "calls")
	for _, chosen := range []string{"<option selected>getChat", "<option selected>404", `value="only" checked`} {
		assert.Contains(t, calls, chosen)
	}
	assert.Contains(t, words(calls), "No call fits the filter.")
	assert.Contains(t, calls, `<a href="/_sandbox/?chats=2#calls">All calls</a>`)
	assert.Contains(t, words(section(t, pageOf(t, m, "?call=99"), "calls")), "There is no call 99, or it is forgotten.")
}

// What a query says wrongly is named at the top of the page, with what is allowed; the page shows everything then.
func TestPageRefusesWhatItDoesNotKnow(t *testing.T) {
	m := newMarket()
	startChat(t, m, order5)
	for query, says := range map[string]string{
		"?operation=send":        fmt.Sprintf(`the operation is "send", allowed is one of %v or none`, sortedOperations()),
		"?status=<b>":            `the status is "<b>", allowed is one like 420, one like 4xx, or cut`,
		"?status=42":             `the status is "42",`,
		"?chats=0":               `chats is "0", allowed is a number of 1 and above`,
		"?calls=-1":              `calls is "-1"`,
		"?chat=x":                `chat is "x"`,
		"?call=99999999999":      `call is "99999999999"`,
		"?messages=1&quotas=1.5": `quotas is "1.5"`,
	} {
		w := rawAsk(m.Site(), "GET", "/_sandbox/"+query)
		assert.Equal(t, 400, w.Code, query)
		assert.Contains(t, words(w.Body.String()), says)
		assert.Contains(t, w.Body.String(), `id="chat-7000001"`)
		assert.NotContains(t, w.Body.String(), "<b>\"")
	}
	assert.Equal(t, 200, rawAsk(m.Site(), "GET", "/_sandbox/?utm_source=x&done=%3Cb%3E").Code)
	assert.NotContains(t, pageOf(t, m, "?done=%3Cb%3E"), "&lt;b&gt;")
}

// Of each call the page shows both bodies and a command that makes it once more, with the key's place for a key.
func TestPageShowsACall(t *testing.T) {
	m := newMarket(sandbox.WithAPIKey("secret-of-the-shop"))
	w := serve(m.Site(), "POST", newChat, order5, "Api-Key", "secret-of-the-shop")
	rawAsk(m, "GET", "/v2/businesses/1/chat?chat=secret&chatId=8")
	shown := pageOf(t, m, "")
	assert.NotContains(t, shown, "secret-of-the-shop")
	calls := section(t, shown, "calls")
	for _, want := range []string{
		`12:00:00 createChat 200 OK POST /v2/businesses/1/chats/new`, w.Header().Get("Traceparent"),
		`Request body application/json ` + order5, `Answer body application/json {"result":{"chatId":7000001},"status":"OK"}`,
		`curl -X POST 'http://127.0.0.1:8080/v2/businesses/1/chats/new' -H "Api-Key: $YM_API_KEY" -H 'Content-Type: application/json' --data-raw '` + order5 + `'`,
		"no violations", "401 Unauthorized GET /v2/businesses/1/chat?chat=…&chatId=8",
		"breaks the contract: query chat: is not declared", "Request body empty", "None: its address is not kept whole",
	} {
		assert.Contains(t, words(calls), want)
	}
	assert.NotContains(t, calls, "chat=secret")
	assert.NotContains(t, calls, "<details open")
	assert.Contains(t, pageOf(t, m, "?call=1"), "<details open")
}

// Of long bodies the beginning is shown, and all that is kept where the call is shown alone.
func TestPageShowsTheWholeCall(t *testing.T) {
	m := newMarket()
	long := strings.Repeat("ж", 3000)
	ask(t, m, "POST", messageTo(1), `{"message":"`+long+`"}`)
	all := section(t, pageOf(t, m, ""), "calls")
	assert.Contains(t, words(all), "the first 2048 of 6014 bytes")
	assert.NotContains(t, all, long)
	assert.Contains(t, words(all), "None: the whole call has it.")
	assert.Contains(t, all, `<a href="/_sandbox/?call=1#calls">The whole call</a>`)
	one := section(t, pageOf(t, m, "?call=1"), "calls")
	assert.Equal(t, 2, strings.Count(one, long), "in the body, and in the command")
	assert.NotContains(t, words(one), "The whole call")

	ask(t, m, "POST", messageTo(1), `{"message":"`+strings.Repeat("ж", 300_000)+`"}`)
	one = section(t, pageOf(t, m, "?call=2"), "calls")
	assert.Contains(t, words(one), "the first 32768 of 524289 bytes; more is not kept")
	assert.Contains(t, words(one), "None: the request is too long to be kept.")
	rawAsk(m, "GET", chatOf(1))
	m.Script(sandbox.OperationGetChat, sandbox.GzipBomb(1000))
	rawAsk(m, "GET", chatOf(1))
	assert.Regexp(t, `\d+ bytes that are no text`, words(section(t, pageOf(t, m, ""), "calls")))
}

// The faults that are set stand on the page, in the order in which requests meet them.
func TestPageShowsFaults(t *testing.T) {
	m := newMarket()
	faults := func() string { return words(section(t, pageOf(t, m, ""), "faults")) }
	assert.Contains(t, faults(), "None is set.")
	m.Script(sandbox.OperationGetChat, sandbox.Abort())
	status, _ := drive(t, m, "POST", "/_sandbox/faults", `{"operation":"getChat","faults":[{"kind":"fail","status":503},{"kind":"fail","status":503},{"kind":"html"}],"every":{"kind":"abort","after":3}}`)
	require.Equal(t, 204, status)
	status, _ = drive(t, m, "POST", "/_sandbox/faults", `{"operation":"createChat","every":{"kind":"answer","status":200,"body":"<b>`+strings.Repeat("x", 600)+`"}}`)
	require.Equal(t, 204, status)
	assert.Contains(t, faults(), `getChat the next request: set by a program in Go after that, the next 2 requests: fail {"kind":"fail","status":503}`+
		` after that, the next request: html {"kind":"html"} each request after those: abort {"after":3,"kind":"abort"}`)
	assert.Contains(t, faults(), `createChat each request: answer {"body":"<b>xxx`)
	assert.NotContains(t, faults(), strings.Repeat("x", 501))
	rawSend(m, 1)
	assert.Contains(t, faults(), "getChat the next request")
	for range 120 {
		m.Script(sandbox.OperationGetChat, nil)
	}
	assert.Contains(t, faults(), "and 24 more wait")
}
