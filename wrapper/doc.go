// Package wrapper talks to the buyers of a shop on Yandex Market: it starts a chat about an order or a return, sends
// a message, and reads a chat.
//
//	client, err := wrapper.New(businessID, wrapper.APIKey(os.Getenv("YM_API_KEY")))
//	chat, err := client.CreateChat(ctx, wrapper.Order(orderID))
//	err = client.SendMessage(ctx, chat.ChatID, "Your order is on its way.")
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
//	what happened                              getChat, createChat  sendMessage          pause    error, if the call ends
//	the request breaks the contract            not sent             not sent             -        ErrInvalidRequest
//	Auth returns an error                      not sent             not sent             -        that of Auth
//	the Limiter refuses                        not sent             not sent             -        that of the Limiter
//	the context ends before anything is sent   not sent             not sent             -        the context's
//	420, quota back within MaxDelay            repeat               repeat               window   ErrRateLimited
//	420, quota back later                      stop                 stop                 -        ErrRateLimited, RetryAt
//	420, quota back at an unknown time         stop                 stop                 -        ErrRateLimited
//	420, too many at once                      repeat               repeat               backoff  ErrRateLimited
//	500, the Market says                       repeat               check, repeat        backoff  ErrServer
//	any other 5xx, 408, 499                    repeat               check, repeat        long     that of its status
//	never left this machine                    repeat               repeat               backoff  the network's
//	left, no answer                            repeat               check, repeat        long     the network's
//	2xx whose body ends too early              repeat               stop, unknown        backoff  ErrInvalidResponse
//	other 4xx                                  stop                 stop                 -        that of its status
//	other 2xx                                  stop                 stop, unknown        -        ErrInvalidResponse
//	3xx                                        stop                 stop                 -        ErrInvalidResponse
//	200, status ERROR, or errors without OK    stop                 stop                 -        the API's codes
//	200, empty body                            stop                 sent                 -        ErrInvalidResponse
//	200, status OK and no errors               result               sent                 -        -
//	200, no errors, status not OK              result               stop, unknown        -        ErrInvalidResponse
//	200, anything else                         stop                 stop, unknown        -        ErrInvalidResponse
//	the next pause would outlast the deadline  stop                 stop, maybe unknown  -        the last one
//	the caller's context ends                  stop                 stop, maybe unknown  -        the context's, the last
//
// "The Market says" means a 500 in the Market's own form: a JSON object with status ERROR or with errors in it. Any
// other 5xx, and a 500 in any other form, comes from something between the client and the Market, and does not show
// what the Market is doing.
//
// A call is tried 4 times, unless [RetryPolicy] or [Attempts] set another number. The pause called window lasts until
// the quota is back by the Market's own clock, and up to 250 ms more. The pause called backoff is a random part of
// 500 ms, of 1 s, of 2 s, and so on, up to MaxDelay: full jitter. The pause called long is the same, but a check waits
// until the Market's own 10 s are over. Each attempt has 15 s of its own; only the caller's own context makes
// errors.Is(err, context.DeadlineExceeded) true.
//
// Never left this machine: no connection came about, or a middleware failed by itself, and nobody has read the body of
// the request. An answer is worth more than that: one that a fallback of the transport or a cache brought is judged by
// its status.
//
// One attempt is one request on the wire, over HTTP/1 and HTTP/2. net/http sends a request again on its own when a
// stream or a connection is lost; the client ends the attempt before that, and goes by the table.
//
// # Messages that may arrive twice
//
// The API has no idempotency key, and neither a 500 nor a connection that is cut shows whether the message is in the
// chat. That is why SendMessage checks: after the pause it reads the chat, and repeats only if the chat has not been
// written into since the doubtful attempt began.
//
// The check goes by the Market's clock: the Date of the answer and the chat's UpdatedAt must be further apart than the
// time that has passed since the attempt began, and 2 s more, as both may be cut to whole seconds and the Market's
// machines may differ. The answer must be the Market's and fresh: a 200 about this chat, without the header Age of
// caches, and not older than the newest answer of the Market that this Client accepted. A 404 proves nothing, as proxies answer
// 404, too. Everything else ends the call with [ErrOutcomeUnknown], and the text of the error says why: read the chat
// before sending again.
//
// Where the Market itself has not answered, it may still be working on the message: it gives up after 10 s. So the
// check comes no earlier than 10 s after the request has left, and where that does not fit MaxDelay or the deadline,
// the call ends at once with ErrOutcomeUnknown. A call that meets no failure reads nothing.
//
// What remains: a message that was written into the chat in the 2 to 3 s before the send, or a chat that was made
// then, makes a doubtful send unknown. A message arrives twice if the Market stores it later than 10 s after it was
// sent, or if the chat is read from a source that lags behind: a machine of the Market, or a cache that hides its age
// and whose answer this Client has not had before. A proxy that is configured to send a POST again does so without the
// client's knowledge. A proxy's 403 or 404 counts as the Market's.
//
// [ResendAlways] repeats without the check: about every message that was stored before its 500 arrives twice.
// [ResendNever] stops at once with ErrOutcomeUnknown.
//
// # Limits
//
// The Market serves 4 requests of a cabinet at once, and 1,000 an hour of each operation. A Client keeps to both, so
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
//		case wrapper.Look: // the message may be in the chat
//		}
//	}
//
// No error text, log line, %#v or JSON made by this package holds the token, the message or the buyer's name. A text
// of the API that repeats the message or the token, in any spelling or escaping, is shown as "…" beside its code. A
// text repeats it if it has 16 letters or digits in a row in common with it, or all of one that is shorter. A message
// with fewer than 4 letters or digits may stand in any text by chance, and hides nothing.
package wrapper
