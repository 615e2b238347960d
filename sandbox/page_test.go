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
	for _, query := range []string{"", "?chat=7000001", "?call=2"} {
		shown := pageOf(t, m, query)
		assert.Contains(t, shown, "&lt;script&gt;alert(1)&lt;/script&gt; &amp;")
		assert.NotContains(t, shown, "<script>")
		assert.NotContains(t, shown, "<b>=")
	}
	assert.Equal(t, 404, rawAsk(m.Control(), "GET", "/_sandbox/elsewhere").Code)

	nonces := map[string]bool{}
	for range 2 {
		w := rawAsk(m.Site(), "GET", "/_sandbox/")
		nonce := regexp.MustCompile(`<script nonce="(\w{20,})">`).FindStringSubmatch(w.Body.String())
		require.NotNil(t, nonce)
		assert.Contains(t, w.Body.String(), `<style nonce="`+nonce[1]+`">`)
		assert.Equal(t, "default-src 'none'; style-src 'nonce-"+nonce[1]+"'; script-src 'nonce-"+nonce[1]+
			"'; img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'", w.Header().Get("Content-Security-Policy"))
		assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		nonces[nonce[1]] = true
	}
	assert.Len(t, nonces, 2, "each page has one of its own")
	w := rawAsk(m.Site(), "GET", "/_sandbox/control.yaml")
	assert.Equal(t, string(sandbox.ControlSpec), w.Body.String())
	assert.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
}

// At its top the page tells the time and its zone, and how far the clock was moved.
func TestPageTellsTheTime(t *testing.T) {
	for zone, want := range map[*time.Location]string{
		time.UTC:                           "18:52:07 28 Nov, UTC · real time",
		time.FixedZone("", 3*60*60):        "21:52:07 28 Nov, UTC+3 · real time",
		time.FixedZone("", -3*60*60-30*60): "15:22:07 28 Nov, UTC−3:30 · real time",
		time.FixedZone("", 5*60*60+45*60):  "00:37:07 29 Nov, UTC+5:45 · real time",
	} {
		at := time.Date(2026, 11, 28, 18, 52, 7, 0, time.UTC).In(zone)
		m := newMarket(sandbox.WithClock(func() time.Time { return at }))
		assert.Contains(t, words(section(t, pageOf(t, m, ""), "clock")), want)
	}
	m := newMarket()
	for _, step := range []struct {
		by   time.Duration
		want string
	}{
		{time.Second, "12:00:01 9 Sep, UTC · 1 s ahead"},
		{2*time.Hour - time.Second, "14:00:00 9 Sep, UTC · 2 h ahead"},
		{30 * time.Minute, "14:30:00 9 Sep, UTC · 2 h 30 min ahead"},
		{24*time.Hour + time.Second, "14:30:01 10 Sep, UTC · 1 d 2 h ahead"},
		{21*time.Hour + 34*time.Minute + 59*time.Second, "12:05:00 11 Sep, UTC · 2 d ahead"},
	} {
		m.Advance(step.by)
		assert.Contains(t, words(section(t, pageOf(t, m, ""), "clock")), step.want)
	}
}

// The verdict on all calls stands at the top, in the title and in the list of parts, and leads to the violations.
func TestPageTellsOfViolations(t *testing.T) {
	m := newMarket()
	assert.Equal(t, "Contract check No calls yet", words(section(t, pageOf(t, m, ""), "contract")))
	chat := startChat(t, m, order5)
	shown := pageOf(t, m, "")
	assert.Equal(t, "Contract check No violations in 1 call", words(section(t, shown, "contract")))
	assert.Contains(t, section(t, shown, "contract"), `class="big ok"`)
	assert.Contains(t, shown, "<title>Sandbox</title>")
	rawAsk(m, "GET", "/v2/businesses/1/chat?chatId=7000001&a=1")
	shown = pageOf(t, m, "")
	assert.Equal(t, "Contract check 1 violation in 2 calls Show them", words(section(t, shown, "contract")))
	rawAsk(m, "GET", "/v2/businesses/1/chat?chatId=7000001&a=1&b=1")
	rawAsk(m, "GET", chatOf(chat))
	for _, query := range []string{"", "?chat=7", "?operation=createChat&calls=2&call=1"} {
		shown = pageOf(t, m, query)
		assert.Contains(t, shown, "<title>3 violations · Sandbox</title>")
		assert.Equal(t, "Contract check 3 violations in 4 calls Show them", words(section(t, shown, "contract")))
		assert.Contains(t, section(t, shown, "contract"), `<a href="/_sandbox/?violations=only#calls">Show them</a>`)
		assert.Contains(t, words(shown), "Chats 1Calls 4Notifications 03 violations")
	}
	calls := section(t, pageOf(t, m, "?violations=only"), "calls")
	assert.Equal(t, 2, strings.Count(calls, `class="broken"`))
	assert.Equal(t, 1, strings.Count(calls, "<details open>"), "the first of them is open")
	assert.Contains(t, words(calls), "The request breaks the contract. a in the query is not declared.b in the query is not declared.")
}

