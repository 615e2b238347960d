package sandbox_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
)

func TestOneChatForOneContext(t *testing.T) {
	m := newMarket()
	first := startChat(t, m, order5)
	assert.Equal(t, first, startChat(t, m, order5), "the chat that exists is given back")
	assert.Equal(t, first, startChat(t, m, `{"orderId":5}`), "the deprecated form means the order too")
	assert.NotEqual(t, first, startChat(t, m, `{"context":{"type":"RETURN","id":5}}`))
	assert.NotEqual(t, first, startChat(t, m, `{"context":{"type":"ORDER","id":6}}`))

	other := ask(t, m, "POST", "/v2/businesses/2/chats/new", order5)
	assert.NotContains(t, other.body, strconv.FormatInt(first, 10), "another cabinet has chats of its own")
}

func TestConversation(t *testing.T) {
	now := time.Date(2026, 9, 9, 15, 0, 0, 0, time.UTC)
	m := newMarket(sandbox.WithClock(func() time.Time { return now }))
	chat := startChat(t, m, `{"context":{"type":"RETURN","id":5}}`)
	fresh := readChat(t, m, chat)
	assert.Equal(t, gen.ChatStatusTypeNew, fresh.Status)
	assert.Equal(t, gen.ChatTypeChat, fresh.Type)
	assert.Equal(t, gen.ChatContextTypeReturn, fresh.Context.Type)
	assert.EqualValues(t, 5, *fresh.Context.ReturnID)
	assert.True(t, fresh.UpdatedAt.Equal(now))
	assert.Empty(t, m.Messages(chat))

	now = now.Add(time.Minute)
	assert.Equal(t, 200, ask(t, m, "POST", messageTo(chat), hello).status)
	told := readChat(t, m, chat)
	assert.Equal(t, gen.ChatStatusTypeWaitingForCustomer, told.Status)
	assert.True(t, told.UpdatedAt.Equal(now))
	assert.True(t, told.CreatedAt.Equal(fresh.CreatedAt))
	assert.Equal(t, []sandbox.Message{{ID: 7000001000001, Text: "hello", At: now, Sender: "PARTNER"}}, m.Messages(chat))
}

func TestUnknownChats(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	foreign := strings.Replace(chatOf(chat), "businesses/1", "businesses/2", 1)
	for _, target := range []string{chatOf(12), foreign} {
		a := ask(t, m, "GET", target, "")
		assert.Equal(t, 404, a.status)
		code, message := a.error(t)
		assert.Equal(t, "NOT_FOUND", code)
		assert.Regexp(t, `^Can't find chat by id: '\d+'$`, message)
	}
	assert.Equal(t, 404, ask(t, m, "POST", messageTo(12), hello).status)
	assert.Empty(t, m.Messages(12))
}

func TestAuthorization(t *testing.T) {
	m := newMarket(sandbox.WithAPIKey("secret"), sandbox.WithBusiness(1))
	rows := []struct {
		what    string
		headers []string
		status  int
		message string
	}{
		{"the key", []string{"Api-Key", "secret"}, 404, "Can't find chat by id: '1'"},
		{"OAuth", []string{"Api-Key", "", "Authorization", "Bearer secret"}, 404, "Can't find chat by id: '1'"},
		{"no key", []string{"Api-Key", ""}, 401, "Api-Key token is missing"},
		{"another key", []string{"Api-Key", "wrong"}, 401, "Api-Key token is invalid"},
		{"OAuth in lower case", []string{"Api-Key", "", "Authorization", "bearer secret"}, 404, "Can't find chat by id: '1'"},
		{"Basic", []string{"Api-Key", "", "Authorization", "Basic secret"}, 401, "Api-Key token is missing"},
		{"another OAuth token", []string{"Api-Key", "", "Authorization", "Bearer wrong"}, 403, "OAuth token is invalid"},
	}
	for _, row := range rows {
		a := ask(t, m, "GET", chatOf(1), "", row.headers...)
		assert.Equal(t, row.status, a.status, row.what)
		_, message := a.error(t)
		assert.Equal(t, row.message, message, row.what)
	}
	a := ask(t, m, "GET", "/v2/businesses/2/chat?chatId=1", "", "Api-Key", "secret")
	assert.Equal(t, 403, a.status, "another cabinet")
}

