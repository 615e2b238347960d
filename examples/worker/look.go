package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

// slack is a second because the Market may cut times to whole ones, and a second because its machines may differ.
const slack = 2 // seconds

// look settles a row that was left in sending: by a worker that was killed, or because somebody in between answered
// the send. It reads the chat when the request has had its time to come to an end: a message that is stored after the
// chat was read would arrive twice. While the chat cannot be read the row stays as it is, and other orders go on.
func (w *worker) look(ctx context.Context, u update) error {
	var answer wrapper.Response
	chat, err := w.client.GetChat(ctx, u.chat, wrapper.Capture(&answer))
	if err != nil {
		return w.noteUnread(u, err)
	}
	passed := time.Duration(dateOf(answer)-u.startedAt) * time.Second
	switch {
	case answer.Header.Get("Age") != "":
		return w.unread(u, later, "the chat was read out of a cache")
	case u.startedAt == 0 || dateOf(answer) == 0 || chat.UpdatedAt.IsZero():
		return w.doubt(u, "the Market did not tell when the send began, or when the chat was written into")
	case passed < w.underWay:
		return w.unread(u, min(w.underWay-passed, later), "by the Market's clock the send may still be under way")
	case !isQuiet(chat, u):
		return w.doubt(u, "the chat has been written into since the send began")
	}
	return w.queue.set(u, `state = 'pending', not_before = 0, error = ''`)
}

// isQuiet tells that nobody has written into the chat of a row since its send began: then the message has not
// arrived. Both times are the Market's. What remains:
//
//   - Who wrote cannot be told. A buyer who writes while no worker runs, and anything up to 3 s before the start, a new
//     chat as well, leave a row in doubt that has not arrived.
//   - A message that is stored later than underWay arrives twice, and so may one if the Market's clock is set back, if
//     its machines differ by more than a second, or if a cache hides that it is one.
func isQuiet(chat *gen.GetChatInfoDTO, u update) bool {
	return chat.UpdatedAt.Unix() < u.startedAt-slack
}

// noteUnread writes down why a chat could not be read. If the Market itself says that there is no such chat, only a
// person can find out what that means.
func (w *worker) noteUnread(u update, err error) error {
	var e *wrapper.Error
	errors.As(err, &e)
	switch e.Advice() {
	case wrapper.Stop:
		return errors.Join(err, w.queue.set(u, `error = ?`, err.Error()))
	case wrapper.GiveUp:
		return w.doubt(u, fmt.Sprint("the chat could not be read: ", err))
	}
	return w.queue.set(u, `not_before = ?, error = ?`, w.again(err), fmt.Sprint("the chat could not be read: ", err))
}

func (w *worker) unread(u update, pause time.Duration, reason string) error {
	return w.queue.set(u, `not_before = ?, error = ?`, w.queue.now()+pause.Milliseconds(), reason)
}

func (w *worker) doubt(u update, reason string) error {
	return w.queue.set(u, `state = 'in_doubt', error = ?`, "it was left in sending: "+reason)
}

// dateOf is the time of an answer by the Market's clock, in Unix seconds; 0: it told none.
func dateOf(answer wrapper.Response) int64 {
	date, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		return 0
	}
	return date.Unix()
}
