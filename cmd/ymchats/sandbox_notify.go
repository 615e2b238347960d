package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/ymarket-go/chats/sandbox"
)

func (s *sandboxServer) checkNotify() error {
	if s.notify == "" {
		return nil
	}
	u, err := url.Parse(s.notify)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("--notify is no address, allowed is one like http://127.0.0.1:8081/market")
	}
	return nil
}

// betweenPings is how long a shop that has not taken the PING is left alone. It may be about to start.
const betweenPings = 2 * time.Second

// notifyShop offers notifications to the shop until it takes them. It says once why it does not.
func (s *sandboxServer) notifyShop(ctx context.Context, market *sandbox.Market, out io.Writer) {
	said := ""
	for {
		err := market.Notify(ctx, s.notify, nil)
		if err == nil {
			fmt.Fprintln(out, "The shop has taken the PING: from now on it is told what happens.")
			return
		}
		if ctx.Err() != nil {
			return
		}
		if err.Error() != said {
			said = err.Error()
			fmt.Fprintf(out, "%v; trying again every %v\n", err, betweenPings)
		}
		select {
		case <-time.After(betweenPings):
		case <-ctx.Done():
			return
		}
	}
}
