package tests

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// A message that the wrapper sends appears on the page of the sandbox; markup in it is shown as text.
func TestPageInABrowser(t *testing.T) {
	b := openTab(t)
	market := sandbox.New()
	server := httptest.NewServer(market.Site())
	defer server.Close()
	client, err := wrapper.New(business, wrapper.APIKey("key"), wrapper.WithBaseURL(server.URL+"/v2"))
	require.NoError(t, err)
	chat, err := client.CreateChat(t.Context(), wrapper.Order(31))
	require.NoError(t, err)
	require.NoError(t, client.SendMessage(t.Context(), chat.ChatID, "Your order is on its way."))
	require.NoError(t, client.SendMessage(t.Context(), chat.ChatID, `<img src=x onerror="document.title='broken'"><b>bold</b>`))
	require.NoError(t, market.Reply(chat.ChatID, "Спасибо! 🚚"))
	_, err = client.GetChat(t.Context(), 5)
	require.ErrorIs(t, err, wrapper.ErrNotFound)
	resp, err := http.Get(server.URL + "/v2/businesses/4200/chat?chat=1")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())

	b.open(server.URL)
	assert.True(t, b.is("location.pathname === '/_sandbox/'"), "the address without a path leads to the page")
	b.run("document.querySelector('.list li a').click()", nil)
	b.waitFor("location.search === '?chat=7000001' && document.readyState === 'complete'")
	document := b.html()
	assert.Contains(t, document, "Your order is on its way.</p>")
	assert.Contains(t, document, "Спасибо! 🚚</p>")
	assert.Contains(t, document, "&lt;b&gt;bold&lt;/b&gt;")
	assert.NotContains(t, document, "<img")
	assert.Contains(t, document, "<title>3 violations · Sandbox</title>", "no script but the page's own ran")
	assert.Contains(t, document, "WAITING_FOR_PARTNER")
	b.run("document.querySelector('#contract a').click()", nil)
	b.waitFor("location.search === '?violations=only' && document.readyState === 'complete'")
	assert.True(t, b.is("document.querySelector('#calls details[open]').innerText.includes('chatId in the query is missing.')"))
}

// The shop's messages stand on the right, the buyer's on the left, and the newest is seen first.
func TestPageIsAMessenger(t *testing.T) {
	b := openTab(t)
	market, address := busyMarket(t)
	for n := range 40 {
		require.NoError(t, market.Reply(7000007, fmt.Sprint("Reply ", n)))
	}
	b.look(1280, "light")
	b.open(address + "?chat=7000007")
	const lastOf = "[...document.querySelectorAll('%s')].pop().getBoundingClientRect()"
	assert.True(t, b.is("document.querySelector('.scroll').scrollHeight > document.querySelector('.scroll').clientHeight + 500"))
	assert.True(t, b.is(fmt.Sprintf(lastOf+".bottom <= document.querySelector('.write').getBoundingClientRect().top", ".msg")))
	assert.True(t, b.is("document.querySelector('.write').getBoundingClientRect().bottom <= innerHeight"), "one can answer at once")
	b.open(address + "?chat=7000007&messages=2")
	assert.True(t, b.is(fmt.Sprintf(lastOf+".left > "+lastOf+".left + 30", ".msg.shop", ".msg:not(.shop)")))
}

// busyMarket has all that the page can show: more chats than fit, an answer in the oldest of them, a used-up quota,
// calls that break the contract, faults, and a shop that does not take all of its notifications.
func busyMarket(t *testing.T) (market *sandbox.Market, address string) {
	t.Helper()
	market = sandbox.New(sandbox.WithQuota(60))
	server := httptest.NewServer(market.Site())
	t.Cleanup(server.Close)
	var posted atomic.Int32
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if posted.Add(1) < 4 {
			w.Header().Set("Content-Type", "application/json")
		}
		fmt.Fprint(w, `{"version":"1","name":"shop","time":"2026-09-09T15:00:00Z"}`)
	}))
	t.Cleanup(shop.Close)
	client, err := wrapper.New(business, wrapper.APIKey("a-key-of-a-test"), wrapper.WithBaseURL(server.URL+"/v2"))
	require.NoError(t, err)
	for order := range int64(60) {
		_, err := client.CreateChat(t.Context(), wrapper.Order(48_001_201+order))
		require.NoError(t, err)
	}
	require.NoError(t, market.StartDispute(7000002))
	require.NoError(t, market.Notify(t.Context(), shop.URL, nil))
	for _, text := range []string{"Здравствуйте! Ваш заказ собран, курьер будет завтра с 10 до 14.",
		"https://example.com/" + strings.Repeat("one-word-that-nobody-can-break", 8)} {
		require.NoError(t, client.SendMessage(t.Context(), 7000007, text))
	}
	require.NoError(t, market.Reply(7000007, "Спасибо!\nА можно после 18?"))
	_, err = market.Direct(business, "Is it red?")
	require.NoError(t, err)
	chat := fmt.Sprintf("/v2/businesses/%d/chat", business)
	for _, path := range []string{chat + "?chat=7000001", chat + "?chatId=7000007&token=secret", chat + "?chatId=7", "/v2/chats"} {
		request(t, http.MethodGet, server.URL+path, "")
	}
	for _, faults := range []string{
		`{"operation":"sendMessageToChat","faults":[{"kind":"fail","status":503,"commit":true},{"kind":"fail","status":503,"commit":true},{"kind":"abort"}]}`,
		`{"operation":"getChat","every":{"kind":"proxy","status":504,"probability":0.3,"seed":1}}`,
	} {
		require.Equal(t, 204, request(t, http.MethodPost, server.URL+"/_sandbox/faults", faults))
	}
	market.Script(sandbox.OperationGetChat, sandbox.Fail(500, "INTERNAL_ERROR", "Try again later"), nil)
	request(t, http.MethodGet, server.URL+chat+"?chatId=7000007", "")
	require.Eventually(t, func() bool { return len(market.Deliveries()) == 4 }, time.Minute, time.Millisecond)
	return market, server.URL + "/_sandbox/"
}

// request makes a request with a key and gives the status of its answer.
func request(t *testing.T, method, address, body string) (status int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Api-Key", "a-key-of-a-test")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode
}
