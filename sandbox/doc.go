// Package sandbox is an in-memory Market for the tests of those who talk to the real one, which offers no test host.
//
//	market := sandbox.New(sandbox.WithAPIKey("secret"))
//	server := httptest.NewServer(market)
//	market.Script("sendMessageToChat", sandbox.Fail(500, "INTERNAL_ERROR", "try later"))
//	…
//	market.Messages(chatID) // what the buyer sees
//	market.Calls()          // every request, with its verdict against the contract
//
// It holds real state: one chat for each order or return of a cabinet, its messages, its status and the time of the last
// message; Reply plays the buyer. Every request is checked against the contract. It answers with the Market's codes, texts
// and headers: the quota of each operation counts down in windows that end on the full hour of its clock, 2xx and 4xx use
// it up and 5xx do not; more than 4 requests of a cabinet at once get 420. Both forms of path are known, with /v2 and
// without. Unlike the Market it keeps connections open: see CloseAfter.
//
// A [Fault] replaces the answer to a request, changes it or breaks it; Script and Every say which requests meet which.
// RoundTripper is the same Market without a socket, for tests on the virtual time of testing/synctest.
//
// Nothing here was checked against the live service: it behaves as the public documentation says, and where that is
// silent, as a careful client should expect.
package sandbox
