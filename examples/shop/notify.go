// Package shop is a shop that tells its buyers when their orders are shipped. It is there for its tests: copy them.
package shop

import (
	"context"
	"errors"
	"fmt"

	"github.com/ymarket-go/chats/wrapper"
)

// Order is what the shop knows of an order.
type Order struct {
	ID    int64
	Track string
}

// ErrMayHaveArrived asks a person to look into the chat before the buyer is told again.
var ErrMayHaveArrived = errors.New("the buyer may have been told")

// NotifyShipped tells the buyer of an order that it is on its way.
func NotifyShipped(ctx context.Context, client *wrapper.Client, order Order) error {
	chat, err := client.CreateChat(ctx, wrapper.Order(order.ID))
	if err != nil {
		return fmt.Errorf("order %d: %w", order.ID, err)
	}
	err = client.SendMessage(ctx, chat.ChatID, "Your order is on its way: "+order.Track)
	if errors.Is(err, wrapper.ErrOutcomeUnknown) {
		return fmt.Errorf("order %d: chat %d: %w: %w", order.ID, chat.ChatID, ErrMayHaveArrived, err)
	}
	if err != nil {
		return fmt.Errorf("order %d: %w", order.ID, err)
	}
	return nil
}
