// Package wrapper talks to the buyers of a shop on Yandex Market: it starts a chat about an order or a return, sends
// a message or a file, lists chats, and reads what the buyer wrote.
//
//	client, err := wrapper.New(businessID, wrapper.APIKey(os.Getenv("YM_API_KEY")))
//	chat, err := client.CreateChat(ctx, wrapper.Order(orderID))
//	err = client.SendMessage(ctx, chat.ChatID, "Your order is on its way.")
//	read, err := client.Messages(ctx, chat.ChatID, 0)
//
// businessID is the number of the seller's cabinet, to which the key belongs; a cabinet has one or more shops. The
// README says where both are found.
//
// It is a thin layer over the client in gen, which is generated from openapi.yaml. It adds what a program needs to
// use that in production: the header that authorizes, validation before anything is sent, retries, limits on time and
// size, and errors that keep what the API said.
//
// # What happened, what the client does
//
//	what happened                              reads, createChat  sends                pause      error, if the call ends
//	the request breaks the contract            not sent           not sent             -          ErrInvalidRequest
//	Auth returns an error                      not sent           not sent             -          that of Auth
//	the Limiter refuses                        not sent           not sent             -          that of the Limiter
//	the context ends before anything is sent   not sent           not sent             -          the context's
//	420, quota back within MaxDelay            repeat             repeat               window     ErrRateLimited
//	420, quota back later                      stop               stop                 -          ErrRateLimited, RetryAt
//	420, quota back at an unknown time         stop               stop                 -          ErrRateLimited
//	420, too many at once                      repeat             repeat               backoff    ErrRateLimited
//	500, the Market says                       repeat             look, repeat         3 s        ErrServer
//	any other 5xx, 408, 499                    repeat             look, repeat         13 s       that of its status
//	never left this machine                    repeat             repeat               backoff    the network's
//	left, no answer                            repeat             look, repeat         13 s       the network's
//	a file is cut off on its way               -                  repeat               backoff    the network's
//	2xx whose body ends too early              repeat             look, stop           13 s       ErrInvalidResponse
//	other 4xx                                  stop               stop                 -          that of its status
//	other 2xx                                  stop               look, stop, unknown  13 s       ErrInvalidResponse
//	3xx                                        stop               stop                 -          ErrInvalidResponse
//	200, status ERROR, or errors without OK    stop               stop                 -          the API's codes
//	200, empty body                            stop               sent                 -          ErrInvalidResponse
//	200, status OK and no errors               result             sent                 -          -
//	200, no errors, status not OK              result             look, stop           13 s       ErrInvalidResponse
//	200, anything else                         stop               look, stop           13 s       ErrInvalidResponse
//	attempts are used up, one in doubt         -                  look, stop           3 or 13 s  the last one
//	the next pause would outlast the deadline  stop               stop, maybe unknown  -          the last one
//	the caller's context ends                  stop               stop, maybe unknown  -          the context's, the last
//
// "The Market says" means a 500 in the Market's own form: a JSON object with status ERROR or with errors in it. Any
// other 5xx, and a 500 in any other form, comes from something between the client and the Market, and does not show
// what the Market is doing.
//
// The reads are getChat, getChats, getChatHistory and getChatMessage; they and createChat can be repeated without harm.
// A call is tried 4 times, unless [RetryPolicy] or [Attempts] set another number. The pause called window lasts until
// the quota is back by the Market's own clock, and up to 250 ms more. The pause called backoff is a random part of
// 500 ms, of 1 s, of 2 s, and so on, up to MaxDelay: full jitter. A time stands where the client looks: the first look
// comes after a backoff, the second one at that time.
// Each attempt has 15 s of its own; only the caller's own context makes errors.Is(err, context.DeadlineExceeded) true.
//
// One attempt is one request on the wire, over HTTP/1 and HTTP/2. net/http sends a request again on its own when a
// stream or a connection is lost; the client ends the attempt before that, and goes by the table.
//
// # Messages that may have arrived
//
// The API has no idempotency key, and neither a 500 nor a connection that is cut shows whether the message is in the
// chat. So SendMessage looks: it reads the messages of the chat, and if its text is there, the call succeeds.
//
// It looks twice. The first look comes after the pause, and only finds. The second one comes when absence counts: 3 s
// after the Market's own answer, as reads may be behind, and where the Market has not answered 13 s after the request
// was written, as it may work on it for 10 s. If the text is not there, the message is sent again; if no attempt is
// left, the call fails with Outcome Rejected, and making it again doubles nothing. Where the second look does not fit
// MaxDelay or the deadline, the call ends after the first one, with [ErrOutcomeUnknown] if that has not found it.
//
// The text is there if a message of the shop has the same letters and digits, and was written since the first doubtful
// attempt, or in the 2 s before by the Market's clock. If the shop has written anything else meanwhile that this Client
// has not sent, that may be the message, changed by the Market: the outcome is unknown. A read counts only if it is the
// Market's and fresh: a 200 with Date and without Age, not older than the Market's newest answer to this Client. Of a
// chat no more than 1,000 messages are read, up to the page that has the text, and by the second look from the newest
// one before the send that the first look has seen. A chat that cannot be read leaves the outcome unknown, a 404 as
// well. The text of the error says why.
//
// Sends of one text into one chat by one Client run one after another, and are counted. A call that meets no failure
// reads nothing; one in doubt costs one or two of the 10,000 reads an hour of getChatHistory, more for a chat of more
// than 100 messages of which the Market gives the oldest first. Attempts does not count them.
//
// What remains:
//   - A message arrives twice if the read lags more than 3 s, if the Market stores it later than 10 s after it was
//     sent, if the read is old and this Client has not had an answer of the Market before, or if a proxy writes a
//     Date of its own and its clock is more than 2 s ahead of the Market's. A proxy that is configured to send a POST
//     again does so without the client's knowledge. A proxy's 403 or 404 counts as the Market's.
//   - So it does if the Market's clock is set ahead by more than 2 s during the send, and this Client has not had an
//     answer of the Market before. A clock that is set leaves the outcome unknown otherwise.
//   - An equal text that another process sends, from 4 s before the send until the look, is taken for this one: the
//     buyer sees it once.
//   - Another text or file of another process, and digits that the Market masks, leave the outcome unknown.
//
// An unknown outcome is resolved by the same call with [Once], 13 s later or more. Once, and [Times], read the chat
// first and send nothing that is there: an idempotency key that holds across restarts.
//
// [ResendAlways] repeats without a look: about every message that was stored before its 500 arrives twice.
// [ResendNever] stops at once with ErrOutcomeUnknown.
//
// # Files
//
// All that is said of a message holds for a file of SendFile. It is there if a message of the shop has its name and its
// size; of names letters and digits count. If the shop has sent a file with one of the two, or any other file that this
// Client has not sent, that may be the file, changed by the Market: the outcome is unknown. Nothing in the Market's
// documentation says that it keeps names and sizes.
//
// An attempt has 1 s more than the 15 for each 64 KiB. The second look comes 13 s after the end of the attempt: what
// net/http has written may still be on its way. If the request could not be written to its end, nobody has the whole
// file, and it is sent again without a look. A request of more than 1 MiB says Expect: 100-continue, and our transport
// waits 1 s for the answer to that: a proxy that takes less can refuse it with 413 before the file is on its way.
//
// # Limits
//
// The Market serves 4 requests of a cabinet at once, and 1,000 an hour of most operations. A Client keeps to both, so
// that it hardly ever meets a 420, which would cost quota: see [Limiter]. Several processes that work for one cabinet
// share the limits by the module github.com/ymarket-go/chats/fleet.
//
// # Errors
//
// Every call returns an [*Error] or nil. errors.Is finds its class. errors.As gives all of it: the API's own codes and
// texts, the state of the quota, the number of attempts, and the traceparent that the Market's support asks for.
// [Error.Advice] says what a program does about it:
//
//	var e *wrapper.Error
//	if errors.As(err, &e) {
//		switch e.Advice() {
//		case wrapper.RetryLater: // at e.RetryAt, if it is set
//		case wrapper.GiveUp: // this call never succeeds
//		case wrapper.Stop: // no call succeeds: the key, its scopes or the base URL are wrong
//		case wrapper.Look: // the message may be in the chat: call again with Once, 13 s later
//		}
//	}
//
// No error text, log line, %#v or JSON made by this package holds the token, the message or the buyer's name. A text
// of the API that repeats the message, the token, or a message or a name that the call has read before, in any case,
// spacing or escaping, is shown as "…" beside its code. A text repeats it if it has 16 letters or digits in a row in
// common with it, or all of one that is shorter. A message with fewer than 4 letters or digits may stand in any text
// by chance, and hides nothing.
package wrapper
