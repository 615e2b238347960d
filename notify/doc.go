// Package notify takes the notifications that the Market posts to a shop: a buyer has started a chat, or written into
// one. A notification names the chat and the message, and does not have the text: wrapper's GetMessage reads it.
//
//	handler, err := notify.New("my-shop/1.4.0", notify.Direct(), notify.Events{
//		MessageSent: func(ctx context.Context, n notify.ChatMessageSentNotificationDTO) error {
//			return store(ctx, n.ChatID, n.MessageID) // a worker does the rest
//		},
//	})
//	http.Handle("/market", handler)
//	http.Handle("/market/notification", handler)
//
// # Before you begin
//
//   - Write the event down and return. The Market is the queue: what failed comes again, and until it is answered well,
//     nothing else comes. A slow function keeps everything else from the shop.
//   - [Events].MessageSent may tell of the shop's own messages. A reply that goes out without a look at the message
//     answers itself without end. Read the message first: reply only to one of the buyer's.
//   - There is no signature. Whoever gets past the check of the address can invent events: take from them what is worth
//     asking about, and act on what the API says.
//   - Answer at the address that you enter in the cabinet, and at the same with /notification behind it: the Market is
//     said to add that.
//
// # What came, and what is answered
//
//	what came                                           answer
//	PING                                                200 at once; no function is called
//	an event whose function returned nil                200
//	an event that no function is set for                200
//	an event of a type that is not known                200, after Other
//	an event that Seen knows                            200; no function is called
//	an event while an equal one is in work              what that one gets, if it is 200; otherwise its own
//	a function that failed, panicked or took too long   500: the Market repeats it
//	Seen failed                                         500
//	an event whose ids are missing or cannot be read    200, after Other
//	a body that broke off, or took more than 9 s        500
//	no JSON object, no type, more than 1 MiB            400: the Market does not repeat it
//	a sender that Source refuses                        403
//	a Source that panicked                              500
//	another method than POST                            405
//
// As 400 is final, it is given for nonsense alone: ids are read as integers, as 7.0 and as texts; times with an offset
// of any form, without seconds, or not at all, which makes them zero; a byte order mark and gzip are taken off. The
// Content-Type of a notification is not looked at. The rest of the body may hold anything.
//
// A function has 9 s: then its context ends. One that pays no heed to that gets 750 ms more, and is answered for with
// 500; it runs on, and the same event is not handed to another call meanwhile.
//
// Every answer is JSON in the form of the contract, [github.com/ymarket-go/chats.NotificationsSpec]. It never holds the
// text of a function's error.
//
// # Mounting it
//
// TLS, certificates and the address are the shop's server's. The handler bounds the time to read a body, by
// [http.ResponseController], where the server allows that; the time to read the headers is the server's:
// [http.Server].ReadHeaderTimeout.
//
// # What is not promised
//
// Nothing here was checked against the live service. It is not documented whether the shop's own messages are told,
// whether the Market waits with one chat's events or with all, or what it does on 403. Events may come twice, in any
// order, and up to 14 days late. Stickers are not told. What was missed while notifications were switched off does not
// come again.
package notify
