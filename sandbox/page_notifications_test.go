package sandbox_test

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

// scriptedShop answers with a status each time: 0 cuts the connection, 200 keeps the contract, -1 is a 200 that does
// not.
type scriptedShop struct {
	good   http.Handler
	answer func() int
}

func (s *scriptedShop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch status := s.answer(); status {
	case 0:
		panic(http.ErrAbortHandler)
	case http.StatusOK:
		s.good.ServeHTTP(w, r)
	case -1:
		answersWith("text/plain", http.StatusOK, `{}`)(w, r)
	default:
		w.WriteHeader(status)
	}
}

func newScriptedShop(t *testing.T, answers ...int) *scriptedShop {
	t.Helper()
	return &scriptedShop{good: (&rememberingShop{}).handler(t), answer: func() int {
		status := http.StatusOK
		if len(answers) > 0 {
			status, answers = answers[0], answers[1:]
		}
		return status
	}}
}

func (s *scriptedShop) client() *http.Client { return &http.Client{Transport: aborting{s}} }

// notificationsOf are the rows of the notifications, closed.
func notificationsOf(t *testing.T, m *sandbox.Market, query string) (rows []string) {
	t.Helper()
	shown := section(t, pageOf(t, m, query), "notifications")
	for _, summary := range regexp.MustCompile(`(?s)<summary>.*?</summary>`).FindAllString(shown, -1) {
		row := words(regexp.MustCompile(`</(span|time)>|<small`).ReplaceAllString(summary, " $0"))
		rows = append(rows, strings.TrimPrefix(regexp.MustCompile(`^[\d:]+ ?`).ReplaceAllString(row, ""), " "))
	}
	return rows
}

// A notification is one row, whatever it took to post it. The row tells what it is about, its last answer, how often it
// was posted, and what comes next.
func TestPageGroupsAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sandbox.New(sandbox.WithQuota(5))
		assert.Contains(t, words(pageOf(t, m, "")), "No notifications. Start the sandbox with --notify URL to send them to your shop.")
		shop := newScriptedShop(t, 0, 0, 500, 200, -1, 503, 200, 400, 0)
		for range 3 {
			require.Error(t, m.Notify(t.Context(), "http://user:password@shop/market?token=secret", shop.client()))
		}
		assert.Equal(t, []string{"Ping a check of your address shop answered 500 Attempt 3."}, notificationsOf(t, m, ""))
		require.NoError(t, m.Notify(t.Context(), "http://user:password@shop/market?token=secret", shop.client()))
		ping := "Ping a check of your address accepted 4th attempt; the first 3 not accepted."
		assert.Equal(t, []string{ping}, notificationsOf(t, m, ""))

		chat, err := m.Direct(7, "<b>Hello?")
		require.NoError(t, err)
		synctest.Wait()
		next := func() string { return time.Now().Add(time.Minute).Format(time.TimeOnly) }
		due := next()
		assert.Equal(t, []string{
			"New chat chat 7000001 shop answered 200 The answer breaks the contract. Attempt 1. Next at " + due + ". The one after it waits.", ping,
		}, notificationsOf(t, m, ""))
		assert.Contains(t, words(section(t, pageOf(t, m, ""), "notifications")), "The answer breaks the contract. Content-Type in the headers must be application/json, in UTF-8.")
		time.Sleep(time.Minute)
		synctest.Wait()
		require.NoError(t, m.Write(chat, "MARKET", "Well"))
		assert.Contains(t, notificationsOf(t, m, "")[0], "New chat chat 7000001 shop answered 503 Attempt 2. Next at "+next()+". The 2 after it wait.")
		time.Sleep(time.Minute)
		synctest.Wait()
		require.NoError(t, m.Write(chat, "PARTNER", "Hello"))
		synctest.Wait()
		assert.Equal(t, []string{
			"New message chat 7000001, from the Market no answer Attempt 1. Next at " + next() + ". The one after it waits.",
			"New message chat 7000001, from the buyer shop answered 400 Attempt 1. Not sent again, as the shop refused it.",
			"New chat chat 7000001 accepted 3rd attempt; the first 2 not accepted.", ping,
		}, notificationsOf(t, m, ""))
		shown := words(section(t, pageOf(t, m, ""), "notifications"))
		assert.Contains(t, shown, "Posted to http://shop/market/notification")
		assert.Contains(t, shown, "No answer came: EOF CHAT_MESSAGE_SENT")
		assert.Contains(t, shown, `"chatId": 7000001`)
		assert.Regexp(t, `Attempts\d\d:\d\d:\d\d shop answered 200\d\d:\d\d:\d\d shop answered 503\d\d:\d\d:\d\d accepted`, shown)
		for _, secret := range []string{"password", "secret", "user"} {
			assert.NotContains(t, shown, secret)
		}
	})
}

// A notification that waits for its next attempt is given up when its shop is gone.
func TestPageGivesUpForAShopThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sandbox.New()
		ctx, end := context.WithCancel(t.Context())
		require.NoError(t, m.Notify(ctx, "http://shop", newScriptedShop(t, 200, 500).client()))
		_, err := m.Direct(7, "Hello?")
		require.NoError(t, err)
		synctest.Wait()
		const row = "New chat chat 7000001 shop answered 500 Attempt 1. "
		assert.Contains(t, notificationsOf(t, m, "")[0], row+"Next at ")
		end()
		assert.Equal(t, row+"Given up.", notificationsOf(t, m, "")[0])
		assert.NotContains(t, words(pageOf(t, m, "")), "Posted to")
	})
}

