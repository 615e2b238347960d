// Package inbox gives a program what buyers write into the chats of a cabinet: each message at least once, in the order
// of its chat, and lets it answer each once.
//
//	box, err := inbox.New(client, store, func(ctx context.Context, m *inbox.Message) error {
//		return m.Reply(ctx, "We have got your message and answer within a day.")
//	})
//	…
//	handler, err := notify.New("my-shop/1.0", notify.Direct(), notify.Events{MessageSent: box.Notified})
//	…
//	err = box.Run(ctx)
//
// An Inbox hears of messages by notifications, and by listing the chats that wait for the shop every 5 min. It works
// with either alone. What a program has to do is in its Handler; what is kept of the chats is in a Store.
//
// # What it promises
//
// A message of a buyer is handed over at least once if a notification named it and Notified returned nil, or if its
// chat was listed as one that waits. That holds through crashes of the process, failures of the Market and the Store,
// and reads that are up to 5 s behind. It is handed over again until the Handler has returned nil and the Store has
// saved that. The messages of a chat are handed over one after another, in their order: one that fails holds up its
// chat, and no other.
//
// Message.Reply sends each answer once, however often the message is handed over. Where the message was handed over
// before, it remembers what this process has sent, and reads the chat for what it does not know.
//
// In a chat that the Store does not know, nothing is handed over that is older than the last message of the shop, than
// a message that a notification named before that, or than WithSince: 7 days before Run. A program that is started for
// the first time does not answer what people have answered.
//
// # What it does not promise
//
// Exactly once, for what a Handler does beside Reply: it may be called again after it has done its work. Give the work
// a key, as (ChatID, MessageID) of a table.
//
// Two processes at once. There is one Run for each cabinet, wherever it runs; two of them with one Store double
// answers, and so does a deploy that starts the new process before the old one has ended. Take a lock first, one that
// ends with the process, and keep it until Run has returned: in PostgreSQL pg_advisory_lock on a connection that is
// kept (sql.DB.Conn), in MySQL GET_LOCK, with SQLite a database file of its own with locking_mode(EXCLUSIVE) and
// BEGIN EXCLUSIVE. Notified may be called before Run, and after it: a process that waits for the lock writes down what
// it hears, and handles what is not handled by then once it runs.
//
// Answers that differ each time, as a language model gives them: the text that is sent once is the text that is given
// to Reply, and another text is another message. Store the text under the MessageID before Reply, and use it if the
// message comes again. The Example of Message.Reply does so.
//
// Equal answers and a kill: if a process is killed between equal answers to two messages, or between the first and the
// second of two equal answers to one, one of them may be missing.
//
// What others answered: a chat that a person answered in the cabinet does not wait any more, and what stood there
// before is handed over only if a notification named it. Message.Answered tells of later messages of the shop. Chats
// in which a dispute waits for the arbiter are not listed; of messages in them only notifications tell.
//
// Anything about reads that are more than 5 s behind, and about a Store that forgets. With Memory, what was written
// while no process ran is handed over if its chat waits.
//
// # Failures
//
// After an error of the Handler, a panic, or a failure of the Market or the Store, a chat rests 1 s, then twice as long
// each time, up to 5 min; never less than until RetryAt, and never less than 13 s where it is unknown whether an answer
// arrived. Each failure is a line of the log, which never shows a text or a name: of a Handler's error it has the type,
// of a panic the type and the stack. An invalid key is a failure like others: Run goes on and logs it.
//
// A Save that fails is made again before anything else happens in its chat, without the Handler.
//
// A message that a notification has named, and that six reads within a minute do not show, is given up with a line of
// the log; its chat is read once more after WithInterval, and whenever it is listed.
//
// # What it costs
//
// An answer costs about two reads of getChatHistory, one of which may be shared with the next message, and a send; a
// third read after a crash. While nothing is written, there are 12 calls of getChats an hour, and more for more than 20
// chats that wait: the next list comes so much later that a tenth of the quota is used. A chat that waits and has been
// read is not read again.
//
// Two Saves go with each message, and one with each chat that becomes quiet. Memory is in proportion to the chats in
// which something happens, and to those that wait.
package inbox
