package sandbox_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

const fourteenDays = 14 * 24 * time.Hour

// shopOff gives a Market that has switched the notifications of a shop off, by its own clock.
func shopOff(t *testing.T) (market *sandbox.Market, shop *rememberingShop) {
	t.Helper()
	market, shop = sandbox.New(), &rememberingShop{}
	require.NoError(t, market.Notify(t.Context(), "http://shop", shopClient(shop.handler(t))))
	failForFourteenDays(t, market, shop)
	require.NotZero(t, market.NotificationsOff())
	return market, shop
}

// failForFourteenDays lets a shop fail at the message of a buyer.
func failForFourteenDays(t *testing.T, market *sandbox.Market, shop *rememberingShop) {
	t.Helper()
	shop.set(true)
	_, err := market.Direct(cabinet, "Hello?")
	require.NoError(t, err)
	synctest.Wait()
	market.Advance(fourteenDays)
	synctest.Wait()
	shop.set(false)
}

// Notifications that are off are said to be off, and can be switched on again; what was missed does not come.
func TestNotificationsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market, shop := sandbox.New(), &rememberingShop{}
		var told []time.Time
		market.ObserveNotifications(func(offSince time.Time) { told = append(told, offSince) })
		require.NoError(t, market.Notify(t.Context(), "http://shop", shopClient(shop.handler(t))))
		assert.Zero(t, market.NotificationsOff())
		assertNotifications(t, market, `{"shops":1,"off":0}`)
		began := time.Now()
		failForFourteenDays(t, market, shop)
		off := began.Add(fourteenDays)
		assert.Equal(t, off, market.NotificationsOff())
		assertNotifications(t, market, `{"shops":0,"off":1,"offSince":"`+off.Format(time.RFC3339Nano)+`"}`)
		assert.Equal(t, []time.Time{off}, told)
		_, err := market.Direct(cabinet, "Is nobody there?")
		require.NoError(t, err)
		synctest.Wait()
		posted := len(market.Deliveries())

		require.NoError(t, market.SwitchNotificationsOn())
		assert.Zero(t, market.NotificationsOff())
		assertNotifications(t, market, `{"shops":1,"off":0}`)
		assert.Equal(t, []time.Time{off, {}}, told)
		_, err = market.Direct(cabinet, "And now?")
		require.NoError(t, err)
		time.Sleep(fourteenDays)
		synctest.Wait()
		assert.Equal(t, []string{"chat 7000003", "message 7000003000001"}, shop.list())
		posts := market.Deliveries()[posted:]
		require.Len(t, posts, 3)
		assert.EqualValues(t, "PING", posts[0].Type)
	})
}

func assertNotifications(t *testing.T, market *sandbox.Market, want string) {
	t.Helper()
	status, got := drive(t, market, "GET", "/_sandbox/notifications", "")
	assert.Equal(t, 200, status)
	assert.JSONEq(t, want, got)
}

// Notifications stay off when the shop does not take the PING, and there is nothing to switch on when none are off.
func TestSwitchNotificationsOnRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const path = "/_sandbox/notifications"
		market, shop, refuse := sandbox.New(), &rememberingShop{}, false
		assert.EqualError(t, market.SwitchNotificationsOn(), "sandbox: no shop's notifications are off")
		good := shop.handler(t)
		require.NoError(t, market.Notify(t.Context(), "http://shop", shopClient(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if refuse {
				answersWith("text/plain", 200, `{}`)(w, r)
				return
			}
			good.ServeHTTP(w, r)
		}))))
		status, answer := drive(t, market, "POST", path, "")
		assert.Equal(t, 409, status)
		assert.JSONEq(t, `{"error":"no shop's notifications are off"}`, answer)
		failForFourteenDays(t, market, shop)
		off := market.NotificationsOff()
		require.NotZero(t, off)
		refuse = true
		err := market.SwitchNotificationsOn()
		assert.ErrorContains(t, err, "sandbox: the shop has not taken the PING: ")
		assert.ErrorContains(t, err, "header Content-Type: must be application/json, in UTF-8")
		status, answer = drive(t, market, "POST", path, "")
		assert.Equal(t, 409, status)
		assert.Contains(t, answer, `{"error":"the shop has not taken the PING: `)
		assert.Equal(t, off, market.NotificationsOff())
		refuse = false
		status, _ = drive(t, market, "POST", path, "")
		assert.Equal(t, 204, status)
		assert.Zero(t, market.NotificationsOff())
	})
}

