package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/ymarket-go/chats/gen"
)

// sent is what must be the same of a request, whoever sends it.
type sent struct{ Method, URL, Body, APIKey, ContentType string }

// sent leaves out the line break with which resty ends a body: json.Encoder writes it, json.Marshal does not.
func (r *recorder) sent() sent {
	body := strings.TrimSuffix(string(r.body), "\n")
	header := r.request.Header
	return sent{r.request.Method, r.request.URL.String(), body, header.Get("Api-Key"), header.Get("Content-Type")}
}

// checkSame makes each call once with every contender. Whoever sends another request than the generated client does,
// or makes other values of the answer, does other work, and cannot be compared.
func checkSame(all []contender) error {
	want, err := trace(newGenerated(0))
	if err != nil {
		return err
	}
	for _, c := range all {
		got, err := trace(c.connect)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if c.undecoded {
			got.chat, got.opened = want.chat, want.opened
		}
		for i, op := range operations {
			if got.sent[i] != want.sent[i] {
				return fmt.Errorf("%s: %s: sends %+v, the generated client %+v", c.name, op.id, got.sent[i], want.sent[i])
			}
		}
		if got.chat != want.chat || got.opened != want.opened {
			return fmt.Errorf("%s: reads chat %s and id %d, the generated client %s and %d",
				c.name, got.chat, got.opened, want.chat, want.opened)
		}
	}
	return nil
}

type traced struct {
	sent   [3]sent
	chat   string // as JSON
	opened int64
}

func trace(connect func(string, http.RoundTripper) (calls, error)) (t traced, err error) {
	seen := &recorder{next: &answers{}}
	c, err := connect(gen.ServerURL, seen)
	if err != nil {
		return t, err
	}
	chat, err := c.getChat(context.Background())
	if err != nil {
		return t, fmt.Errorf("getChat: %w", err)
	}
	encoded, err := json.Marshal(chat)
	if err != nil {
		return t, err
	}
	t.chat, t.sent[0] = string(encoded), seen.sent()
	if err := c.sendMessage(context.Background()); err != nil {
		return t, fmt.Errorf("sendMessageToChat: %w", err)
	}
	t.sent[1] = seen.sent()
	if t.opened, err = c.createChat(context.Background()); err != nil {
		return t, fmt.Errorf("createChat: %w", err)
	}
	t.sent[2] = seen.sent()
	return t, nil
}