// A buyer's answer in an old chat moves it to the top of the list. Of more chats than are shown the list says how many
// there are, and leads to the rest.
func TestPageOrdersChatsByActivity(t *testing.T) {
	m := newMarket()
	for order := range 40 {
		startChat(t, m, fmt.Sprintf(`{"context":{"type":"ORDER","id":%d}}`, 101+order))
	}
	require.NoError(t, m.Reply(7000003, "Where is it?"))
	first := pageOf(t, m, "")
	ids := chatsOf(first)
	require.Len(t, ids, 30)
	assert.Equal(t, []string{"3", "40", "39"}, ids[:3])
	assert.Contains(t, words(section(t, first, "chats")), "30 of 40")
	assert.Contains(t, first, `<a href="/_sandbox/?chats=2#chats">Older chats</a>`)
	assert.NotContains(t, first, "Newer chats")
	second := pageOf(t, m, "?chats=2")
	assert.Equal(t, []string{"11", "10", "9", "8", "7", "6", "5", "4", "2", "1"}, chatsOf(second))
	assert.Contains(t, words(section(t, second, "chats")), "31 to 40 of 40")
	assert.Contains(t, second, `<a href="/_sandbox/#chats">Newer chats</a>`)
	assert.NotContains(t, second, "Older chats")
	assert.Equal(t, chatsOf(second), chatsOf(pageOf(t, m, "?chats=9")), "a page that is not there is the last one")
	assert.Contains(t, second, `<a href="/_sandbox/?chat=7000001&amp;chats=2#talk">`, "the list stays where it is")
	m.Reset()
	assert.NotContains(t, pageOf(t, m, "?chats=2"), "Newer chats")
}

// A row of the list tells what the chat is about, whose turn it is, and how the last message begins.
func TestPageListsChats(t *testing.T) {
	m := newMarket()
	list := func() string { return words(section(t, pageOf(t, m, ""), "chats")) }
	chat := startChat(t, m, `{"context":{"type":"RETURN","id":5}}`)
	assert.Contains(t, list(), "Chats1 Return 512:00New, no messages New chat from a buyer")
	ask(t, m, "POST", messageTo(chat), hello)
	assert.Contains(t, list(), "Return 512:00Shop: helloWaiting for buyer")
	require.NoError(t, m.Reply(chat, strings.Repeat("ж", 60)))
	assert.Contains(t, list(), "Return 512:00Buyer: "+strings.Repeat("ж", 50)+"…Waiting for shop")
	startChat(t, m, order5)
	require.NoError(t, m.StartDispute(7000002))
	assert.Contains(t, list(), "Order 512:00Dispute Return 5")
	require.NoError(t, m.FinishDispute(7000002))
	assert.Contains(t, list(), "Order 512:00Dispute ended")
	_, err := m.Direct(2, "Hello?")
	require.NoError(t, err)
	assert.Contains(t, list(), "Chats3 Question12:00Buyer: Hello?Waiting for shop")
	require.NoError(t, m.Write(7000003, "MARKET", "Well"))
	assert.Contains(t, list(), "Market: Well")
	m.Advance(24 * time.Hour)
	assert.Contains(t, list(), "Return 59 SepBuyer", "another day has its date")
}

