package sandbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ymarket-go/chats/notify"
)

// post makes one attempt.
func (s *subscription) post(what notice, attempt int, patience time.Duration) Delivery {
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	d := Delivery{At: s.market.now(), BusinessID: what.cabinet, Type: what.kind, Body: what.body, Attempt: attempt}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader(what.body))
	if err != nil {
		d.Verdict = err
		return d
	}
	var id [24]byte
	_, _ = rand.Read(id[:]) // it cannot fail
	req.Header.Set("Traceparent", fmt.Sprintf("00-%x-%x-01", id[:16], id[16:]))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "ymarket-sandbox")
	req.Header.Set("X-Forwarded-For", notify.Networks()[0].Addr().Next().String())
	if d.Verdict = s.contract.Request(req); d.Verdict != nil {
		return d // the sandbox keeps the contract; a test holds that
	}
	resp, err := s.client.Do(req)
	if err != nil {
		d.Verdict = withoutURL(err)
		return d
	}
	defer resp.Body.Close()
	d.Status, d.Verdict = resp.StatusCode, s.contract.Response(req, resp)
	d.Taken = d.Status == http.StatusOK && d.Verdict == nil
	return d
}

// withoutURL keeps the address of the shop, which may hold a secret, out of an error.
func withoutURL(err error) error {
	if of := new(url.Error); errors.As(err, &of) {
		return of.Err
	}
	return err
}
