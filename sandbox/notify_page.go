package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// pageNotify is what the page shows of notifications.
type pageNotify struct {
	Rows    []pageDelivery // the newest first
	Total   int
	Shops   int   // that are told
	Cabinet int64 // that a buyer can ask by a button
}

type pageDelivery struct {
	Delivery
	Violations []string
}

func (m *Market) pageNotify() pageNotify {
	deliveries := m.Deliveries()
	p := pageNotify{Total: len(deliveries), Shops: m.notifier.shops(), Cabinet: m.anyCabinet()}
	for i := len(deliveries) - 1; i >= max(len(deliveries)-pageRows, 0); i-- {
		p.Rows = append(p.Rows, pageDelivery{deliveries[i], deliveries[i].violations()})
	}
	return p
}

// shops counts those that are still told.
func (n *notifier) shops() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	count := 0
	for _, s := range n.subscriptions {
		if !s.off && s.ctx.Err() == nil {
			count++
		}
	}
	return count
}

// anyCabinet gives one that the key may use.
func (m *Market) anyCabinet() int64 {
	if len(m.cabinets) > 0 {
		return m.cabinets[0]
	}
	return 1
}

// writeAsBuyer writes into a chat, or begins one in a cabinet where no chat is named.
func (m *Market) writeAsBuyer(chat, cabinet string) (id int64, err error) {
	if chat == "" {
		id, err = strconv.ParseInt(cabinet, 10, 64)
		if err != nil {
			return 0, errors.New("the form must name a chat or a cabinet by its number")
		}
		return m.Direct(id, "I have a question before I order.")
	}
	id, err = strconv.ParseInt(chat, 10, 64)
	if err != nil {
		return 0, errors.New("the form must name a chat or a cabinet by its number")
	}
	return id, m.Reply(id, fmt.Sprintf("Are you there? This is message %d.", len(m.Messages(id))+1))
}

// maxForm bounds what a button of the page sends, in bytes.
const maxForm = 1 << 10

// buyerWrites is what the buttons of the page ask for: a message into a chat, or a new chat in a cabinet. The page has
// no field for the text, as it loads itself anew every two seconds.
func (m *Market) buyerWrites(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	id, err := m.writeAsBuyer(r.PostFormValue("chat"), r.PostFormValue("cabinet"))
	if err != nil {
		refuseControl(w, http.StatusBadRequest, err)
		return
	}
	http.Redirect(w, r, fmt.Sprintf("/_sandbox/#chat-%d", id), http.StatusSeeOther)
}