// A chosen chat stands beside the list: the shop on the right, with the call that stored each of its messages; a
// dispute stands between messages.
func TestPageShowsATalk(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5) // call 1
	talk := func() string { return words(section(t, pageOf(t, m, "?chat=7000001"), "chats")) }
	assert.Contains(t, talk(), "← All chats Order 5 Open dispute as the buyer Chat 7000001 · cabinet 1 · new, no messages NEW No messages yet. Write as the buyer")
	rawSend(m, chat)
	m.Script(sandbox.OperationSendMessageToChat, sandbox.CommitThen(sandbox.Fail(500, "X", "x")), sandbox.CommitThen(sandbox.Abort()))
	rawSend(m, chat)
	assert.Panics(t, func() { rawSend(m, chat) })
	require.NoError(t, m.StartDispute(chat))
	for _, sender := range []string{"CUSTOMER", "PARTNER", "MARKET", "SUPPORT"} {
		status, _ := drive(t, m, "POST", "/_sandbox/chats/7000001/replies", `{"text":"as `+sender+`","sender":"`+sender+`"}`)
		require.Equal(t, 204, status)
	}
	m.Advance(24 * time.Hour)
	require.NoError(t, m.FinishDispute(chat))
	assert.Contains(t, talk(), "9 September 2026, times in UTC hello12:00:00 · 200 hello12:00:00 · stored, though the answer was 500"+
		" hello12:00:00 · stored, though the connection was cut 12:00:00 The buyer asked the Market to decide. The dispute began."+
		" as CUSTOMER12:00:00 as PARTNER12:00:00 as MARKETMarket · 12:00:00 as SUPPORTSupport · 12:00:00 10 September 2026, times in UTC 12:00:00 The dispute ended.")
	shown := section(t, pageOf(t, m, "?chat=7000001"), "chats")
	assert.Contains(t, shown, `<a href="/_sandbox/?call=3&amp;chat=7000001#calls">the answer was 500</a>`)
	assert.Equal(t, 4, strings.Count(shown, `<li class="msg shop"`), "three by calls, and one written here")
	assert.Equal(t, 3, strings.Count(shown, `<li class="msg"`))
	assert.Contains(t, shown, `<a href="/_sandbox/?chat=7000001#talk" aria-current="true">`)
}

// A file of a message is a link with its size; its name is shown as text.
func TestPageShowsFiles(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	for name, size := range map[string]int{`<b>"photo".jpg`: 1, "a.bin": 1023, "b.bin": 1536, "c.bin": 5 << 20, "d.bin": 1 << 10, "e.bin": 1 << 20} {
		require.NoError(t, m.SendFile(chat, "CUSTOMER", name, make([]byte, size)))
	}
	require.NoError(t, m.SendFile(chat, "PARTNER", `<i>.pdf`, nil))
	shown := section(t, pageOf(t, m, "?chat=7000001"), "chats")
	for _, want := range []string{`&lt;b&gt;&#34;photo&#34;.jpg</a> <span class="num">1 byte<`, `a.bin</a> <span class="num">1023 bytes<`,
		`b.bin</a> <span class="num">1.5 KiB<`, `c.bin</a> <span class="num">5.0 MiB<`, `d.bin</a> <span class="num">1.0 KiB<`, `e.bin</a> <span class="num">1.0 MiB<`, `&lt;i&gt;.pdf</a> <span class="num">0 bytes<`} {
		assert.Contains(t, shown, want)
	}
	assert.NotContains(t, shown, "<i>")
	assert.NotContains(t, shown, `<p dir="auto"></p>`, "there is no empty text beside a file")
	assert.Contains(t, words(shown), "Shop: <i>.pdfWaiting for buyer")
	link := regexp.MustCompile(`<a dir="auto" href="(/_files/[^"]*)">c.bin`).FindStringSubmatch(shown)
	require.NotNil(t, link)
	assert.Equal(t, 5<<20, rawAsk(m.Site(), "GET", link[1]).Body.Len())
	require.NoError(t, m.Reply(chat, ""))
	assert.Contains(t, section(t, pageOf(t, m, "?chat=7000001"), "chats"), `<p dir="auto"></p>`)
}

