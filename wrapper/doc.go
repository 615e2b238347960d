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
//	what happened                            getChat, createChat     sendMessage            pause before the next attempt
//	request fails the contract               not sent                not sent               (ErrInvalidRequest)
//	420, quota used up, end within           repeat                  repeat                 until the window ends by the
//	  MaxDelay and the deadline                                                             server's clock, up to 250 ms more
//	420, quota used up, end further away     stop, ErrRateLimited    stop, the same         (RetryAt tells when)
//	420, too many at once                    repeat                  repeat                 random, from BaseDelay
//	500 and above                            repeat                  repeat: see below      random, from BaseDelay
//	never left this machine                  repeat                  repeat                 random, from BaseDelay
//	left, no answer                          repeat                  stop, Unknown          random, from BaseDelay
//	2xx whose body breaks off                repeat                  stop, Unknown          random, from BaseDelay
//	other 4xx                                stop                    stop
//	any other 2xx                            stop                    stop, Unknown          (ErrInvalidResponse)
//	3xx                                      stop, not followed      stop, not followed     (ErrInvalidResponse)
//	200 with status ERROR                    stop                    stop                   (the API's codes)
//	200, empty body                          stop                    sent                   (ErrInvalidResponse)
//	200, not the promised JSON               stop                    stop, Unknown          (ErrInvalidResponse)
//	Auth returns an error                    stop, NotSent           stop, NotSent
//	next pause would outlast the deadline    stop                    stop                   (the last error of the API)
//	the caller's context ends                stop now                stop now               (the context's error, and the API's)
//
// A call is tried 4 times, unless [RetryPolicy] or [Attempts] say otherwise. The pause is a random part of 500 ms, of
// 1 s, of 2 s, and so on: full jitter, up to MaxDelay. Each attempt has 15 s of its own; only the caller's own context
// makes errors.Is(err, context.DeadlineExceeded) true.
//
// # Messages that may arrive twice
//
// The API knows no idempotency key, and a 500 does not tell whether the message is in the chat. SendMessage repeats it
// all the same, so a buyer may see a text twice; Attempts(1) rules that out. When no answer came, SendMessage does not
// repeat. Whenever a failed send may have arrived, the error is [ErrOutcomeUnknown]: read the chat, whose UpdatedAt is
// the time of its last message, before sending again.
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
