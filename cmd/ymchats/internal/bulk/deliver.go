package bulk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/internal/sametext"
	"github.com/ymarket-go/chats/wrapper"
)

// errLater says that a row has to be tried again.
var errLater = errors.New("later")

const (
	readsBehind = 3 * time.Second // after which a chat that was just made is read again
	behindTries = 5               // of such reads
)

// deliver brings a row to its end, leaves it open, or gives errLater. Any other error ends the run.
func (r *Run) deliver(ctx context.Context, row *Row) error {
	if !r.Brake.sleep(time.Until(row.notBefore)) {
		return errLater
	}
	chatID, err := r.chat(ctx, row)
	if err != nil {
		return r.judge(row, 0, err)
	}
	unlock := r.chats.lock(chatID)
	defer unlock()
	if e := r.Journal.entry(row.Key); e != nil && !e.begin.At.IsZero() {
		err = r.resume(ctx, row, chatID, e.begin.After)
	} else {
		err = r.begin(ctx, row, chatID)
	}
	return r.judge(row, chatID, err)
}

// chat gives the chat of a row, and starts it where there is none.
func (r *Run) chat(ctx context.Context, row *Row) (int64, error) {
	if known := r.Journal.chat(row); known > 0 {
		return known, nil
	}
	about := wrapper.Order(row.ID)
	if row.Kind == Return {
		about = wrapper.Return(row.ID)
	}
	if !r.pace.enter(gen.OperationCreateChat) {
		return 0, errLater
	}
	var answer wrapper.Response
	chat, err := r.Client.CreateChat(ctx, about, wrapper.Capture(&answer))
	r.pace.done(gen.OperationCreateChat, answer)
	if err != nil {
		return 0, err
	}
	return chat.ChatID, r.Journal.write(line{What: whatChat, Kind: row.Kind, ID: row.ID, Chat: chat.ChatID})
}

// begin sends a text for the first time, if it does not stand in the chat.
func (r *Run) begin(ctx context.Context, row *Row, chatID int64) error {
	var answer wrapper.Response
	read, err := r.Client.Messages(ctx, chatID, 0, wrapper.Capture(&answer))
	if err != nil {
		return err
	}
	after := int64(0)
	if last := len(read.Messages) - 1; last >= 0 {
		after = read.Messages[last].MessageID
	}
	written := standing(read.Messages, row.Text)
	switch {
	case written == nil || r.Plan.Again:
	case r.isOwn(row, chatID):
		return r.end(row, line{What: Already, Chat: chatID, Written: written.CreatedAt, Reason: "another row sent it"})
	case written.CreatedAt.After(r.beganThere(answer)):
		return ErrAnotherRun
	default:
		return r.end(row, line{What: Already, Chat: chatID, Written: written.CreatedAt, Reason: "it stood in the chat"})
	}
	if !r.pace.enter(gen.OperationSendMessageToChat) {
		return errLater
	}
	r.setOwn(row, chatID)
	err = r.Journal.write(line{What: begun, Key: row.Key, Kind: row.Kind, ID: row.ID, Chat: chatID, After: after,
		Text: row.Text})
	if err != nil {
		r.pace.done(gen.OperationSendMessageToChat, wrapper.Response{})
		return err
	}
	attempts, err := r.send(ctx, row, chatID, after)
	if err == nil && attempts == 0 {
		return ErrAnotherRun // it has been written since the read
	}
	return err
}

// beganThere is when the run began, by the Market's clock. An answer's Date is cut to whole seconds.
func (r *Run) beganThere(answer wrapper.Response) time.Time {
	now, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return now.Add(time.Second - time.Since(r.began))
}

// resume goes on with a text that may have been sent after a message.
func (r *Run) resume(ctx context.Context, row *Row, chatID, after int64) error {
	read, err := r.Client.Messages(ctx, chatID, after)
	if err != nil {
		return err
	}
	if written := standing(read.Messages, row.Text); written != nil {
		return r.end(row, line{What: Sent, Chat: chatID, Written: written.CreatedAt})
	}
	if r.hasOther(read.Messages, row, chatID) {
		r.leaveOpen(row)
		return r.end(row, line{What: Doubt, Chat: chatID,
			Reason: "the shop has written something else into the chat since, which may be this text, changed by the Market",
			Todo:   fmt.Sprintf("read chat %[1]d; if the text is missing: ymchats send --chat %[1]d", chatID)})
	}
	if row.gone {
		return r.end(row, line{What: Failed, Chat: chatID, Reason: "it is not in the chat, and no longer in the file"})
	}
	if !r.pace.enter(gen.OperationSendMessageToChat) {
		return errLater
	}
	r.setOwn(row, chatID)
	_, err = r.send(ctx, row, chatID, after)
	return err
}