// Of a long chat the newest messages are shown, and the way to all of them.
func TestPageOfOneChat(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	require.NoError(t, m.StartDispute(chat))
	for n := range 70 {
		require.NoError(t, m.Reply(chat, fmt.Sprintf("reply %d.", n+1)))
		if n+1 == 40 {
			require.NoError(t, m.FinishDispute(chat))
		}
	}
	one := section(t, pageOf(t, m, "?chat=7000001"), "chats")
	assert.Contains(t, words(one), "30 of 70")
	assert.Contains(t, one, "reply 41.")
	assert.NotContains(t, one, "reply 40.")
	assert.Less(t, strings.Index(one, "reply 41."), strings.LastIndex(one, "reply 70."))
	assert.Contains(t, one, `<a href="/_sandbox/?chat=7000001&amp;messages=2#chats">Older messages</a>`)
	assert.NotContains(t, words(one), "The dispute began.")
	assert.Contains(t, words(one), "The dispute ended. reply 41.")
	assert.NotContains(t, words(section(t, pageOf(t, m, "?chat=7000001&messages=2"), "chats")), "The dispute ended.", "it stands once")
	one = section(t, pageOf(t, m, "?chat=7000001&messages=3"), "chats")
	assert.Contains(t, words(one), "61 to 70 of 70")
	assert.Contains(t, one, "reply 1.")
	assert.Contains(t, one, "reply 10.")
	assert.NotContains(t, one, "reply 11.")
	assert.Contains(t, words(one), "The dispute began. reply 1.")
	require.NoError(t, m.Reply(chat, strings.Repeat("x", 40<<10)))
	one = section(t, pageOf(t, m, "?chat=7000001"), "chats")
	assert.Contains(t, one, strings.Repeat("x", 32<<10)+"…")
	assert.NotContains(t, one, strings.Repeat("x", 32<<10+1))
	assert.Contains(t, words(one), "cut here")
	assert.Contains(t, words(pageOf(t, m, "?chat=7")), "There is no chat 7.Show all chats")
}

// A chosen chat narrows calls and notifications, and the page says so.
func TestPageNarrows(t *testing.T) {
	m := newMarket()
	startChat(t, m, order5)                                 // 1
	startChat(t, m, `{"context":{"type":"RETURN","id":6}}`) // 2
	rawAsk(m, "GET", chatOf(7000001))                       // 3
	rawSend(m, 7000002)                                     // 4
	rawAsk(m, "GET", "/elsewhere")                          // 5
	shown := pageOf(t, m, "?chat=7000002")
	assert.Contains(t, words(shown), "Only chat 7000002 (return 6): 2 of 5 calls, 0 of 0 notifications.Show all chats")
	assert.Contains(t, shown, `<a class="push" href="/_sandbox/">Show all chats</a>`)
	assert.Equal(t, "4 2", callsOf(t, shown))
	assert.Contains(t, words(section(t, shown, "calls")), "All 2Violations 0Failed 0createChat 1sendMessageToChat 1")
	assert.Contains(t, section(t, shown, "calls"), `<a href="/_sandbox/?chat=7000002&amp;operation=createChat#calls">createChat 1</a>`)
	assert.Equal(t, "2", callsOf(t, pageOf(t, m, "?chat=7000002&operation=createChat")))
	assert.NotContains(t, pageOf(t, m, ""), "Only <b>chat")
}

// A quota that is used up reads so, and so does one that is not.
func TestPageShowsAUsedUpQuota(t *testing.T) {
	m := newMarket(sandbox.WithQuota(3))
	quotas := func() string { return section(t, pageOf(t, m, ""), "quotas") }
	assert.Equal(t, "Quotas · reset at 13:00 UTC Nothing used in this hour.", words(quotas()))
	for range 2 {
		rawAsk(m, "GET", chatOf(1))
	}
	assert.Equal(t, "Quotas · cabinet 1 · reset at 13:00 UTC getChat2 of 32 of 3", words(quotas()))
	rawAsk(m, "GET", chatOf(1))
	assert.Equal(t, "Quotas · cabinet 1 · reset at 13:00 UTC getChat3 of 3used up", words(quotas()))
	assert.Contains(t, quotas(), `low="1" high="2" optimum="0" value="3" aria-label="getChat"`, "a browser paints it red")
	require.Equal(t, 420, rawAsk(m, "GET", chatOf(1)).Code)
	assert.Contains(t, words(quotas()), "used up 1 request over the quota got 420.")
	require.Equal(t, 420, rawAsk(m, "GET", chatOf(1)).Code)
	assert.Contains(t, words(quotas()), "used up 2 requests over the quota got 420.")
	for range 5 {
		rawAsk(m, "GET", "/elsewhere")
	}
	assert.Equal(t, 1, strings.Count(words(quotas()), "used up"), "what is no operation gets 404 all the same")
}