func TestContractIsEnforced(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	a := ask(t, m, "POST", messageTo(chat)+"&x=1", `{"Message":"canary"}`)
	assert.Equal(t, 400, a.status)
	var e gen.APIErrorResponse
	require.NoError(t, json.Unmarshal([]byte(a.body), &e))
	assert.Len(t, e.Errors, 3, a.body)
	assert.Empty(t, m.Messages(chat))
	for _, body := range []string{`{"context":{"type":"DIRECT","id":1}}`, `{"context":{"type":"ORDER","id":0}}`, `{}`, `[]`, `{`, `{"orderId":0}`, `{"orderId":-5}`} {
		assert.Equal(t, 400, ask(t, m, "POST", newChat, body).status, body)
	}
	assert.Equal(t, 400, ask(t, m, "GET", "/v2/businesses/abc/chat?chatId=1", "").status)
}

func TestPathsOfTheAPI(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	assert.Equal(t, 200, ask(t, m, "GET", strings.TrimPrefix(chatOf(chat), "/v2"), "").status, "without a version")
	for target, want := range map[string]int{"/V2" + chatOf(chat)[3:]: 404, "/v2" + chatOf(chat): 404, "/": 404, "//v2/businesses/1/chat": 404, "/v2/businesses/../chat?chatId=1": 404} {
		a := ask(t, m, "GET", target, "")
		assert.Equal(t, want, a.status, target)
		_, message := a.error(t)
		assert.Equal(t, "Resource not found", message)
	}
	assert.Equal(t, 405, ask(t, m, "DELETE", chatOf(chat), "").status)
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	now := time.Date(2026, 9, 9, 15, 18, 0, 0, time.UTC)
	m := newMarket(sandbox.WithClock(func() time.Time { return now }))
	m.Script(sandbox.OperationGetChat, sandbox.Fail(500, "INTERNAL_ERROR", "x"), sandbox.Answer(403, nil, "<html>"))
	seen := map[string]bool{}
	for _, want := range []int{500, 403, 404} {
		a := rawAsk(m, "GET", chatOf(1))
		assert.Equal(t, want, a.Code)
		assert.Regexp(t, `^00-[0-9a-f]{32}-[0-9a-f]{16}-01$`, a.Header().Get("Traceparent"))
		assert.Equal(t, "Wed, 09 Sep 2026 15:18:00 GMT", a.Header().Get("Date"))
		assert.Equal(t, "Wed, 09 Sep 2026 16:00:00 GMT", a.Header().Get("X-RateLimit-Resource-Until"))
		assert.Equal(t, "1000", a.Header().Get("X-RateLimit-Resource-Limit"))
		seen[a.Header().Get("Traceparent")] = true
	}
	assert.Len(t, seen, 3)
}

func TestQuota(t *testing.T) {
	now := time.Date(2026, 9, 9, 15, 59, 0, 0, time.UTC)
	m := newMarket(sandbox.WithQuota(3), sandbox.WithClock(func() time.Time { return now }))
	remaining := func(a answer) string { return a.header.Get("X-RateLimit-Resource-Remaining") }
	assert.Equal(t, "2", remaining(ask(t, m, "GET", chatOf(1), "")), "a 404 costs one")
	m.Script(sandbox.OperationGetChat, sandbox.Fail(503, "UNAVAILABLE", "x"))
	assert.Equal(t, "2", remaining(answer{header: rawAsk(m, "GET", chatOf(1)).Header()}), "a 503 costs none")
	assert.Equal(t, "1", remaining(ask(t, m, "GET", chatOf(1), "", "Api-Key", "")), "a 401 costs one")
	assert.Equal(t, "0", remaining(ask(t, m, "GET", chatOf(1), "")))
	a := ask(t, m, "GET", chatOf(1), "")
	assert.Equal(t, 420, a.status)
	assert.Equal(t, "0", remaining(a))
	code, message := a.error(t)
	assert.Equal(t, "METHOD_FAILURE", code)
	assert.Equal(t, "Hit rate limit of '3' requests per 'hour' for resource 'getChat' for businessId 1", message)

	assert.Equal(t, 200, ask(t, m, "POST", newChat, order5).status, "each operation has a quota of its own")
	assert.Equal(t, 404, ask(t, m, "GET", "/v2/businesses/2/chat?chatId=1", "").status, "and each cabinet")
	now = now.Add(time.Minute)
	assert.Equal(t, 404, ask(t, m, "GET", chatOf(1), "").status, "a new window begins on the full hour")
}

