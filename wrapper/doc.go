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
// other 5xx, and a 500 in any other form, comes from somebody in between, and tells nothing of what the Market is
// doing.
//
// A call is tried 4 times, unless [RetryPolicy] or [Attempts] say otherwise. The pause called window lasts until the
// quota is back by the Market's own clock, and up to 250 ms more. The one called backoff is a random part of 500 ms,
// of 1 s, of 2 s, and so on: full jitter, up to MaxDelay. The one called long is the same, but a check waits for the
// Market's own 10 s to be over. Each attempt has 15 s of its own; only the caller's own context makes errors.Is(err,
// context.DeadlineExceeded) true.
//
// One attempt is one request on the wire, over HTTP/1 and HTTP/2. net/http sends a request again on its own when a
// stream or a connection is lost; the client ends the attempt before that, and goes by the table.
//
// # Messages that may arrive twice
//
// The API knows no idempotency key, and a 500, or a connection that is cut, does not tell whether the message is in
// the chat. That is what check stands for: after the pause SendMessage reads the chat, and repeats only if nobody has
// written into it since the doubtful attempt began.
//
// It goes by the Market's clock: the Date of that answer and the chat's UpdatedAt must be further apart than the time
// that has passed since, and 2 s more, as both may be cut to whole seconds and the Market's machines may differ. The
// answer must be the Market's and fresh: a 200 about this chat, without the header Age of caches, and not older than
// what the Market has told this Client before. A 404 proves nothing, as proxies say 404, too. Everything else ends
// the call with [ErrOutcomeUnknown], whose text says which of these it was: read the chat before sending again.
//
// Where the Market itself has not answered, it may be at the message still: it gives up after 10 s. So the check
// comes no earlier than 10 s after the request has left, and where that does not fit MaxDelay or the deadline, the
// call ends at once with ErrOutcomeUnknown. Nothing is read as long as nothing goes wrong.
//
// What remains: a message that somebody else wrote in the 2 to 3 s before the send, or a chat that was made then, makes
// a doubtful send unknown. A message arrives twice if the Market stores it later than 10 s after it was sent, or if the
// chat is read from something that lags behind: a machine of the Market, or a cache that hides its age and whose answer
// this Client has not had before. A proxy that sends a POST twice on its own, because it was told to, does so behind
// the client's back. A proxy's 403 or 404 is taken for the Market's.
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
// Every call returns an [*Error] or nil. errors.Is tells its class, errors.As gives the whole of it: the API's own
// codes and texts, the state of the quota, the number of attempts, and the traceparent that the Market's support asks
// for.
//
//	var e *wrapper.Error
//	switch {
//	case errors.Is(err, wrapper.ErrOutcomeUnknown): // first: another class may be true as well
//	case errors.Is(err, wrapper.ErrRateLimited) && errors.As(err, &e): // come back at e.RetryAt
//	}
//
// No error text, log line, %#v or JSON made by this package holds the token, the message or the buyer's name. A text
// of the API that repeats the message or the token, however it is written, is shown as "…" beside its code: one that
// has 16 letters or digits in a row in common with it, or all of one that is shorter. Of a message with fewer than 4
// letters or digits nothing can be told from chance, and nothing is hidden.
package wrapper