// The quotas are those of one cabinet: of the one that is named, of the chat's, or of the one that was used last. The
// others are led to.
func TestPageShowsQuotasOfACabinet(t *testing.T) {
	m := newMarket()
	ask(t, m, "POST", "/v2/businesses/3/chats/new", order5)
	for n := range 30 {
		rawAsk(m, "GET", fmt.Sprintf("/v2/businesses/%d/chat?chatId=1", 10+n))
	}
	rawAsk(m, "GET", "/v2/businesses/2/chats/history?chatId=1")
	for _, path := range []string{"/chats/message?chatId=1", "/chats/new"} {
		rawAsk(m, "GET", "/v2/businesses/2/chat?chatId=1")
		serve(m, "POST", "/v2/businesses/2"+path, hello)
	}
	quotas := func(query string) string { return words(section(t, pageOf(t, m, query), "quotas")) }
	assert.Contains(t, quotas(""), "Quotas · cabinet 2 · reset at 13:00 UTC createChat1 of 10001 of 1000 getChat2 of 10002 of 1000 sendMessageToChat1 of 10001 of 1000 Other")
	assert.Contains(t, quotas("?cabinet=12"), "Quotas · cabinet 12 ")
	assert.Contains(t, quotas("?chat=7000001"), "Quotas · cabinet 3 ")
	assert.Contains(t, pageOf(t, m, "?cabinet=12"), `<a href="/_sandbox/?cabinet=12&amp;chat=7000001#talk"`, "it stays when a chat is chosen")
	assert.Contains(t, quotas("?chat=7000001&cabinet=12"), "Quotas · cabinet 12 ")
	assert.Contains(t, quotas("?cabinet=99"), "Quotas · cabinet 99 · reset at 13:00 UTC Nothing used in this hour.")
	assert.Contains(t, quotas(""), "Other cabinets3938373635343332313029282726252423222120and 11 more")
	assert.Contains(t, section(t, pageOf(t, m, "?operation=getChat"), "quotas"), `<a href="/_sandbox/?cabinet=39&amp;operation=getChat">39</a>`)
}

// Of more calls than are shown the newest come first, by the sandbox's clock, and the page leads to the others.
func TestPageShowsTheNewest(t *testing.T) {
	now := time.Date(2026, 9, 9, 15, 0, 0, 0, time.UTC)
	m := newMarket(sandbox.WithClock(func() time.Time { return now }))
	for n := range 62 {
		rawAsk(m, "GET", chatOf(int64(10+n)))
	}
	calls := section(t, pageOf(t, m, ""), "calls")
	assert.Equal(t, 30, strings.Count(calls, `<li id="call-`))
	assert.Contains(t, words(calls), "30 of 62 Older calls")
	assert.Less(t, strings.Index(calls, "</span>71</span>"), strings.Index(calls, "</span>70</span>"))
	assert.Contains(t, calls, "?calls=2#calls")
	last := section(t, pageOf(t, m, "?calls=3"), "calls")
	assert.Equal(t, 2, strings.Count(last, `<li id="call-`))
	assert.Contains(t, words(last), "15:00:00getChat chat 10404")
	assert.Contains(t, words(last), "61 to 62 of 62 Newer calls")
	m.Advance(24 * time.Hour)
	assert.Contains(t, words(section(t, pageOf(t, m, ""), "calls")), "2026-09-09 15:00:00getChat", "another day has its date")
}

// callsOf are the numbers of the calls that the page shows.
func callsOf(t *testing.T, page string) string {
	t.Helper()
	var numbers []string
	for _, match := range regexp.MustCompile(`<li id="call-(\d+)"`).FindAllStringSubmatch(section(t, page, "calls"), -1) {
		numbers = append(numbers, match[1])
	}
	return strings.Join(numbers, " ")
}

