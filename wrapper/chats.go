package wrapper

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"slices"

	"github.com/ymarket-go/chats/gen"
)

// chatsPage is how many chats a page of getChats has, the most that the contract allows.
const chatsPage = 20

// Chats gives the chats that fit all parts of the filter; the zero filter fits all. It reads pages of 20 as the loop
// needs them, each with the retries of a call, and ends with the first error, which is an *Error beside a nil chat.
//
//	for chat, err := range client.Chats(ctx, gen.GetChatsRequest{Statuses: []gen.ChatStatusType{
//		gen.ChatStatusTypeNew, gen.ChatStatusTypeWaitingForPartner, // they wait for the shop
//	}}) {
//
// The Market promises neither the order of the chats nor that its pages stand still while they are read: a chat may
// come twice or be passed over when chats change meanwhile. A loop that answers buyers changes them itself, as the
// answer takes a chat off the list of those that wait: collect the chats first, and answer then. A chat may have values
// that this version does not know, and has the buyer's name: keep it out of logs.
//
// Attempts holds for each page. Capture has the answer to the last page that was read.
func (c *Client) Chats(
	ctx context.Context, filter gen.GetChatsRequest, opts ...CallOption,
) iter.Seq2[*gen.GetChatInfoDTO, error] {
	return func(yield func(*gen.GetChatInfoDTO, error) bool) {
		seen := pageTokens{}
		opts := append(slices.Clip(opts), sharing(&private{}))
		for token, more := "", true; more; {
			page := new(gen.GetChatsInfoDTO)
			call := c.newCall(gen.OperationGetChats, pageQuery(token, chatsPage), filter, checkFilter(filter), opts)
			call.result = page
			call.promised = func() bool { return page.Chats != nil }
			err := c.do(ctx, call)
			if err == nil {
				token, more, err = seen.next(page.Paging, call)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range page.Chats {
				if !yield(&page.Chats[i], nil) {
					return
				}
			}
		}
	}
}

// pageTokens are the tokens of the pages that a reading was led to.
type pageTokens map[string]bool

// errRepeatedPage ends a reading that would never end.
var errRepeatedPage = fmt.Errorf("%w: the token of the next page is one that has come before", ErrInvalidResponse)

// next gives the token of the page after the one that a call has read, and whether there is one. The error is that of
// the call.
func (t pageTokens) next(paging *gen.ForwardScrollingPagerDTO, read *call) (token string, more bool, err error) {
	if paging == nil || paging.NextPageToken == nil || *paging.NextPageToken == "" {
		return "", false, nil
	}
	token = *paging.NextPageToken
	if t[token] {
		return "", false, read.reject(errRepeatedPage)
	}
	t[token] = true
	return token, true, nil
}

// pageQuery is the query of a page, without what else the operation needs.
func pageQuery(token string, limit int) string {
	query := fmt.Sprint("limit=", limit)
	if token != "" {
		query += "&pageToken=" + url.QueryEscape(token)
	}
	return query
}

// checkFilter checks the constraints of GetChatsRequest. An empty list is not sent, so it is none.
func checkFilter(filter gen.GetChatsRequest) error {
	for _, about := range filter.Contexts {
		if err := checkContext(about); err != nil {
			return err
		}
	}
	return errors.Join(
		checkEnum("contextTypes", filter.ContextTypes, "ORDER, RETURN and DIRECT"),
		checkEnum("types", filter.Types, "CHAT and ARBITRAGE"),
		checkEnum("statuses", filter.Statuses, "NEW, WAITING_FOR_CUSTOMER, WAITING_FOR_PARTNER, "+
			"WAITING_FOR_ARBITER, WAITING_FOR_MARKET and FINISHED"),
		checkUnique("orderIds", filter.OrderIds),
		checkUnique("contexts", filter.Contexts),
		checkUnique("contextTypes", filter.ContextTypes),
		checkUnique("types", filter.Types),
		checkUnique("statuses", filter.Statuses),
	)
}

// checkEnum refuses values that the contract does not list.
func checkEnum[T interface {
	~string
	Valid() bool
}](name string, values []T, allowed string) error {
	for _, value := range values {
		if !value.Valid() {
			return fmt.Errorf("%s has %.40q, allowed are %s", name, string(value), allowed)
		}
	}
	return nil
}

// checkUnique refuses a list that has a value twice.
func checkUnique[T comparable](name string, values []T) error {
	before := map[T]bool{}
	for _, value := range values {
		if before[value] {
			return fmt.Errorf("%s has %v twice, allowed is each value once", name, value)
		}
		before[value] = true
	}
	return nil
}