func TestCalls(t *testing.T) {
	now := time.Date(2026, 9, 9, 15, 0, 0, 0, time.UTC)
	m := newMarket(sandbox.WithClock(func() time.Time { return now }))
	a := ask(t, m, "POST", messageTo(1)+"&x=1", `{"message":"canary"}`)
	ask(t, m, "GET", "/elsewhere", "")
	calls := m.Calls()
	require.Len(t, calls, 2)
	assert.Equal(t, "x", strings.Fields(api.Violations(calls[0].Verdict)[0].Where)[1])
	calls[0].Verdict = nil
	assert.Equal(t, sandbox.Call{At: now, Operation: "sendMessageToChat", Method: "POST", Path: "/v2/businesses/1/chats/message", Query: "chatId=1",
		Status: 400, TraceParent: a.header.Get("Traceparent"), ChatID: 1}, calls[0])
	assert.Equal(t, 404, calls[1].Status)
	assert.Error(t, calls[1].Verdict)
}

func TestOptionsRefuse(t *testing.T) {
	for says, opt := range map[string]sandbox.Option{
		"an option is nil":                   nil,
		"WithAPIKey is given an empty token": sandbox.WithAPIKey(""),
		"WithBusiness is given [], allowed is at least one id of 1 and above":                              sandbox.WithBusiness(),
		"WithBusiness is given [1 0], allowed is at least one id of 1 and above":                           sandbox.WithBusiness(1, 0),
		"WithOrders is given [5 0], allowed is a list of numbers of 1 and above":                           sandbox.WithOrders(5, 0),
		"WithQuota is given 0, allowed is 1 and above":                                                     sandbox.WithQuota(0),
		"WithParallel is given 0, allowed is 1 and above":                                                  sandbox.WithParallel(0),
		"WithScopes is given \"all\", allowed is one of [all-methods all-methods:read-only communication]": sandbox.WithScopes("all"),
		"WithClock is given nil": sandbox.WithClock(nil),
		"WithHost is given \"a:80\", allowed is a name or an address, without a port":                                 sandbox.WithHost("b", "a:80"),
		"WithHost is given \"\", allowed is a name or an address, without a port":                                     sandbox.WithHost(""),
		"WithAPIKey is given a token that no header can carry, allowed is printable ASCII without spaces at its ends": sandbox.WithAPIKey("a "),
	} {
		assert.PanicsWithError(t, "sandbox: "+says, func() { sandbox.New(opt) })
		_, err := sandbox.Open(opt)
		assert.EqualError(t, err, "sandbox: "+says)
		assert.Equal(t, opt != nil, errors.As(err, new(*sandbox.OptionError)), says)
	}
	_, err := sandbox.Open(sandbox.WithQuota(0))
	assert.Equal(t, &sandbox.OptionError{Option: "WithQuota", Value: "0", Allowed: "1 and above"}, err)
}

// Nothing is lost and nothing counted twice, whoever writes.
func TestConcurrentWriters(t *testing.T) {
	m := newMarket(sandbox.WithParallel(32))
	chat := startChat(t, m, order5)
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			for range 20 {
				rawSend(m, chat)
			}
		})
	}
	all.Wait()
	assert.Len(t, m.Messages(chat), 640)
	assert.Len(t, m.Calls(), 641)
	a := ask(t, m, "POST", messageTo(chat), hello)
	assert.Equal(t, "359", a.header.Get("X-RateLimit-Resource-Remaining"))
}

