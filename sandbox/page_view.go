package sandbox

import (
	"fmt"
	"maps"
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
	Done       string // which button was pressed: see doneTexts

	query url.Values // the view as a query, without Done, as the page says once what a button did
}

const (
	noOperation = "none"
	statusCut   = "cut"
)

// viewNumbers are the parameters of a view that are numbers: pages of lists, which count from 1, a chat and a call.
var viewNumbers = []string{"chats", "messages", "quotas", "deliveries", "calls", "chat", "call"}

var statusFilter = regexp.MustCompile(`^([1-9][0-9]{2}|[1-9]xx|` + statusCut + `)$`)

// parseView reads a query. It passes over parameters that are none of a view.
func parseView(query url.Values) (pageView, error) {
	v := pageView{
		Operation: query.Get("operation"), Status: query.Get("status"), Violations: query.Get("violations") != "",
		Done: query.Get("done"), query: url.Values{},
	}
	if v.Operation != "" && v.Operation != noOperation && checkOperation(v.Operation) != nil {
		return pageView{}, fmt.Errorf("the operation is %.40q, allowed is one of %v or %s",
			v.Operation, allOperations(), noOperation)
	}
	if v.Status != "" && !statusFilter.MatchString(v.Status) {
		return pageView{}, fmt.Errorf("the status is %.40q, allowed is one like 420, one like 4xx, or %s",
			v.Status, statusCut)
	}
	for _, name := range viewNumbers {
		text := query.Get(name)
		if n, err := strconv.ParseInt(text, 10, 32); text != "" && (err != nil || n < 1) {
			return pageView{}, fmt.Errorf("%s is %.40q, allowed is a number of 1 and above", name, text)
		}
	}
	for _, name := range append([]string{"operation", "status", "violations"}, viewNumbers...) {
		if query.Get(name) != "" {
			v.query.Set(name, query.Get(name))
		}
	}
	v.Chat, v.Call = int64(v.number("chat")), v.number("call")
	return v, nil
}

// number is a parameter of the view; 0: it has none.
func (v pageView) number(name string) int {
	n, _ := strconv.Atoi(v.query.Get(name)) // it was checked
	return n
}

// Query is the view as a query.
func (v pageView) Query() string { return v.query.Encode() }

// Address is where the view is found, with other parameters: name, value, name, value. An empty value takes one away.
func (v pageView) Address(parameters ...string) string {
	query := url.Values{}
	maps.Copy(query, v.query)
	for i := 0; i < len(parameters); i += 2 {
		query.Set(parameters[i], parameters[i+1])
		if parameters[i+1] == "" {
			query.Del(parameters[i])
		}
	}
	if len(query) == 0 {
		return pagePath
	}
	return pagePath + "?" + query.Encode()
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
	return v.Address("chat", numberText(int(id)), "messages", "") + "#chats"
}

// OfCall is the view of one call; 0 is the view of all.
func (v pageView) OfCall(number int) string { return v.Address("call", numberText(number)) + "#calls" }

// AllCalls is the view without the filter of the calls.
func (v pageView) AllCalls() string {
	return v.Address("call", "", "operation", "", "status", "", "violations", "", "calls", "") + "#calls"
}

// numberText is empty for 0.
func numberText(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// Filtered is true when some calls are left out.
func (v pageView) Filtered() bool { return v.Operation != "" || v.Status != "" || v.Violations }

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
	page := min(max(v.number(list), 1), max((total+pageRows-1)/pageRows, 1))
	skip = (page - 1) * pageRows
	p = pager{List: list, Total: total, Last: min(skip+pageRows, total)}
	if total > 0 {
		p.First = skip + 1
	}
	switch {
	case page == 2:
		p.Newer = v.Address(list, "") + anchor
	case page > 2:
		p.Newer = v.Address(list, strconv.Itoa(page-1)) + anchor
	}
	if p.Last < total {
		p.Older = v.Address(list, strconv.Itoa(page+1)) + anchor
	}
	return p, skip
}
