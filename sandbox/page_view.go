package sandbox

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// pageView is which part of everything the page shows. It stands in the query of the page's address, so that it can be
// kept, sent to others and gone back to.
type pageView struct {
	Chat       int64  // this chat alone, with all its messages; 0: all chats
	Call       int    // this call alone, with its whole bodies; 0: all calls
	Operation  string // only calls of this one, or of noOperation; empty: all
	Status     string // only calls with it: 420, 4xx, or statusCut; empty: all
	Violations bool   // only calls that break the contract
	Pages      map[string]int
	Done       string // which button was pressed: see doneTexts
}

const (
	noOperation = "none"
	statusCut   = "cut"
)

// pageLists are the lists that have pages, which count from 1.
var pageLists = []string{"chats", "messages", "quotas", "deliveries", "calls"}

var statusFilter = regexp.MustCompile(`^([1-9][0-9]{2}|[1-9]xx|` + statusCut + `)$`)

// parseView reads a query. What it does not know it passes over.
func parseView(query url.Values) (v pageView, err error) {
	v.Pages = map[string]int{}
	for _, name := range pageLists {
		if v.Pages[name], err = positive(query, name); err != nil {
			return v, err
		}
	}
	if v.Call, err = positive(query, "call"); err != nil {
		return v, err
	}
	chat, err := positive(query, "chat")
	if err != nil {
		return v, err
	}
	v.Chat, v.Operation, v.Status = int64(chat), query.Get("operation"), query.Get("status")
	if v.Operation != "" && v.Operation != noOperation && checkOperation(v.Operation) != nil {
		return v, fmt.Errorf("the operation is %.40q, allowed is one of %v or %s",
			v.Operation, allOperations(), noOperation)
	}
	if v.Status != "" && !statusFilter.MatchString(v.Status) {
		return v, fmt.Errorf("the status is %.40q, allowed is one like 420, one like 4xx, or %s", v.Status, statusCut)
	}
	v.Violations, v.Done = query.Get("violations") != "", query.Get("done")
	return v, nil
}

// positive reads a number of 1 and above. It is 0 where there is none.
func positive(query url.Values, name string) (int, error) {
	text := query.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s is %.40q, allowed is a number of 1 and above", name, text)
	}
	return int(n), nil
}

// page is the number of the page of a list.
func (v pageView) page(list string) int { return max(v.Pages[list], 1) }

// Query is the view as a query. It leaves out what the button did that was pressed: the page says so once.
func (v pageView) Query() string {
	query := url.Values{}
	for list, page := range v.Pages {
		if page > 1 {
			query.Set(list, strconv.Itoa(page))
		}
	}
	for name, value := range map[string]string{"operation": v.Operation, "status": v.Status} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if v.Chat != 0 {
		query.Set("chat", strconv.FormatInt(v.Chat, 10))
	}
	if v.Call != 0 {
		query.Set("call", strconv.Itoa(v.Call))
	}
	if v.Violations {
		query.Set("violations", "only")
	}
	return query.Encode()
}

// Address is where this view is found.
func (v pageView) Address() string {
	if query := v.Query(); query != "" {
		return pagePath + "?" + query
	}
	return pagePath
}

// Form is the address that a form of this view is sent to: one of the control API, and what the page says afterwards.
func (v pageView) Form(address, done string) string {
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	return pagePath + address + separator + url.Values{"done": {done}, "view": {v.Query()}}.Encode()
}

// OfChat is the view of one chat; 0 is the view of all.
func (v pageView) OfChat(id int64) string {
	v.Chat = id
	return v.onPage("messages", 1).Address() + "#chats"
}

// OfCall is the view of one call; 0 is the view of all.
func (v pageView) OfCall(number int) string {
	v.Call = number
	return v.Address() + "#calls"
}

// AllCalls is the view without the filter of the calls.
func (v pageView) AllCalls() string {
	v.Call, v.Operation, v.Status, v.Violations = 0, "", "", false
	return v.onPage("calls", 1).Address() + "#calls"
}

// Filtered tells whether some calls are left out.
func (v pageView) Filtered() bool { return v.Operation != "" || v.Status != "" || v.Violations }

// onPage is the view of another page of a list.
func (v pageView) onPage(list string, page int) pageView {
	pages := map[string]int{list: page}
	for name, number := range v.Pages {
		if name != list {
			pages[name] = number
		}
	}
	v.Pages = pages
	return v
}

// shownStatuses are those that the filter offers, and the one that is chosen.
func shownStatuses(chosen string) []string {
	statuses := []string{"2xx", "3xx", "4xx", "420", "5xx", statusCut}
	if chosen != "" && !slices.Contains(statuses, chosen) {
		statuses = append(statuses, chosen)
	}
	return statuses
}

// pager says which part of a list is shown, and leads to the others.
type pager struct {
	List         string
	First, Last  int // of those that are shown, counted from 1; 0: none
	Total        int
	Newer, Older string // addresses; empty: there are none
}

// newPager is for a list of which the page shows the rows from skip on. It brings a page that is not there back to the
// last one that is.
func newPager(v pageView, list string, total int) (p pager, skip int) {
	anchor := "#" + list
	if list == "messages" {
		anchor = "#chats" // they stand in a chat
	}
	page := min(v.page(list), max((total+pageRows-1)/pageRows, 1))
	skip = (page - 1) * pageRows
	p = pager{List: list, Total: total, Last: min(skip+pageRows, total)}
	if total > 0 {
		p.First = skip + 1
	}
	if page > 1 {
		p.Newer = v.onPage(list, page-1).Address() + anchor
	}
	if p.Last < total {
		p.Older = v.onPage(list, page+1).Address() + anchor
	}
	return p, skip
}