// The filter shows calls of one operation, those that break the contract, or those that failed, with their number.
func TestPageFiltersCalls(t *testing.T) {
	m := newMarket()
	startChat(t, m, order5)                                                          // 1
	rawAsk(m, "GET", chatOf(7000001))                                                // 2
	rawAsk(m, "GET", chatOf(5))                                                      // 3: 404
	rawAsk(m, "GET", "/v2/businesses/1/chat?chat=1")                                 // 4: 400, and a violation
	rawAsk(m, "GET", "/elsewhere")                                                   // 5: 404, and a violation
	m.Script(sandbox.OperationGetChat, sandbox.Fail(503, "X", "x"), sandbox.Abort(), // 6, 7
		sandbox.Redirect("https://example.com")) // 8
	rawAsk(m, "GET", chatOf(7000001))
	assert.Panics(t, func() { rawAsk(m, "GET", chatOf(7000001)) })
	rawAsk(m, "GET", chatOf(7000001))
	for query, want := range map[string]string{
		"":                                   "8 7 6 5 4 3 2 1",
		"?operation=createChat":              "1",
		"?operation=getChat":                 "8 7 6 4 3 2",
		"?operation=none":                    "5",
		"?failed=only":                       "8 7 6 5 4 3",
		"?failed=only&operation=createChat":  "",
		"?violations=only":                   "5 4",
		"?violations=only&operation=getChat": "4",
		"?call=3":                            "3",
		"?call=3&violations=only":            "3",
		"?call=3&chat=7000001":               "3",
		"?call=99":                           "",
	} {
		shown := pageOf(t, m, query)
		assert.Equal(t, want, callsOf(t, shown), query)
		assert.Contains(t, words(section(t, shown, "calls")), map[bool]string{true: "All 5Violations 0Failed 3createChat 1getChat 4", false: "All 8Violations 2Failed 6createChat 1getChat 6No operation 1"}[strings.Contains(query, "chat=")], query)
	}
	for query, chosen := range map[string]string{
		"?chats=2":           `<a href="/_sandbox/?chats=2#calls" aria-current="true">All 8</a>`,
		"?violations=only":   `<a href="/_sandbox/?violations=only#calls" aria-current="true">Violations 2</a>`,
		"?failed=only":       `<a href="/_sandbox/?failed=only#calls" aria-current="true">Failed 6</a>`,
		"?operation=getChat": `<a href="/_sandbox/?operation=getChat#calls" aria-current="true">getChat 6</a>`,
		"?operation=none":    `<a href="/_sandbox/?operation=none#calls" aria-current="true">No operation 1</a>`,
	} {
		calls := section(t, pageOf(t, m, query), "calls")
		assert.Contains(t, calls, chosen)
		assert.Equal(t, 1, strings.Count(calls, "aria-current"), query)
	}
	assert.Contains(t, pageOf(t, m, "?operation=getChats"), `aria-current="true">getChats 0</a>`, "what is chosen is there")
	assert.Contains(t, words(section(t, pageOf(t, m, "?operation=getChats"), "calls")), "No call fits the filter.")
	assert.Contains(t, words(section(t, pageOf(t, m, "?call=99"), "calls")), "There is no call 99, or it is forgotten.")
	assert.Contains(t, section(t, pageOf(t, m, "?call=3&chat=7000001"), "calls"), `<a href="/_sandbox/?chat=7000001#calls">Show all calls</a>`)
}

// What a query says wrongly is named at the top of the page, with what is allowed; the page shows everything then.
func TestPageRefusesWhatItDoesNotKnow(t *testing.T) {
	m := newMarket()
	startChat(t, m, order5)
	for query, says := range map[string]string{
		"?operation=<b>":             fmt.Sprintf(`the operation is "<b>", allowed is one of %v or none`, sortedOperations()),
		"?chats=0":                   `chats is "0", allowed is a number of 1 and above`,
		"?calls=-1":                  `calls is "-1"`,
		"?chat=x":                    `chat is "x"`,
		"?call=99999999999999999999": `call is "99999999999999999999"`,
		"?messages=1&cabinet=1.5":    `cabinet is "1.5"`,
		"?notifications=first":       `notifications is "first"`,
	} {
		w := rawAsk(m.Site(), "GET", "/_sandbox/"+query)
		assert.Equal(t, 400, w.Code, query)
		assert.Contains(t, words(w.Body.String()), says)
		assert.Contains(t, w.Body.String(), `id="chat-7000001"`)
		assert.NotContains(t, w.Body.String(), "<b>\"")
	}
	assert.Equal(t, 200, rawAsk(m.Site(), "GET", "/_sandbox/?utm_source=x&done=%3Cb%3E").Code)
	assert.NotContains(t, pageOf(t, m, "?done=%3Cb%3E"), "&lt;b&gt;")
	assert.Equal(t, 200, rawAsk(m.Site(), "GET", "/_sandbox/?chat=8999999999").Code, "an id is longer than 32 bits")
}

