package wrapper

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ymarket-go/chats/gen"
)

const (
	marketTimeout = 10 * time.Second // how long the Market works on a request, as documented
	readLag       = 3 * time.Second  // how far a read of a chat may be behind what was written into it
	lookPages     = 10               // of a read: 1,000 messages
)

// message is what a call sends into a chat, and what is known of it there.
type message struct {
	chatID  int64
	content messageContent
	file    []byte      // its bytes, which no error may show
	key     string      // of the content
	own     *ownSends   // of this content into this chat
	heard   marketClock // before the chat was read: an old read, too, is an answer that teaches

	after    int64 // Times: the message after which it may be there already
	times    int   // Times: how often; 0: the call is without
	before   int   // Times: how often it was there before the first attempt
	readFrom int64 // the newest message that a read has shown before the window
}

// settle finds out whether the message of a doubtful attempt is in the chat. It looks twice: after the pause, when
// only presence counts, and again when absence counts, too. It tells whether to send the message again.
func (c *Client) settle(ctx context.Context, send *call, pause time.Duration) (again bool) {
	counts := time.Now().Add(c.readsLag)
	if send.verdict.marketMayGoOn {
		counts = send.last.left.Add(c.marketGivesUp + c.readsLag)
	}
	send.message.heard = c.market.now()
	rest := max(pause, time.Until(counts))
	refused := c.retry.refuse(ctx, rest, "the message counts as missing in the chat only after")
	if pause < rest && c.retry.refuse(ctx, pause, "") == nil {
		c.pause(ctx, pause)
		if send.found, _ = c.find(ctx, send, early); send.found {
			return false
		}
		rest = time.Until(counts)
	}
	if refused != nil {
		send.stop(refused)
		return false
	}
	c.waitFor(ctx, send, rest, forSecondLook)
	c.closeIdle()
	found, doubt := c.find(ctx, send, late)
	switch {
	case found:
		send.found = true
	case ctx.Err() != nil:
		send.end(send.whyEnded(ctx))
	case doubt != nil:
		send.stop(doubt)
	case !send.verdict.mayComeLater:
		send.outcome = Rejected
		c.closeIdle()
		return send.verdict.repeat && send.attempts < send.maxAttempts
	}
	return false
}

// look is a look into the chat: an early one only finds, by a late one absence counts.
type look int

const (
	early look = iota
	late
)

// find reads the chat, and tells whether the message is there. The error says why it cannot be told.
func (c *Client) find(ctx context.Context, send *call, look look) (found bool, doubt error) {
	m, tries := send.message, 1
	if look == late {
		tries = c.retry.MaxAttempts
	}
	from := m.readFrom
	if from == 0 {
		from = m.after
	}
	isOthers := func(key string) bool { return !c.sends.has(m.chatID, key) }
	seen, err := c.readChat(ctx, send, from, tries, func(seen sight) bool {
		w := m.window(send.doubtSince, seen)
		found, _ := m.isIn(seen, w, isOthers)
		return found || look == early && m.before == 0 && seen.hasAllSince(w.perhaps)
	})
	if err != nil {
		return false, errors.New("the chat could not be read: " + err.Error())
	}
	w := m.window(send.doubtSince, seen)
	if newest := newestBefore(w.perhaps, seen.messages); newest > 0 && m.times == 0 {
		m.readFrom = newest
	}
	return m.isIn(seen, w, isOthers)
}

// errBehind is about a read that lacks the message where it should begin.
var errBehind = errors.New("the chat was read from a source that is behind: it lacks the message where reading begins")

// readChat reads the messages of a send's chat after one; 0: all, or as many pages as are enough. A read counts only
// if it is the Market's and fresh. One that is behind is repeated.
func (c *Client) readChat(
	ctx context.Context, send *call, after int64, tries int, enough func(sight) bool,
) (seen sight, err error) {
	for n := 1; ; n++ {
		seen, err = c.readChatOnce(ctx, send, after, tries, enough)
		if !errors.Is(err, errBehind) || n >= tries {
			return seen, err
		}
		pause := c.retry.backoff(n, c.random())
		if c.retry.refuse(ctx, pause, "") != nil {
			return seen, err
		}
		c.waitFor(ctx, send, pause, forFreshRead)
	}
}

func (c *Client) readChatOnce(
	ctx context.Context, send *call, after int64, tries int, enough func(sight) bool,
) (seen sight, err error) {
	known, begins := c.market.now(), after == 0
	opts := []CallOption{Attempts(tries), sharing(send.private)}
	seen.more, err = c.eachPage(ctx, send.message.chatID, after, lookPages, opts,
		func(page *gen.ChatMessagesResultDTO, read *call) (bool, error) {
			for _, clock := range []marketClock{known, send.message.heard} {
				if err := clock.check(read.answered); err != nil {
					return false, err
				}
			}
			if seen.date.IsZero() {
				seen.began, seen.ended, seen.date = read.answered.trace.began, time.Now(), read.answered.date
				seen.least = seen.date
				if latest := known.latest(seen.ended); !known.date.IsZero() && latest.Before(seen.date) {
					seen.least = latest.Add(-clockSlack) // the window has a slack of its own
				}
			}
			isFirst := func(m gen.ChatMessageDTO) bool { return m.MessageID == after }
			begins = begins || slices.ContainsFunc(page.Messages, isFirst)
			seen.newestFirst = seen.newestFirst || isNewestFirst(page.Messages)
			seen.messages = inOrder(append(seen.messages, page.Messages...), after)
			known = c.market.now()
			return begins && enough(seen), nil // where it does not begin there, it may show older messages as well
		})
	if err == nil && !begins && !seen.more {
		err = errBehind
	}
	return seen, err
}
