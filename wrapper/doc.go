// Package wrapper talks to the buyers of a shop on Yandex Market: it starts a chat about an order or a return, sends a
// message, and reads a chat.
//
//	client, err := wrapper.New(businessID, wrapper.APIKey(os.Getenv("YM_API_KEY")))
//	chat, err := client.CreateChat(ctx, wrapper.Order(orderID))
//	err = client.SendMessage(ctx, chat.ChatID, "Your order is on its way.")
//
// It is a thin layer over the client in gen, which is generated from openapi.yaml. It adds what a program needs to use
// that in production: the header that authorizes, validation before anything is sent, retries, limits on
// time and size, and errors that keep what the API said.
//
// # What happened, what the client does
//
//	what happened                              getChat, createChat  sendMessage                pause    error, if the call ends
//	the request breaks the contract            not sent             not sent                   -        ErrInvalidRequest
//	Auth returns an error                      not sent             not sent                   -        that of Auth
//	the Limiter refuses                        not sent             not sent                   -        that of the Limiter
//	420, quota back within MaxDelay            repeat               repeat                     window   ErrRateLimited
//	420, quota back later                      stop                 stop                       -        ErrRateLimited, RetryAt
//	420, too many at once                      repeat               repeat                     backoff  ErrRateLimited
//	500 and above                              repeat               check, repeat              backoff  ErrServer
//	never left this machine                    repeat               repeat                     backoff  the network's
//	left, no answer                            repeat               check, repeat              backoff  the network's
//	2xx whose body breaks off                  repeat               stop, unknown              backoff  ErrInvalidResponse
//	other 4xx                                  stop                 stop                       -        that of its status
//	other 2xx                                  stop                 stop, unknown              -        ErrInvalidResponse
//	3xx                                        stop                 stop                       -        ErrInvalidResponse
//	200 with status ERROR                      stop                 stop                       -        the API's codes
//	200, empty body                            stop                 sent                       -        ErrInvalidResponse
//	200, not the promised JSON                 stop                 stop, unknown              -        ErrInvalidResponse
//	the next pause would outlast the deadline  stop                 stop, unknown if in doubt  -        the last one
//	the caller's context ends                  stop                 stop, unknown if in doubt  -        the context's, and the last one
//
// A call is tried 4 times, unless [RetryPolicy] or [Attempts] say otherwise. The pause called window lasts until the quota
// is back by the Market's own clock, and up to 250 ms more. The one called backoff is a random part of 500 ms, of 1 s, of
// 2 s, and so on: full jitter, up to MaxDelay. Each attempt has 15 s of its own; only the caller's own context makes
// errors.Is(err, context.DeadlineExceeded) true.
//
// # Messages that may arrive twice
//
// The API knows no idempotency key, and a 500, or a connection that is cut, does not tell whether the message is in the
// chat. That is what check stands for: after the pause SendMessage reads the chat, and repeats only if nobody has written
// into it since the doubtful attempt began, or if there is no such chat. It goes by the Market's clock: the Date of that
// answer and the chat's UpdatedAt must be further apart than the time that has passed, and 2 s more. Everything else ends
// the call with [ErrOutcomeUnknown]: read the chat before sending again. Nothing is read as long as nothing goes wrong.
//
// Two things remain. A message that somebody else wrote in the 2 to 3 s before the send makes a doubtful send unknown.
// And a message that the Market stores only after the chat was read arrives twice.
//
// [ResendAlways] repeats without the check: about every message that was stored before its 500 arrives twice.
// [ResendNever] stops at once with ErrOutcomeUnknown.
//
// # Limits
//
// The Market serves 4 requests of a cabinet at once, and 1,000 an hour of each operation. A Client keeps to both, so that
// it hardly ever meets a 420, which would cost quota: see [Limiter].
//
// # Errors
//
// Every call returns an [*Error] or nil. errors.Is tells its class, errors.As gives the whole of it: the API's own codes
// and texts, the state of the quota, the number of attempts, and the traceparent that the Market's support asks for.
//
//	var e *wrapper.Error
//	switch {
//	case errors.Is(err, wrapper.ErrOutcomeUnknown): // first: another class may be true as well
//	case errors.Is(err, wrapper.ErrRateLimited) && errors.As(err, &e): // come back at e.RetryAt
//	}
//
// No error text, log line, %#v or JSON made by this package holds the token, the message or the buyer's name.
package wrapper