// A call in its row tells what it was about, its answer, and the fault that it met.
func TestPageShowsARowOfACall(t *testing.T) {
	m := newMarket(sandbox.WithQuota(2), sandbox.WithParallel(3))
	row := func() string {
		calls := section(t, pageOf(t, m, ""), "calls")
		_, calls, _ = strings.Cut(calls, "<summary>")
		summary, _, _ := strings.Cut(calls, "</summary>")
		return words(strings.ReplaceAll(summary, "</span>", " "))
	}
	startChat(t, m, order5)
	assert.Equal(t, "12:00:00createChat order 5 200", row())
	m.Script(sandbox.OperationCreateChat, sandbox.Fail(500, "X", "x"))
	serve(m, "POST", newChat, `{"context":{"type":"RETURN","id":6}}`)
	assert.Equal(t, "12:00:00createChat return 6 fault 500", row(), "of the request, as no chat was opened")
	serve(m, "POST", newChat, `{}`)
	assert.Equal(t, "12:00:00createChat 1 violation 400", row())
	serve(m, "POST", newChat, `{"orderId":7}`)
	assert.Equal(t, "12:00:00createChat order 7 420 quota used up", row())
	m.Every(sandbox.OperationGetChat, sandbox.TooMany())
	rawAsk(m, "GET", chatOf(7000001))
	assert.Equal(t, "12:00:00getChat chat 7000001 fault 420 too many at once", row())
	m.Script(sandbox.OperationSendMessageToChat, sandbox.CommitThen(sandbox.Fail(500, "X", "x")), sandbox.Abort(), sandbox.Delay(1, nil))
	rawSend(m, 7000001)
	assert.Equal(t, "12:00:00sendMessageToChat chat 7000001 fault: stored anyway 500", row())
	assert.Panics(t, func() { rawSend(m, 7000001) })
	assert.Equal(t, "12:00:00sendMessageToChat chat 7000001 fault connection cut", row())
	rawSend(m, 7000001)
	assert.Equal(t, "12:00:00sendMessageToChat chat 7000001 fault 200", row())
	rawAsk(m, "GET", "/v2/businesses/1/chat?a=1&b=2")
	assert.Equal(t, "12:00:00getChat 3 violations fault 420 too many at once", row())
	rawAsk(m, "POST", "/v2/businesses/1/chats")
	assert.Equal(t, "12:00:00getChats 1 violation 400", row())
	rawAsk(m, "PUT", "/v2/elsewhere")
	assert.Equal(t, "12:00:00PUT /v2/elsewhere 1 violation 404", row())
}