// send sends a text whose begin is in the journal, and notes where the client vouches that nothing was sent.
func (r *Run) send(ctx context.Context, row *Row, chatID, after int64) (attempts int, err error) {
	var answer wrapper.Response
	err = r.Client.SendMessage(ctx, chatID, row.Text, wrapper.Once(after), wrapper.Capture(&answer))
	r.pace.done(gen.OperationSendMessageToChat, answer)
	if err == nil && answer.Attempts > 0 {
		err = r.end(row, line{What: Sent, Chat: chatID})
	}
	var e *wrapper.Error
	row.unsent = errors.As(err, &e) && e.Outcome != wrapper.Unknown
	return answer.Attempts, err
}

// leave writes at the end of a run which texts that have begun were not sent. Before, they may begin again.
func (r *Run) leave() error {
	for _, row := range slices.Concat(r.Plan.Open, r.Plan.New) {
		if !row.unsent || r.Journal.entry(row.Key).last.What != begun {
			continue
		}
		if err := r.end(row, line{What: Left, Todo: again}); err != nil {
			return err
		}
	}
	return nil
}

// judge says what an error of a row means for it and for the run. What ends the run comes back.
func (r *Run) judge(row *Row, chatID int64, err error) error {
	var e *wrapper.Error
	if !errors.As(err, &e) {
		if err == nil {
			r.pace.works()
		}
		return err
	}
	if isBehind(e, row) && row.behind < behindTries {
		row.behind++
		row.notBefore = time.Now().Add(readsBehind)
		return errLater
	}
	switch e.Advice() {
	case wrapper.Stop:
		return err
	case wrapper.Look:
		r.leaveOpen(row)
		return nil
	case wrapper.GiveUp:
		r.pace.works()
		todo := again
		if errors.Is(err, wrapper.ErrNotFound) {
			todo = "look at the number"
		}
		return r.end(row, line{What: Failed, Chat: chatID, Reason: e.Error(), Todo: todo})
	}
	if r.pace.later(e) {
		return ErrOutage
	}
	return errLater
}

// isBehind tells the 404 of a read that does not know a chat yet from that of a number that is wrong.
func isBehind(e *wrapper.Error, row *Row) bool {
	return e.Operation == gen.OperationGetChatHistory && errors.Is(e, wrapper.ErrNotFound) && row.Kind != Chat &&
		e.Advice() == wrapper.GiveUp
}

// end writes how a row has ended.
func (r *Run) end(row *Row, l line) error {
	l.Key, l.Kind, l.ID = row.Key, row.Kind, row.ID
	return r.Journal.write(l)
}

// leaveOpen has a row looked at once more at the end of the run.
func (r *Run) leaveOpen(row *Row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open = append(r.open, row)
}

// takeOpen gives the rows that are to be looked at once more. They are not at their end.
func (r *Run) takeOpen() (rows []*Row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rows, r.open = r.open, nil
	r.ended -= len(rows)
	return rows
}

func ownKey(chatID int64, text string) string { return fmt.Sprint(chatID, " ", sametext.Fold(text)) }

// setOwn notes that this run sends a text into a chat.
func (r *Run) setOwn(row *Row, chatID int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.own[ownKey(chatID, row.Text)] = true
}

func (r *Run) isOwn(row *Row, chatID int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.own[ownKey(chatID, row.Text)]
}

// standing gives the last message of the shop with a text; nil: there is none.
func standing(messages []gen.ChatMessageDTO, text string) (last *gen.ChatMessageDTO) {
	for i, m := range messages {
		if isShops(m) && sametext.Fold(*m.Message) == sametext.Fold(text) {
			last = &messages[i]
		}
	}
	return last
}

// isShops tells that a message is a text that the shop may have written.
func isShops(m gen.ChatMessageDTO) bool {
	return m.Message != nil && (m.Sender == gen.ChatMessageSenderTypePartner || !m.Sender.Valid())
}

// hasOther tells whether the shop has written a text that is of no row.
func (r *Run) hasOther(messages []gen.ChatMessageDTO, row *Row, chatID int64) bool {
	known := map[string]bool{}
	for _, rows := range [][]*Row{r.Plan.New, r.Plan.Open, r.Plan.Done} {
		for _, other := range rows {
			if other.About() == row.About() {
				known[sametext.Fold(other.Text)] = true
			}
		}
	}
	for _, text := range r.Journal.textsOf(chatID) {
		known[sametext.Fold(text)] = true
	}
	for _, m := range messages {
		if isShops(m) && !known[sametext.Fold(*m.Message)] {
			return true
		}
	}
	return false
}
