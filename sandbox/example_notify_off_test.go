package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/ymarket-go/chats/notify"
	"github.com/ymarket-go/chats/sandbox"
)

// failingShop is a shop that has not taken a notification for 14 days.
type failingShop struct {
	market *sandbox.Market
	mended atomic.Bool
	seen   chan time.Time // what ObserveNotifications says
	close  func()
}

func newFailingShop() *failingShop {
	s := &failingShop{market: sandbox.New(), seen: make(chan time.Time, 2)}
	failed := make(chan bool, 100)
	handler, err := notify.New("my-shop/1.4.0", notify.Behind(netip.MustParsePrefix("127.0.0.0/8")), notify.Events{
		MessageSent: func(context.Context, notify.ChatMessageSentNotificationDTO) error {
			if s.mended.Load() {
				return nil
			}
			failed <- true
			return errors.New("the database is gone")
		},
	}, notify.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		panic(err)
	}
	server := httptest.NewServer(handler)
	ctx, end := context.WithCancel(context.Background())
	s.close = func() { end(); server.Close() }
	s.market.ObserveNotifications(func(offSince time.Time) { s.seen <- offSince })
	if err := s.market.Notify(ctx, server.URL, nil); err != nil {
		panic(err)
	}
	if _, err := s.market.Direct(4200, "Is it red?"); err != nil {
		panic(err)
	}
	<-failed
	s.market.Advance(14 * 24 * time.Hour)
	return s
}

func ExampleMarket_ObserveNotifications() {
	shop := newFailingShop()
	defer shop.close()
	off := <-shop.seen
	fmt.Println("off:", !off.IsZero())
	// Output: off: true
}

func ExampleMarket_NotificationsOff() {
	shop := newFailingShop()
	defer shop.close()
	off := <-shop.seen
	fmt.Println(shop.market.NotificationsOff().Equal(off))
	// Output: true
}

func ExampleMarket_SwitchNotificationsOn() {
	shop := newFailingShop()
	defer shop.close()
	<-shop.seen
	shop.mended.Store(true)
	fmt.Println(shop.market.SwitchNotificationsOn(), shop.market.NotificationsOff().IsZero())
	fmt.Println(shop.market.SwitchNotificationsOn())
	// Output:
	// <nil> true
	// sandbox: no shop's notifications are off
}
