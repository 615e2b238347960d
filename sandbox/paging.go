package sandbox

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/ymarket-go/chats/gen"
)

// pages is how what is long is given in pages.
type pages struct {
	most  int           // rows of a page; 0: as many as were asked for
	life  time.Duration // of a token; 0: for ever
	order messageOrder
}

// pageSize is how many rows a page has of which a request asks for so many.
func (p pages) pageSize(limit int32) int {
	if p.most > 0 {
		return max(min(int(limit), p.most), 1)
	}
	return max(int(limit), 1) // where nothing is checked it may be 0
}

// A page token names its list, and a place in it as it is when the next page is asked for: where chats move meanwhile,
// one is given twice or left out. Nothing says that it is otherwise in the Market.

// placeOf is where the page begins that a request asks for, or false when its token is none of the list, or too old.
func (m *Market) placeOf(list string, token *string, r *http.Request) (place int, ok bool) {
	sent := cmp.Or(orElse(token, ""), r.URL.Query().Get("page_token"))
	if sent == "" {
		return 0, true
	}
	text, err := base64.RawURLEncoding.DecodeString(sent)
	if err != nil {
		return 0, false
	}
	var issued int64
	_, err = fmt.Sscanf(string(text), list+" %d %d", &place, &issued)
	age := m.now().Sub(time.Unix(0, issued))
	return place, err == nil && place >= 0 && (m.pages.life == 0 || age < m.pages.life)
}

// paging leads to the next page, if there is one.
func (m *Market) paging(list string, place int, more bool) *gen.ForwardScrollingPagerDTO {
	if !more {
		return &gen.ForwardScrollingPagerDTO{}
	}
	text := fmt.Sprintf("%s %d %d", list, place, m.now().UnixNano())
	token := base64.RawURLEncoding.EncodeToString([]byte(text))
	return &gen.ForwardScrollingPagerDTO{NextPageToken: &token}
}

func badPageToken(w http.ResponseWriter) {
	fail(w, http.StatusBadRequest, "BAD_REQUEST", "Invalid page token")
}

// messageOrder is the order of messages in getChatHistory. The zero value gives the newest first.
type messageOrder struct {
	oldestFirst bool
	shuffled    bool
	seed        uint64
}

// page is a page of messages, which are oldest first.
func (o messageOrder) page(messages []Message, place, limit int) []Message {
	place = min(place, len(messages))
	end := min(place+limit, len(messages))
	switch {
	case o.shuffled:
		return o.shuffle(messages)[place:end]
	case o.oldestFirst:
		return messages[place:end]
	default:
		page := slices.Clone(messages[len(messages)-end : len(messages)-place])
		slices.Reverse(page)
		return page
	}
}

// shuffle gives each message a place that the others have no part in, so that the pages of a chat without new messages
// have each message once.
func (o messageOrder) shuffle(messages []Message) []Message {
	rank := func(m Message) uint64 { return rand.NewPCG(o.seed, uint64(m.ID)).Uint64() }
	return slices.SortedFunc(slices.Values(messages), func(a, b Message) int { return cmp.Compare(rank(a), rank(b)) })
}