// A seller's message leaves the chat waiting for the buyer, and the buyer's for the seller.
func TestReply(t *testing.T) {
	now := time.Date(2026, 9, 9, 15, 0, 0, 0, time.UTC)
	m := newMarket(sandbox.WithClock(func() time.Time { return now }))
	chat := startChat(t, m, order5)
	assert.Equal(t, 200, ask(t, m, "POST", messageTo(chat), hello).status)
	now = now.Add(time.Minute)
	require.NoError(t, m.Reply(chat, "thanks"))
	told := readChat(t, m, chat)
	assert.Equal(t, gen.ChatStatusTypeWaitingForPartner, told.Status)
	assert.True(t, told.UpdatedAt.Equal(now))
	assert.Equal(t, sandbox.Message{ID: 7000001000002, Text: "thanks", At: now, FromBuyer: true, Sender: "CUSTOMER"}, m.Messages(chat)[1])
	assert.Equal(t, 200, ask(t, m, "POST", messageTo(chat), hello).status)
	assert.Equal(t, gen.ChatStatusTypeWaitingForCustomer, readChat(t, m, chat).Status)
	assert.EqualError(t, m.Reply(5, "canary"), "sandbox: there is no chat 5")
}

func TestParallelLimit(t *testing.T) {
	m := newMarket(sandbox.WithParallel(2))
	held, release := make(chan struct{}), make(chan struct{})
	hold := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			held <- struct{}{}
			<-release
			next.ServeHTTP(w, r)
		})
	}
	m.Script(sandbox.OperationGetChat, hold, hold)
	done := make(chan int)
	for range 2 {
		go func() { done <- rawAsk(m, "GET", chatOf(1)).Code }()
		<-held
	}
	a := ask(t, m, "POST", newChat, order5)
	assert.Equal(t, 420, a.status, "over all operations of a cabinet")
	assert.Equal(t, "999", a.header.Get("X-RateLimit-Resource-Remaining"), "the quota is not used up, but a 420 costs one")
	_, message := a.error(t)
	assert.Equal(t, "Hit rate limit of 2 parallel requests for businessId 1", message)
	assert.Equal(t, 404, ask(t, m, "GET", "/v2/businesses/2/chat?chatId=1", "").status, "another cabinet has limits of its own")
	close(release)
	assert.Equal(t, 404, <-done)
	assert.Equal(t, 404, <-done)
	assert.Equal(t, 200, ask(t, m, "POST", newChat, order5).status, "and then there is room again")
}

// A connection that a fault cuts does not stay in progress.
func TestParallelLimitAfterCuts(t *testing.T) {
	m := newMarket(sandbox.WithParallel(1))
	for range 3 {
		m.Script(sandbox.OperationGetChat, sandbox.Abort())
		assert.Panics(t, func() { rawAsk(m, "GET", chatOf(1)) })
	}
	a := ask(t, m, "GET", chatOf(1), "")
	assert.Equal(t, 404, a.status)
	assert.Equal(t, "999", a.header.Get("X-RateLimit-Resource-Remaining"), "and costs no quota")
}

func TestScopes(t *testing.T) {
	rows := []struct {
		scopes      []string
		read, write int
	}{
		{[]string{"communication"}, 404, 200},
		{[]string{"all-methods"}, 404, 200},
		{[]string{"all-methods:read-only"}, 404, 403},
		{nil, 403, 403},
	}
	for _, row := range rows {
		m := newMarket(sandbox.WithScopes(row.scopes...))
		assert.Equal(t, row.read, ask(t, m, "GET", chatOf(1), "").status, row.scopes)
		a := ask(t, m, "POST", newChat, order5)
		assert.Equal(t, row.write, a.status, row.scopes)
		if row.write == 403 {
			_, message := a.error(t)
			assert.Equal(t, "Access denied: the token needs one of the scopes [communication all-methods]", message)
		}
	}
}