// PINGs that were not taken are one row for each shop, until one is taken.
func TestPageGroupsPings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sandbox.New()
		for _, shop := range []string{"http://one", "http://one", "http://two", "http://two", "http://two"} {
			require.Error(t, m.Notify(t.Context(), shop, newScriptedShop(t, 0).client()))
		}
		const row = "Ping a check of your address no answer "
		assert.Equal(t, []string{row + "Attempt 3.", row + "Attempt 2."}, notificationsOf(t, m, ""))
		chosen := section(t, pageOf(t, m, "?chat=9"), "notifications")
		assert.Contains(t, words(chosen), "No notifications of this chat.", "--notify is given")
	})
}

// A chosen chat narrows the notifications to its own; PINGs are about none.
func TestPageNarrowsNotifications(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sandbox.New()
		shop := newScriptedShop(t)
		require.NoError(t, m.Notify(t.Context(), "http://shop", shop.client()))
		for _, sender := range []string{"one", "two"} {
			_, err := m.Direct(7, sender)
			require.NoError(t, err)
		}
		for _, sender := range []string{"MARKET", "SUPPORT"} {
			status, _ := drive(t, m, "POST", "/_sandbox/chats/7000002/replies", `{"text":"x","sender":"`+sender+`"}`)
			require.Equal(t, 204, status)
		}
		startChat(t, m, order5)
		require.NoError(t, m.StartDispute(7000003))
		require.NoError(t, m.FinishDispute(7000003))
		synctest.Wait()
		assert.Equal(t, []string{
			"New message chat 7000002, from support accepted", "New message chat 7000002, from the Market accepted",
			"New message chat 7000002, from the buyer accepted", "New chat chat 7000002 accepted",
		}, notificationsOf(t, m, "?chat=7000002"))
		assert.Contains(t, words(pageOf(t, m, "?chat=7000002")), "Only chat 7000002 (question): 0 of 1 call, 4 of 10 notifications.")
		assert.Equal(t, []string{"Dispute ended chat 7000003 accepted", "Dispute began chat 7000003 accepted"}, notificationsOf(t, m, "?chat=7000003")[:2])
		assert.Contains(t, words(section(t, pageOf(t, m, "?chat=9"), "notifications")), "No notifications of this chat.")
	})
}

// The page shows the newest thirty notifications, and leads to the others. Each attempt of the last ten is listed.
func TestPageOfManyNotifications(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sandbox.New()
		shop := newScriptedShop(t, slices.Repeat([]int{0}, 13)...)
		for n := range 14 {
			err := m.Notify(t.Context(), "http://shop", shop.client())
			require.Equal(t, n == 13, err == nil)
		}
		assert.Equal(t, []string{"Ping a check of your address accepted 14th attempt; the first 13 found nobody at the address."}, notificationsOf(t, m, ""))
		shown := section(t, pageOf(t, m, ""), "notifications")
		assert.Equal(t, 9, strings.Count(shown, `<span class="bad">no answer</span>`))
		assert.Contains(t, words(shown), "and 4 before")
		for range 20 {
			_, err := m.Direct(7, "Hello?")
			require.NoError(t, err)
		}
		synctest.Wait()
		numbers := func(query string) (ids []string) {
			for _, match := range regexp.MustCompile(`id="notification-(\d+)"`).FindAllStringSubmatch(pageOf(t, m, query), -1) {
				ids = append(ids, match[1])
			}
			return ids
		}
		assert.Len(t, numbers(""), 30)
		assert.Len(t, numbers("?notifications=2"), 11)
		assert.Contains(t, words(section(t, pageOf(t, m, "?notifications=2"), "notifications")), "31 to 41 of 41 Newer notifications")
	})
}

// Notifications that are off are said to be off, and switched on by a button.
func TestPageSwitchesNotificationsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sandbox.New()
		require.NoError(t, m.Notify(t.Context(), "http://shop", newScriptedShop(t, 200, 500, 500, 503).client()))
		_, err := m.Direct(7, "Hello?")
		require.NoError(t, err)
		synctest.Wait()
		m.Advance(fourteenDays)
		synctest.Wait()
		section := words(section(t, pageOf(t, m, ""), "notifications"))
		assert.Contains(t, section, "Notifications are off since "+m.NotificationsOff().Local().Format(time.TimeOnly)+": the shop accepted none for 14 days.")
		assert.Regexp(t, `New chat chat 7000001 shop answered 500 Attempt 2. Given up.$`, notificationsOf(t, m, "")[0])
		w := press(t, m, "", "Switch on")
		assert.Equal(t, 400, w.Code)
		assert.Contains(t, words(w.Body.String()), "the shop has not taken the PING")
		page := goesBack(t, m, press(t, m, "?operation=getChat", "Switch on"), "/_sandbox/?done=notifications&operation=getChat")
		assert.Contains(t, words(page), "Notifications are on again.")
		assert.NotContains(t, words(page), "Notifications are off")
		assert.Equal(t, "Ping a check of your address accepted 2nd attempt; the first not accepted.", notificationsOf(t, m, "")[0])
	})
}