// Of each call the page shows both bodies and a command that makes it once more, with the key's place for a key.
func TestPageShowsACall(t *testing.T) {
	m := newMarket(sandbox.WithAPIKey("secret-of-the-shop"))
	w := serve(m.Site(), "POST", newChat, order5, "Api-Key", "secret-of-the-shop")
	m.Script(sandbox.OperationGetChat, sandbox.Fail(503, "X", "x"))
	rawAsk(m, "GET", "/v2/businesses/1/chat?chat=secret&chatId=8")
	rawAsk(m, "GET", "/v2/businesses/1/chat?chat=secret&chatId=8")
	shown := pageOf(t, m, "")
	assert.NotContains(t, shown, "secret-of-the-shop")
	calls := section(t, shown, "calls")
	said := regexp.MustCompile(`(less than 1|\d+) ms`).ReplaceAllString(words(calls), "so many ms")
	for _, want := range []string{
		w.Header().Get("Traceparent"),
		`RequestPOST /v2/businesses/1/chats/new Content-Type: application/json { "context": { "type": "ORDER", "id": 5 } }`,
		`Answer200 OK · so many ms { "result": { "chatId": 7000001 }, "status": "OK" }`,
		`curl -X POST 'http://127.0.0.1:8080/v2/businesses/1/chats/new' -H "Api-Key: $YM_API_KEY" -H 'Content-Type: application/json' --data-raw '` + order5 + `'`,
		"RequestGET /v2/businesses/1/chat?chat=…&chatId=8Answer401 Unauthorized",
		"The request breaks the contract. chat in the query is not declared.", "No curl: its address is not kept whole",
		"A fault acted on it: set by a program.", "Answer503 Service Unavailable",
	} {
		assert.Contains(t, said, want)
	}
	assert.NotContains(t, calls, "chat=secret")
	assert.NotContains(t, calls, "<details open")
	assert.Contains(t, calls, `<a class="push" href="/_sandbox/?call=1#calls">Link to this call</a>`)
	assert.Contains(t, pageOf(t, m, "?call=1"), "<details open")
	assert.NotContains(t, words(section(t, pageOf(t, m, "?call=1"), "calls")), "A fault acted")
}

// Of long bodies the beginning is shown, and all that is kept where the call is shown alone.
func TestPageShowsTheWholeCall(t *testing.T) {
	m := newMarket()
	long := strings.Repeat("ж", 3000)
	ask(t, m, "POST", messageTo(1), `{"message":"`+long+`"}`)
	all := section(t, pageOf(t, m, ""), "calls")
	assert.Contains(t, words(all), "the first 2048 of 6014 bytes")
	assert.NotContains(t, all, long)
	assert.Contains(t, words(all), "No curl: the request is long: open the link to this call.")
	one := section(t, pageOf(t, m, "?call=1"), "calls")
	assert.Equal(t, 2, strings.Count(one, long), "in the body, and in the command")

	ask(t, m, "POST", messageTo(1), `{"message":"`+strings.Repeat("ж", 300_000)+`"}`)
	one = section(t, pageOf(t, m, "?call=2"), "calls")
	assert.Contains(t, words(one), "the first 32768 of 524289 bytes; more is not kept")
	assert.Contains(t, words(one), "No curl: the request is too long to be kept.")
	rawAsk(m, "GET", chatOf(1))
	m.Script(sandbox.OperationGetChat, sandbox.GzipBomb(1000))
	rawAsk(m, "GET", chatOf(1))
	assert.Regexp(t, `\d+ bytes that are no text`, words(section(t, pageOf(t, m, ""), "calls")))
}

// The faults that are set stand on the page as what they do, a row each, in the order in which requests meet them.
func TestPageShowsFaults(t *testing.T) {
	m := newMarket()
	faults := func() string {
		shown, _, _ := strings.Cut(section(t, pageOf(t, m, ""), "faults"), "<details")
		return strings.ReplaceAll(words(shown), "Remove ", "| ")
	}
	set := func(body string) {
		status, answer := drive(t, m, "POST", "/_sandbox/faults", body)
		require.Equal(t, 204, status, answer)
	}
	assert.Equal(t, "No faults set", faults())
	m.Script(sandbox.OperationGetChat, sandbox.TooMany())
	set(`{"operation":"getChat","faults":[{"kind":"fail","status":503},{"kind":"fail","status":503},{"kind":"html"}],"every":{"kind":"abort","after":3}}`)
	set(`{"operation":"sendMessageToChat","every":{"kind":"answer","status":200,"body":"<b>canary","probability":0.3}}`)
	set(`{"operation":"createChat","every":{"kind":"parallel","probability":0.255}}`)
	assert.Equal(t, "Faults · 6 set createChat, 25.5 of 100 requests: 420, too many at once| getChat, next request: set by a program|"+
		" getChat, then the next 2 requests: answer 503| getChat, then the next request: HTML page with 500|"+
		" getChat, then every request after the first 3: connection cut before the answer|"+
		" sendMessageToChat, 3 of 10 requests: answer 200Remove", faults())
	rawAsk(m, "GET", chatOf(1))
	for range 20 {
		m.Script(sandbox.OperationGetChats, nil)
	}
	assert.Contains(t, faults(), "Faults · 25 set")
	assert.Contains(t, faults(), "and 15 more")
}