func TestBodiesThatAreRefused(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	assert.Equal(t, 415, serve(m, "POST", messageTo(chat), hello, "Content-Type", "text/plain").Code)
	a := ask(t, m, "POST", messageTo(chat), `{"message":"`+strings.Repeat("x", 512<<10)+`"}`)
	assert.Equal(t, 400, a.status)
	_, message := a.error(t)
	assert.Equal(t, "'body' has more than 524288 bytes", message)
	assert.Empty(t, m.Messages(chat))
}

func TestAdvanceAndReset(t *testing.T) {
	now := time.Date(2026, 9, 9, 15, 30, 0, 0, time.UTC)
	m := newMarket(sandbox.WithQuota(1), sandbox.WithClock(func() time.Time { return now }))
	chat := startChat(t, m, order5)
	assert.Equal(t, 420, ask(t, m, "POST", newChat, order5).status)
	m.Advance(30 * time.Minute)
	a := ask(t, m, "POST", newChat, order5)
	assert.Equal(t, 200, a.status, "a new window")
	assert.Equal(t, "Wed, 09 Sep 2026 16:00:00 GMT", a.header.Get("Date"))
	assert.Panics(t, func() { m.Advance(-1) })

	m.Script(sandbox.OperationGetChat, sandbox.Abort())
	m.Every(sandbox.OperationGetChat, sandbox.Abort())
	m.Reset()
	assert.Empty(t, m.Calls())
	a = ask(t, m, "GET", chatOf(chat), "")
	assert.Equal(t, 404, a.status, "no chats, no faults")
	assert.Equal(t, "Wed, 09 Sep 2026 15:30:00 GMT", a.header.Get("Date"))
	assert.Equal(t, 200, ask(t, m, "POST", newChat, order5).status, "no used quota")
}

// What is given out is a copy: a test that sorts or spoils it spoils nothing else.
func TestRecordsAreCopies(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	ask(t, m, "POST", messageTo(chat), hello)
	m.Calls()[0].Method = "spoilt"
	m.Messages(chat)[0].Text = "spoilt"
	assert.Equal(t, "POST", m.Calls()[0].Method)
	assert.Equal(t, "hello", m.Messages(chat)[0].Text)
}

// The clock may stand in any zone: HTTP dates are in GMT, the Market's own in Moscow's.
func TestZonesOfTimes(t *testing.T) {
	now := time.Date(2026, 9, 9, 18, 18, 0, 0, time.FixedZone("", 5*60*60))
	m := newMarket(sandbox.WithClock(func() time.Time { return now }))
	chat := startChat(t, m, order5)
	a := ask(t, m, "GET", chatOf(chat), "")
	assert.Equal(t, "Wed, 09 Sep 2026 13:18:00 GMT", a.header.Get("Date"))
	assert.Equal(t, "Wed, 09 Sep 2026 14:00:00 GMT", a.header.Get("X-RateLimit-Resource-Until"))
	assert.Contains(t, a.body, `"createdAt":"2026-09-09T16:18:00+03:00","`)
	assert.Contains(t, a.body, `"updatedAt":"2026-09-09T16:18:00+03:00"`)
}

func TestWithClock(t *testing.T) {
	m := sandbox.New()
	ask(t, m, "GET", chatOf(1), "")
	assert.WithinDuration(t, time.Now(), m.Calls()[0].At, time.Minute)
}

func TestTraceparentHasTwoIDs(t *testing.T) {
	a := ask(t, newMarket(), "GET", chatOf(1), "")
	ids := strings.Split(a.header.Get("Traceparent"), "-")
	assert.NotContains(t, ids[1], ids[2])
}

// The Market counts before it reads.
func TestQuotaGoesBeforeTheContract(t *testing.T) {
	m := newMarket(sandbox.WithQuota(1))
	assert.Equal(t, 400, ask(t, m, "POST", newChat, `{`).status)
	assert.Equal(t, 420, ask(t, m, "POST", newChat, `{`).status)
}

