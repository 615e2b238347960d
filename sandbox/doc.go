// Package sandbox stands in for the Market in tests: it answers as the Market does, in memory, and fails when a test
// wants it to. The Market itself has no test host.
//
//	market := sandbox.New(sandbox.WithAPIKey("secret"))
//	server := httptest.NewServer(market)
//	market.Script(sandbox.OperationSendMessageToChat, sandbox.Fail(500, "INTERNAL_ERROR", "try later"))
//	…
//	market.Messages(chatID) // what the buyer sees
//	market.Calls()          // every request, with its verdict against the contract
//
// In what follows "the sandbox" is a [Market] of this package, and "the Market" is the vendor's service.
//
// # What it keeps
//
// It holds real state: one chat for each order or return of a cabinet, its messages, its status and the time of the
// last message. A chat is NEW until somebody writes; then it waits for the other side. [Market.Reply] plays the buyer,
// [Market.Direct] and [Market.Ask] a buyer who begins a chat, which is NEW with the first message in it. [Market.Write]
// plays the Market and its support, too. Chats have ids from 7000001 on, unless [WithFirstID] says otherwise, and no id
// is given twice, after [Market.Reset] either.
//
// getChats gives the chat in which something happened last first, getChatHistory the newest message; pages move as
// chats do. [WithOldestFirst], [WithShuffle], [WithPageSize] and [WithTokenLife] try what the Market leaves open.
//
// # What it answers
//
// Every request is checked against the contract, and answered with the Market's codes, texts and headers. The quota of
// each operation of a cabinet counts down in windows that end on the full hour of the sandbox's clock; 5xx and
// connections that were cut cost nothing, everything else does. More than 4 requests of a cabinet at once get 420. Both
// forms of path work, with /v2 and without. Each connection is closed after its answer, unless [WithKeepAlive]
// keeps it.
//
// A 400 cites the value that was refused, as the Market's does: "'message' size must be between '1' and '4096'
// (rejected value: …)". A program that logs the API's texts is caught by a test that looks for the buyer's text in
// its log. What [Call] and the log of ymchats sandbox have of a request has no values. The page shows bodies, without
// the key.
//
// # Faults
//
// A [Fault] replaces the answer to a request, changes it or breaks it; [Market.Script] and [Market.Every] say which
// requests meet which. It comes before the check of the key, the limits and the contract. Faults compose:
//
//	market.Every(sandbox.OperationSendMessageToChat, sandbox.Sometimes(0.3, 1, sandbox.CommitThen(sandbox.Abort())))
//
// What stands between a shop and the Market has faults, too: [Proxy], [Cached] and [Lagging], and, on connections that
// [HTTP2] serves, [ResetStream] and [GoAway]. [Changed] stores a message with another text, and [CloseSilently] closes
// a connection that seems kept. A fault that cannot act on an operation is refused when it is set.
//
// # Notifications
//
// [Market.Notify] posts notifications to a shop, as the Market does: a PING, then each new chat, each message and each
// dispute, in order, and again until it is taken. [Market.Deliveries] lists what the shop answered, with its verdict
// against the contract. After 14 days in which a notification was not taken the shop's notifications are off:
// [Market.NotificationsOff] tells since when, [Market.SwitchNotificationsOn] switches them on again. [Market.Direct]
// begins a chat as a buyer, [Market.StartDispute] asks the Market to decide.
//
// # Time
//
// The sandbox goes by the clock of this machine, or by the one of [WithClock]; [Market.Advance] moves it. A test that
// counts on what is left of a quota needs a clock of its own, as an hour may end in the middle of it. A wrapper.Client
// waits 3 s after a 500, and 13 s after a lost answer, before it repeats a message. [Market.RoundTripper] is the
// sandbox without a socket, for tests on the virtual time of testing/synctest, where that takes no real time.
//
// # Tests in other languages
//
// [Market.Site] is the sandbox and its [Market.Control], by JSON over HTTP, with a page for people; ymchats sandbox
// serves it. Control answers requests that name the machine by localhost or a loopback address; [WithHost] adds names.
//
// # The page
//
// Under /_sandbox/ there is a page for people. Its top tells the time, the violations in all calls, the quotas and the
// faults that are set. Below stand the chats, as a messenger shows them; the calls, a row each, with the fault that
// acted on it, both bodies and a curl command that makes it once more; and the notifications, a row each with all
// attempts. A chosen chat narrows all three. Forms let a buyer write and open a dispute, add and remove faults, move
// the clock and reset. The page works without a script; a page of another address cannot press its buttons.
//
// # What it remembers
//
// At most 256 MiB of chats and messages, of which it forgets none: when they are used up, createChat, sendMessageToChat
// and sendFileToChat answer 500 with the code SANDBOX_FULL, until [Market.Reset]. Of the rest it forgets the oldest: of
// calls beyond 256 MiB, about a million; of deliveries beyond 64 MiB, about 150,000; of contents of files beyond 64
// MiB; of windows of quotas beyond 16 MiB, about 100,000 in an hour, those that were not used for longest. For the page
// it keeps the bodies of the newest calls: 32 KiB of each, 32 MiB in all. Faults that came by HTTP and wait for their
// requests have 64 MiB. What a request costs does not depend on how much is remembered.
//
// # How true it is
//
// Nothing here was checked against the live service: it behaves as the public documentation says, and where that is
// silent, as a careful client should expect.
package sandbox
