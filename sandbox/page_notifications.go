package sandbox

import (
	"cmp"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/notify"
)

// pageNotifications is what the page shows of notifications, a row each, with all attempts to post it.
type pageNotifications struct {
	List     []pageNotification // the newest first
	Pager    pager
	Total    int       // of all chats
	OffSince time.Time // zero: those of no shop are off
	Shops    []string  // the addresses that notifications are posted to
}

type pageNotification struct {
	*notice
	Attempts []pageAttempt // the first that is remembered comes first
	waiting  int           // notifications that wait for it
	posting  bool          // it is in work
}

// First is the earliest attempt, Last the one that counts.
func (n pageNotification) First() pageAttempt { return n.Attempts[0] }
func (n pageNotification) Last() pageAttempt  { return n.Attempts[len(n.Attempts)-1] }

// tries is how often it was posted. PINGs count as one attempt each.
func (n pageNotification) tries() int { return max(len(n.Attempts), n.Last().Attempt) }

// Kind is the type in words.
func (n pageNotification) Kind() string {
	switch n.kind {
	case notify.NotificationTypeChatCreated:
		return "New chat"
	case notify.NotificationTypeChatMessageSent:
		return "New message"
	case notify.NotificationTypeChatArbitrageStarted:
		return "Dispute began"
	case notify.NotificationTypeChatArbitrageFinished:
		return "Dispute ended"
	default:
		return "Ping"
	}
}

// From says whose message it is about.
func (n pageNotification) From() string {
	switch n.sender {
	case "":
		return ""
	case gen.ChatMessageSenderTypePartner:
		return ", from the shop"
	case gen.ChatMessageSenderTypeCustomer:
		return ", from the buyer"
	case gen.ChatMessageSenderTypeMarket:
		return ", from the Market"
	default:
		return ", from support"
	}
}

type pageAttempt struct{ *Delivery }

// Result says what came of an attempt.
func (a pageAttempt) Result() string {
	switch {
	case a.Taken:
		return "accepted"
	case a.Status == 0:
		return "no answer"
	default:
		return fmt.Sprintf("shop answered %d", a.Status)
	}
}

// Breaches are what breaks the contract in the shop's answer.
func (a pageAttempt) Breaches() (list []pageBreach) {
	for _, v := range api.Violations(a.Verdict) {
		list = append(list, newPageBreach(v, nil))
	}
	return list[:min(len(list), pageViolations)]
}

// Broke says why there was no answer.
func (a pageAttempt) Broke() string {
	if a.Verdict == nil || len(api.Violations(a.Verdict)) > 0 {
		return ""
	}
	return a.Verdict.Error()
}

// Fate says how often the notification was posted, and what comes next. It is empty for one that was accepted at once.
func (n pageNotification) Fate(d pageData) string {
	if last := n.Last(); last.Status == http.StatusOK && !last.Taken {
		return "The answer breaks the contract. " + n.next(d)
	}
	return n.next(d)
}

func (n pageNotification) next(d pageData) string {
	last, tries := n.Last(), n.tries()
	switch {
	case last.Taken && tries == 1:
		return ""
	case last.Taken:
		return ordinal(tries) + " attempt; the first" + n.missed()
	case n.posting && !last.Again.IsZero():
		return fmt.Sprintf("Attempt %d. Next at %s.%s", tries, d.Clock(last.Again), n.queue())
	case n.chat == 0:
		return fmt.Sprintf("Attempt %d.", tries)
	case last.Status == http.StatusBadRequest:
		return fmt.Sprintf("Attempt %d. Not sent again, as the shop refused it.", tries)
	default:
		return fmt.Sprintf("Attempt %d. Given up.", tries)
	}
}

// queue says how many notifications wait for this one.
func (n pageNotification) queue() string {
	switch n.waiting {
	case 0:
		return ""
	case 1:
		return " The one after it waits."
	default:
		return fmt.Sprintf(" The %d after it wait.", n.waiting)
	}
}

// missed says what came of the attempts before the last one.
func (n pageNotification) missed() string {
	text := ""
	if tries := n.tries(); tries > 2 {
		text = fmt.Sprintf(" %d", tries-1)
	}
	for _, d := range n.Attempts[:len(n.Attempts)-1] {
		if d.Status != 0 {
			return text + " not accepted."
		}
	}
	return text + " found nobody at the address."
}

// ordinal is 1st, 2nd, 3rd, 4th.
func ordinal(n int) string {
	suffix := "th"
	if n/10%10 != 1 {
		suffix = cmp.Or(map[int]string{1: "st", 2: "nd", 3: "rd"}[n%10], suffix)
	}
	return fmt.Sprint(n, suffix)
}

// pageAttempts is how many attempts the page lists of a notification.
const pageAttempts = 10

func (m *Market) pageNotifications(v pageView) pageNotifications {
	attempts, waiting, shops := m.notifier.state()
	var p pageNotifications
	_, p.OffSince = m.notifier.off()
	for _, address := range shops {
		p.Shops = append(p.Shops, withoutSecrets(address))
	}
	numbers := numbersOf(attempts, v.Chat)
	if p.Total = len(numbers); v.Chat != 0 {
		p.Total = len(numbersOf(attempts, 0))
	}
	pager, skip := newPager(v, "notifications", len(numbers))
	p.Pager = pager
	numbers = numbers[skip:min(skip+pageRows, len(numbers))]
	shown := map[int64]*pageNotification{}
	for _, number := range numbers {
		shown[number] = &pageNotification{}
	}
	for d := range eachDelivery(attempts) {
		if n := shown[d.of.number]; n != nil {
			n.notice = d.of
			n.Attempts = append(n.Attempts, pageAttempt{d})
		}
	}
	for _, number := range numbers {
		n := shown[number]
		n.waiting, n.posting = waiting[number]
		p.List = append(p.List, *n)
	}
	return p
}

// numbersOf lists the numbers of the notifications about a chat, or of all where it is 0, the newest first.
func numbersOf(attempts [][]Delivery, chat int64) (numbers []int64) {
	for d := range eachDelivery(attempts) {
		if chat == 0 || chat == d.of.chat {
			numbers = append(numbers, d.of.number)
		}
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	slices.Reverse(numbers)
	return numbers
}

// eachDelivery goes through attempts, the oldest first.
func eachDelivery(attempts [][]Delivery) iter.Seq[*Delivery] {
	return func(yield func(*Delivery) bool) {
		for _, part := range attempts {
			for i := range part {
				if !yield(&part[i]) {
					return
				}
			}
		}
	}
}

// withoutSecrets is the address of a shop without what may be a secret: user, password and query.
func withoutSecrets(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// Listed are the attempts that the page lists.
func (n pageNotification) Listed() []pageAttempt {
	return n.Attempts[max(len(n.Attempts)-pageAttempts, 0):]
}

// Unlisted is how many attempts came before those that are listed.
func (n pageNotification) Unlisted() int { return n.tries() - len(n.Listed()) }

// Number is that of the notification.
func (n pageNotification) Number() int64 { return n.number }

// Chat is the chat that it is about; 0: none.
func (n pageNotification) Chat() int64 { return n.chat }

// Body is what was posted last, with a line for each value.
func (n pageNotification) Body() string { return indented(n.Last().Body) }

// InAll is how many notifications there were.
func (p pageNotifications) InAll() string { return counted(p.Total, "notification") }