func TestContextGoesBeforeOrderID(t *testing.T) {
	m := newMarket()
	about := startChat(t, m, `{"context":{"type":"RETURN","id":5},"orderId":6}`)
	assert.Equal(t, about, startChat(t, m, `{"context":{"type":"RETURN","id":5}}`))
}

func TestAnotherCabinetCannotWrite(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	other := strings.Replace(messageTo(chat), "businesses/1/", "businesses/2/", 1)
	assert.Equal(t, 404, ask(t, m, "POST", other, hello).status)
	assert.Empty(t, m.Messages(chat))
}

func TestOrders(t *testing.T) {
	m := newMarket(sandbox.WithOrders(5))
	startChat(t, m, order5)
	startChat(t, m, `{"context":{"type":"RETURN","id":6}}`)
	for _, body := range []string{`{"context":{"type":"ORDER","id":6}}`, `{"orderId":6}`} {
		a := ask(t, m, "POST", newChat, body)
		assert.Equal(t, 404, a.status)
		_, message := a.error(t)
		assert.Equal(t, "Order not found: '6'", message)
	}
}

// Every answer tells of a quota, what is no operation too.
func TestHeadersOfWhatIsNoOperation(t *testing.T) {
	m := newMarket()
	for target, method := range map[string]string{"/v3/x": "GET", "/v2/businesses/../chat?chatId=1": "GET", chatOf(1): "DELETE"} {
		a := ask(t, m, method, target, "")
		assert.NotEmpty(t, a.header.Get("X-RateLimit-Resource-Until"), target)
		assert.NotEmpty(t, a.header.Get("Traceparent"), target)
	}
}

// What is remembered has bounds: a path is cut, an ended window forgotten, the clock stays within a hundred years.
func TestMemoryIsBounded(t *testing.T) {
	now := time.Date(2026, 9, 9, 15, 0, 0, 0, time.UTC)
	m := newMarket(sandbox.WithClock(func() time.Time { return now }))
	ask(t, m, "GET", "/"+strings.Repeat("x", 5000), "")
	assert.Len(t, m.Calls()[0].Path, 256)
	for range 300 {
		m.Advance(365 * 24 * time.Hour)
	}
	ask(t, m, "GET", chatOf(1), "")
	assert.Equal(t, 2126, m.Calls()[1].At.Year())
	assert.Panics(t, func() { m.Advance(101 * 365 * 24 * time.Hour) })
}

// A chat about an order tells of the order, one about a return of both.
func TestContextOfAChat(t *testing.T) {
	m := newMarket()
	order := readChat(t, m, startChat(t, m, order5)).Context
	require.NotNil(t, order.OrderID)
	assert.EqualValues(t, 5, *order.OrderID)
	assert.Nil(t, order.ReturnID)
	assert.Equal(t, gen.ChatContextTypeOrder, order.Type)
	require.NotNil(t, order.CampaignID)
	assert.EqualValues(t, 1_000_000_002, *order.CampaignID, "it is no cabinet's number")
	assert.Equal(t, "Test Buyer", *order.Customer.Name)
	require.NotNil(t, order.Customer.PublicID)
	assert.Equal(t, "test-buyer", *order.Customer.PublicID)
	returned := readChat(t, m, startChat(t, m, `{"context":{"type":"RETURN","id":6}}`)).Context
	require.NotNil(t, returned.OrderID)
	assert.EqualValues(t, 6, *returned.OrderID)
	assert.EqualValues(t, 6, *returned.ReturnID)
}

// Without checks a path that is not clean is still no operation.
func TestUncleanPathsWithoutChecks(t *testing.T) {
	m := newMarket(sandbox.WithoutChecks())
	assert.Equal(t, 404, rawAsk(m, "GET", "/v2/businesses/../chat?chatId=1").Code)
	assert.Equal(t, 404, rawAsk(m, "GET", "/elsewhere").Code)
	assert.Equal(t, 405, rawAsk(m, "DELETE", chatOf(1)).Code)
}