// A shop that is named once more, or a sandbox that is reset, gets notifications again, each of them once.
func TestNotificationsAreOnAgain(t *testing.T) {
	for name, again := range map[string]func(*testing.T, *sandbox.Market, *rememberingShop){
		"Reset": func(_ *testing.T, market *sandbox.Market, _ *rememberingShop) { market.Reset() },
		"Notify": func(t *testing.T, market *sandbox.Market, shop *rememberingShop) {
			require.NoError(t, market.Notify(t.Context(), "http://shop", shopClient(shop.handler(t))))
			assert.Error(t, market.SwitchNotificationsOn(), "none are off")
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				market, shop := shopOff(t)
				on := false
				market.ObserveNotifications(func(offSince time.Time) { on = offSince.IsZero() })
				again(t, market, shop)
				assert.Zero(t, market.NotificationsOff())
				assert.True(t, on)
				_, err := market.Direct(cabinet, "And now?")
				require.NoError(t, err)
				synctest.Wait()
				assert.Equal(t, []string{"chat 7000002", "message 7000002000001"}, shop.list())
			})
		})
	}
}

// What was being posted when notifications went off, of another cabinet, is over; it does not begin again with them.
func TestNotificationsOffCutsOthersShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market, shop, hung := sandbox.New(), &rememberingShop{}, 0
		good := shop.handler(t)
		require.NoError(t, market.Notify(t.Context(), "http://shop", shopClient(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(peek(r), `"businessId":1,`) {
				hung++
				<-r.Context().Done()
				return
			}
			good.ServeHTTP(w, r)
		}))))
		shop.set(true)
		_, err := market.Direct(cabinet, "Hello?")
		require.NoError(t, err)
		synctest.Wait()
		_, err = market.Direct(1, "Hello?")
		require.NoError(t, err)
		synctest.Wait()
		market.Advance(fourteenDays)
		synctest.Wait()
		require.NotZero(t, market.NotificationsOff())
		shop.set(false)
		require.NoError(t, market.SwitchNotificationsOn())
		posted := len(market.Deliveries())
		time.Sleep(time.Hour)
		synctest.Wait()
		assert.Equal(t, 1, hung)
		assert.Len(t, market.Deliveries(), posted)
	})
}

// When notifications are off, those of other cabinets do not wait for their time either.
func TestNotificationsOffEndWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market, shop := sandbox.New(), &rememberingShop{}
		require.NoError(t, market.Notify(t.Context(), "http://shop", shopClient(shop.handler(t))))
		shop.set(true)
		_, err := market.Direct(1, "Hello?")
		require.NoError(t, err)
		const later = 130 * time.Minute
		time.Sleep(later)
		_, err = market.Direct(2, "Hello?")
		require.NoError(t, err)
		time.Sleep(fourteenDays - later - time.Minute)
		assert.Equal(t, 2, queuesAtWork())
		time.Sleep(2 * time.Minute) // the next attempt of the second one is 9 min away
		require.NotZero(t, market.NotificationsOff())
		assert.Zero(t, queuesAtWork())
	})
}

// The notifications of a shop that takes them are on while those of another are off.
func TestNotificationsOffOfOneShop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market, first, second := sandbox.New(), &rememberingShop{}, &rememberingShop{}
		require.NoError(t, market.Notify(t.Context(), "http://first", shopClient(first.handler(t))))
		require.NoError(t, market.Notify(t.Context(), "http://second", shopClient(second.handler(t))))
		failForFourteenDays(t, market, second)
		earliest := market.NotificationsOff()
		require.NotZero(t, earliest)
		assert.Len(t, first.list(), 2)
		failForFourteenDays(t, market, first)
		assert.Equal(t, earliest, market.NotificationsOff())
		assertNotifications(t, market, `{"shops":0,"off":2,"offSince":"`+earliest.Format(time.RFC3339Nano)+`"}`)
		require.NoError(t, market.Notify(t.Context(), "http://first", shopClient(first.handler(t))))
		assertNotifications(t, market, `{"shops":1,"off":1,"offSince":"`+earliest.Format(time.RFC3339Nano)+`"}`)
		require.NoError(t, market.SwitchNotificationsOn())
		assertNotifications(t, market, `{"shops":2,"off":0}`)
		assert.Empty(t, second.list())
	})
}

// A shop that is gone has no notifications to switch on.
func TestNotificationsOffOfAShopThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market, shop := sandbox.New(), &rememberingShop{}
		ctx, end := context.WithCancel(t.Context())
		require.NoError(t, market.Notify(ctx, "http://shop", shopClient(shop.handler(t))))
		failForFourteenDays(t, market, shop)
		require.NotZero(t, market.NotificationsOff())
		end()
		assert.Zero(t, market.NotificationsOff())
		assertNotifications(t, market, `{"shops":0,"off":0}`)
	})
}
