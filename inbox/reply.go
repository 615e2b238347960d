package inbox

import (
	"context"
	"errors"
	"time"

	"github.com/ymarket-go/chats/internal/sametext"
	"github.com/ymarket-go/chats/wrapper"
)

// inFlight is how long a message that a killed process sent may be on its way, unseen by reads: the Market's 10 s, and
// 3 s by which reads are behind.
const inFlight = 13 * time.Second

// replies are the Replies of this process into a chat, as long as they may stand behind a message that is handed over
// now. They run one after another.
type replies struct {
	client *wrapper.Client
	turn   chan struct{} // has room for the goroutine that uses what follows

	texts   map[string]*equalReplies // by what wrapper takes for the same text
	current ids                      // the message that is in the handler's hands; zero: none is
	free    time.Time                // nothing that was sent for it is on its way, unseen, after that
	ended   time.Time                // of the last one
}

// equalReplies are Replies of one text.
type equalReplies struct {
	after   int64 // the first message that was answered with it
	earlier int   // how many of them answered messages that are handled
	now     int   // how many the handler has made in this attempt
	most    int   // the most that it has made in one
	doubt   bool  // one of this attempt has failed, and may be in the chat
}

func newReplies(client *wrapper.Client) *replies {
	return &replies{client: client, turn: make(chan struct{}, 1), texts: map[string]*equalReplies{}}
}

func (r *replies) lock() { r.turn <- struct{}{} }

func (r *replies) unlock() { <-r.turn }

// send sends the Reply, unless an earlier attempt of this process has. In the first attempt nobody can have sent it
// before the first try. Later it may stand behind the message, and so may equal ones that answered earlier messages.
func (r *replies) send(ctx context.Context, m *Message, text string, opts []wrapper.CallOption) error {
	select {
	case r.turn <- struct{}{}:
		defer r.unlock()
	case <-ctx.Done(): // another one is on its way
		return ctx.Err()
	}
	if r.current != m.ids() {
		return errors.New("inbox: Reply is called after the handler has returned")
	}
	equal := r.texts[sametext.Fold(text)]
	if equal == nil {
		equal = &equalReplies{after: m.MessageID}
		r.texts[sametext.Fold(text)] = equal
	}
	if equal.now < equal.most { // a read may not show it yet
		equal.now++
		return nil
	}
	if m.Attempt > 1 || equal.doubt {
		if err := sleepUntil(ctx, r.free); err != nil {
			return err
		}
		opts = append(opts[:len(opts):len(opts)], wrapper.Times(equal.after, equal.earlier+equal.now+1))
	}
	err := r.client.SendMessage(ctx, m.ChatID, text, opts...)
	r.ended = time.Now()
	if err == nil {
		equal.now++
		equal.most = max(equal.most, equal.now)
	} else if mayHaveArrived(err) {
		equal.doubt, r.free = true, r.ended.Add(inFlight)
	}
	return err
}

// mayHaveArrived tells whether a message may be in the chat though its send has failed. Only the Market's own answer
// says that it is not: a proxy may answer 404 to what the Market has stored.
func mayHaveArrived(err error) bool {
	var e *wrapper.Error
	return errors.As(err, &e) && e.Outcome != wrapper.NotSent && (e.Outcome == wrapper.Unknown || !e.FromMarket())
}

// begin says that a message is in the handler's hands.
func (r *replies) begin(m *Message, free time.Time) {
	r.lock()
	defer r.unlock()
	r.current, r.free = m.ids(), latest(r.free, free)
	for _, equal := range r.texts {
		equal.now, equal.doubt = 0, false
	}
}

// end says that the handler has returned, and whether the message is handled.
func (r *replies) end(handled bool) {
	r.lock()
	defer r.unlock()
	r.current = ids{}
	if !handled {
		return
	}
	for _, equal := range r.texts {
		equal.earlier += equal.most
		equal.now, equal.most = 0, 0
	}
}

// has tells whether this process has sent a text.
func (r *replies) has(text string) bool {
	r.lock()
	defer r.unlock()
	equal := r.texts[sametext.Fold(text)]
	return equal != nil && equal.earlier+equal.most > 0
}

// settle is when a read of the chat shows all that was written before the last one; zero: there was none.
func (r *replies) settle() time.Time {
	r.lock()
	defer r.unlock()
	if r.ended.IsZero() {
		return time.Time{}
	}
	return r.ended.Add(readLag)
}

// sleepUntil waits until a time, or gives the context's error.
func sleepUntil(ctx context.Context, t time.Time) error {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
