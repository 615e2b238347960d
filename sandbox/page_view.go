package sandbox

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// pageView is which part of everything the page shows. It stands in the query of the page's address, so that it can be
// kept, sent to others and gone back to.
type pageView struct {
	Chat       int64  // its messages, and calls and notifications of it alone; 0: of all chats
	Call       int    // this call alone, with its whole bodies; 0: all calls
	Cabinet    int64  // whose quotas are shown; 0: of the one that was used last
	Operation  string // only calls of this one, or of noOperation; empty: all
	Violations bool   // only calls that break the contract
	Failed     bool   // only calls whose answer is no success
	Done       string // which button was pressed: see doneTexts

	query url.Values // the view as a query, without Done, as the page says once what a button did
}

const noOperation = "none"

// viewNumbers are the parameters of a view that are numbers: pages of lists, which count from 1, a chat, a call and a
// cabinet.
var viewNumbers = []string{"chats", "messages", "calls", "notifications", "chat", "call", "cabinet"}

// callFilters are the parameters of a view that leave out some calls.
var callFilters = []string{"operation", "violations", "failed"}

// parseView reads a query. It passes over parameters that are none of a view.
func parseView(query url.Values) (pageView, error) {
	v := pageView{
		Operation: query.Get("operation"), Violations: query.Get("violations") != "", Failed: query.Get("failed") != "",
		Done: query.Get("done"), query: url.Values{},
	}
	if v.Operation != "" && v.Operation != noOperation && checkOperation(v.Operation) != nil {
		return pageView{}, fmt.Errorf("the operation is %.40q, allowed is one of %v or %s",
			v.Operation, allOperations(), noOperation)
	}
	for _, name := range viewNumbers {
		text := query.Get(name)
		if n, err := strconv.ParseInt(text, 10, 64); text != "" && (err != nil || n < 1) {
			return pageView{}, fmt.Errorf("%s is %.40q, allowed is a number of 1 and above", name, text)
		}
	}
	for _, name := range slices.Concat(callFilters, viewNumbers) {
		if query.Get(name) != "" {
			v.query.Set(name, query.Get(name))
		}
	}
	v.Chat, v.Call, v.Cabinet = v.number("chat"), int(v.number("call")), v.number("cabinet")
	return v, nil
}

// number is a parameter of the view; 0: it has none.
func (v pageView) number(name string) int64 {
	n, _ := strconv.ParseInt(v.query.Get(name), 10, 64) // it was checked
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
func (v pageView) OfChat(id int64) string { return v.ofChat(id).Address() }

func (v pageView) ofChat(id int64) pageView {
	kept := url.Values{}
	for _, name := range []string{"chats", "cabinet"} {
		if v.query.Has(name) {
			kept.Set(name, v.query.Get(name))
		}
	}
	if id != 0 {
		kept.Set("chat", strconv.FormatInt(id, 10))
	}
	return pageView{Chat: id, query: kept}
}

// OfCalls is the view with a filter of the calls, a name and a value; without one it is the view of all calls.
func (v pageView) OfCalls(filter ...string) string {
	var without []string
	for _, name := range slices.Concat(callFilters, []string{"call", "calls"}) {
		without = append(without, name, "")
	}
	return v.Address(append(without, filter...)...) + "#calls"
}

// OfCall is the view of one call.
func (v pageView) OfCall(number int) string { return v.OfCalls("call", strconv.Itoa(number)) }

// OfCabinet is the view with the quotas of a cabinet.
func (v pageView) OfCabinet(id int64) string { return v.Address("cabinet", strconv.FormatInt(id, 10)) }

// Filtered is true when some calls are left out.
func (v pageView) Filtered() bool { return v.Operation != "" || v.Violations || v.Failed }

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
	page := min(max(int(v.number(list)), 1), max((total+pageRows-1)/pageRows, 1))
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

// Several is true when one page does not hold the list.
func (p pager) Several() bool { return p.Newer != "" || p.Older != "" }

// OfAllViolations is the view of the calls of all chats that break the contract.
func (v pageView) OfAllViolations() string { return v.ofChat(0).OfCalls("violations", "only") }
