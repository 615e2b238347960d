package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// The states that a row ends in, by what the Market says to its message.
func TestStates(t *testing.T) {
	for name, test := range map[string]struct {
		message string
		fault   sandbox.Fault
		state   string
		error   string
		arrived int
		took    time.Duration // at least
	}{
		"all is well":               {"Hello!", nil, "sent", "", 1, 0},
		"fails once":                {"Hello!", sandbox.Fail(500, "INTERNAL_ERROR", "try later"), "sent", "", 1, 0},
		"fails and has it":          {"Hello!", sandbox.CommitThen(sandbox.Fail(500, "INTERNAL_ERROR", "try later")), "sent", "", 1, 0},
		"cuts the connection":       {"Hello!", sandbox.Abort(), "sent", "", 1, 0},
		"the quota comes back soon": {"Hello!", sandbox.QuotaUsedUp(2 * time.Second), "sent", "", 1, 2 * time.Second},
		"the quota comes back late": {"Hello!", sandbox.QuotaUsedUp(20 * time.Minute), "sent", "", 1, 20 * time.Minute},
		"refuses the message":       {"Hello!", sandbox.Fail(400, "BAD_REQUEST", "not like this"), "failed", "not like this", 0, 0},
		"refuses it with a 200":     {"Hello!", sandbox.Answer(200, nil, `{"status":"ERROR","errors":[{"code":"CLOSED"}]}`), "failed", "CLOSED", 0, 0},
		"says ERROR and no more":    {"Hello!", sandbox.Answer(200, nil, `{"status":"ERROR"}`), "failed", "200", 0, 0},
		"has no such chat":          {"Hello!", sandbox.Fail(404, "NOT_FOUND", "no chat"), "failed", "no chat", 0, 0},
		"breaks the contract":       {strings.Repeat("x", 4097), nil, "failed", "invalid request", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				market, w := newWorker(t)
				chat := quietChat(t, w.client)
				add(t, w.queue, 1, test.message)
				market.Script(sandbox.OperationSendMessageToChat, test.fault)
				began := time.Now()

				require.NoError(t, w.run(t.Context()))

				row := onlyRow(t, w.queue)
				assert.Equal(t, test.state, row.state)
				assert.Contains(t, row.error, test.error)
				assert.Equal(t, test.error == "", row.error == "", row.error)
				assert.NotContains(t, row.error, test.message)
				assert.Len(t, market.Messages(chat), test.arrived)
				assert.GreaterOrEqual(t, time.Since(began), test.took)
				assert.Less(t, time.Since(began), test.took+time.Minute)
			})
		})
	}
}

func TestUnknownOrderFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, w := newWorker(t, sandbox.WithOrders(2))
		add(t, w.queue, 1, "Hello!")
		require.NoError(t, w.run(t.Context()))
		assert.Equal(t, "failed", onlyRow(t, w.queue).state)
	})
}

// A Market that is broken for longer than a call lasts is asked again, later.
func TestBrokenMarket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market, w := newWorker(t)
		chat := quietChat(t, w.client)
		add(t, w.queue, 1, "Hello!")
		for range 6 {
			market.Script(sandbox.OperationCreateChat, sandbox.Fail(503, "UNAVAILABLE", "try later"))
		}
		market.Script(sandbox.OperationSendMessageToChat, sandbox.Refuse(), sandbox.Refuse(), sandbox.Refuse(), sandbox.Refuse())
		require.NoError(t, w.run(t.Context()))
		assert.Equal(t, "sent", onlyRow(t, w.queue).state)
		assert.Len(t, market.Messages(chat), 1)
	})
}

// A key that is not valid is no reason to give up a message.
func TestWrongKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, w := newWorker(t, sandbox.WithAPIKey("another"))
		add(t, w.queue, 1, "Hello!")
		require.ErrorIs(t, w.run(t.Context()), wrapper.ErrUnauthorized)
		assert.Equal(t, "pending", onlyRow(t, w.queue).state)
	})
}

// Nor is one that cannot be a key, of which the Market hears nothing.
func TestNoKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market, w := newWorker(t)
		var err error
		w.client, err = wrapper.New(12345, wrapper.APIKey(""), wrapper.WithHTTPClient(&http.Client{Transport: market.RoundTripper()}))
		require.NoError(t, err)
		add(t, w.queue, 1, "Hello!")
		require.ErrorContains(t, w.run(t.Context()), "not sent")
		assert.Equal(t, "pending", onlyRow(t, w.queue).state)
		assert.Empty(t, market.Calls())
	})
}

// Nor is a key that may not do this, whichever call it is: the rows stay as they are.
func TestKeyWithoutAccess(t *testing.T) {
	for _, operation := range []string{"createChat", "sendMessageToChat", "getChatHistory"} {
		synctest.Test(t, func(t *testing.T) {
			market, w := newWorker(t)
			chat := quietChat(t, w.client)
			add(t, w.queue, 1, "Hello!")
			market.Script(operation, sandbox.Fail(403, "FORBIDDEN", "no access"))
			require.ErrorIs(t, w.run(t.Context()), wrapper.ErrForbidden)
			assert.Equal(t, "pending", onlyRow(t, w.queue).state)
			require.NoError(t, w.run(t.Context()), "somebody has given it access")
			assert.Equal(t, "sent", onlyRow(t, w.queue).state)
			assert.Len(t, market.Messages(chat), 1)
		})
	}
}

// The updates of an order arrive in their order, even if the first one has to wait.
func TestOrderIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market, w := newWorker(t)
		chat := quietChat(t, w.client)
		add(t, w.queue, 1, "packed")
		add(t, w.queue, 1, "on its way")
		market.Script(sandbox.OperationSendMessageToChat, sandbox.Refuse(), sandbox.Refuse(), sandbox.Refuse(), sandbox.Refuse()) // the first one
		require.NoError(t, w.run(t.Context()))
		messages := market.Messages(chat)
		require.Len(t, messages, 2)
		assert.Equal(t, []string{"packed", "on its way"}, []string{messages[0].Text, messages[1].Text})
	})
}

// What a killed worker has sent may be stored while the next one runs already.
func TestRequestUnderWay(t *testing.T) {
	for name, late := range map[string]time.Duration{"stored at once": 0, "stored after 10 s": 10 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				market, w := newWorker(t)
				_, killed := newWorker(t)
				killed.client = clientOf(t, market)
				chat := quietChat(t, w.client)
				add(t, w.queue, 1, "Hello!")
				market.Script(sandbox.OperationSendMessageToChat, sandbox.Delay(late, nil))
				go func() { _ = killed.client.SendMessage(context.Background(), chat, "Hello!") }()

				require.NoError(t, w.run(t.Context()))

				assert.Equal(t, "sent", onlyRow(t, w.queue).state)
				assert.Len(t, market.Messages(chat), 1)
			})
		})
	}
}

// A text that is due to an order twice is sent twice, and a third time by nobody.
func TestEqualTexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market, w := newWorker(t)
		chat := quietChat(t, w.client)
		for range 2 {
			add(t, w.queue, 1, "Still on its way")
		}
		require.NoError(t, w.run(t.Context()))
		require.NoError(t, w.queue.set(update{id: 2}, "pending", ""))
		require.NoError(t, w.run(t.Context()))
		assert.Equal(t, []string{"sent", "sent"}, states(t, w.queue))
		assert.Len(t, market.Messages(chat), 2)
	})
}

// So are two texts that the client takes for equal.
func TestTextsThatCountAsEqual(t *testing.T) {
	for _, texts := range [][]string{{"Done.", "Done!"}, {"It costs 1,5", "It costs 15"}, {"A&B", "a &amp; b"}, {"👍", " 👍"}} {
		synctest.Test(t, func(t *testing.T) {
			market, w := newWorker(t)
			chat := quietChat(t, w.client)
			for _, text := range texts {
				add(t, w.queue, 1, text)
			}
			require.NoError(t, w.run(t.Context()))
			assert.Equal(t, []string{"sent", "sent"}, states(t, w.queue), texts)
			assert.Len(t, market.Messages(chat), 2, texts)
		})
	}
}

// A chat that cannot be read is tried again later, and nothing is sent into it meanwhile.
func TestUnreadableChat(t *testing.T) {
	for name, fault := range map[string]sandbox.Fault{
		"fails":             sandbox.Fail(500, "INTERNAL_ERROR", "try later"),
		"a proxy's page":    sandbox.Proxy(404, sandbox.ProxyPage(404)),
		"a proxy's refusal": sandbox.Proxy(403, sandbox.ProxyPage(403)),
		"a page with 200":   sandbox.HTML(200),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				market, w := newWorker(t)
				chat := quietChat(t, w.client)
				add(t, w.queue, 1, "packed")
				market.Every("getChatHistory", fault)
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
				defer cancel()
				require.NoError(t, w.run(ctx))
				assert.Equal(t, []string{"pending"}, states(t, w.queue))
				assert.Empty(t, market.Messages(chat))
				market.Every("getChatHistory", nil)
				require.NoError(t, w.run(t.Context()))
				assert.Equal(t, []string{"sent"}, states(t, w.queue))
			})
		})
	}
}

// A list is brought in whole or not at all, and once.
func TestList(t *testing.T) {
	_, w := newWorker(t)
	path := filepath.Join(t.TempDir(), "rows.csv")
	load := func(content string) error {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return w.queue.load(path)
	}
	require.Error(t, w.queue.load(path), "there is no file yet")
	for content, says := range map[string]string{
		"1,Hello!\nx,Hello!\n":     "rows.csv: row 2: the order is not a number of 1 and above in digits",
		"1,Hello!\n0,Hello!\n":     "rows.csv: row 2: the order is not a number",
		"1,Hello!\n1E+11,Hello!\n": "rows.csv: row 2: the order is not a number",
		"1,Hello!\n1,\n":           "rows.csv: row 2: invalid request: message has 0 characters, allowed is 1 to 4096",
		"1,Hello!\n1;Hello!\n":     "rows.csv: record on line 2: wrong number of fields; a row is order,text",
		"1,Hello!\nHello!,1\n":     "rows.csv: row 2: the order is not a number",
		"1,Hello!\n1,\"Hello!\n":   "rows.csv: parse error on line 2",
	} {
		err := load(content)
		require.ErrorContains(t, err, says)
		assert.NotContains(t, err.Error(), "Hello")
		assert.Empty(t, rowsOf(t, w.queue))
	}
	for range 2 {
		require.NoError(t, load("\ufeff1,Hello!\n2,\"Hello, you!\"\n1,Hello!\n"))
		assert.Equal(t, []row{{1, "Hello!", "pending", ""}, {2, "Hello, you!", "pending", ""}, {1, "Hello!", "pending", ""}},
			rowsOf(t, w.queue))
	}
	require.NoError(t, load("1,Hello!\n"), "another list")
	assert.Len(t, rowsOf(t, w.queue), 4)
}

// A page of a proxy condemns no order, whatever its status.
func TestProxyInBetween(t *testing.T) {
	for _, operation := range []string{"createChat", "sendMessageToChat"} {
		for _, status := range []int{200, 400, 401, 403, 404, 405, 407, 413, 429, 502} {
			for _, page := range []string{"", sandbox.ProxyPage(status)} {
				if status == 200 && operation == "sendMessageToChat" {
					continue // an empty one is a success, another one is in doubt
				}
				t.Run(fmt.Sprint(operation, status, len(page)), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						market, w := newWorker(t)
						chat := quietChat(t, w.client)
						add(t, w.queue, 1, "Hello!")
						market.Script(operation, sandbox.Proxy(status, page))
						require.NoError(t, w.run(t.Context()))
						assert.Equal(t, "sent", onlyRow(t, w.queue).state)
						assert.Len(t, market.Messages(chat), 1)
					})
				})
			}
		}
	}
}

// A proxy that says no although the message is stored doubles nothing.
func TestProxyAfterTheMessageIsStored(t *testing.T) {
	for _, status := range []int{403, 404, 413} {
		synctest.Test(t, func(t *testing.T) {
			market, w := newWorker(t)
			chat := quietChat(t, w.client)
			add(t, w.queue, 1, "Hello!")
			market.Script("sendMessageToChat", sandbox.CommitThen(sandbox.Proxy(status, sandbox.ProxyPage(status))))
			require.NoError(t, w.run(t.Context()))
			assert.Equal(t, "sent", onlyRow(t, w.queue).state)
			assert.Len(t, market.Messages(chat), 1)
		})
	}
}

// A redirect leads to no Market: the worker stops. Whether the message was stored before, the chat tells the next one.
func TestRedirectOfASend(t *testing.T) {
	redirect := sandbox.Redirect("https://example.com/")
	for _, fault := range []sandbox.Fault{redirect, sandbox.CommitThen(redirect)} {
		synctest.Test(t, func(t *testing.T) {
			market, w := newWorker(t)
			chat := quietChat(t, w.client)
			add(t, w.queue, 1, "Hello!")
			market.Script("sendMessageToChat", fault)
			require.ErrorContains(t, w.run(t.Context()), "302")
			require.NoError(t, w.run(t.Context()))
			assert.Equal(t, "sent", onlyRow(t, w.queue).state)
			assert.Len(t, market.Messages(chat), 1)
		})
	}
}

// One order's refusal, by the Market's own word, is no other's.
func TestRefusalOfOneOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, w := newWorker(t, sandbox.WithOrders(1, 3))
		for order := range int64(3) {
			add(t, w.queue, order+1, "Hello!")
		}
		require.NoError(t, w.run(t.Context()))
		assert.Equal(t, []string{"sent", "failed", "sent"}, states(t, w.queue))
	})
}

// An address that is wrong, for every row, is no reason to give them up.
func TestWrongAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market, w := newWorker(t)
		add(t, w.queue, 1, "Hello!")
		market.Every("createChat", sandbox.Fail(404, "NOT_FOUND", "Resource not found"))
		require.ErrorIs(t, w.run(t.Context()), wrapper.ErrNotFound)
		assert.Equal(t, "pending", onlyRow(t, w.queue).state)
	})
}

// A Market that tells a quota to be back next year holds a row for an hour, not longer.
func TestQuotaOfNextYear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market, w := newWorker(t)
		chat := quietChat(t, w.client)
		add(t, w.queue, 1, "Hello!")
		market.Script("createChat", sandbox.QuotaUsedUp(365*24*time.Hour))
		began := time.Now()
		require.NoError(t, w.run(t.Context()))
		assert.Len(t, market.Messages(chat), 1)
		assert.Less(t, time.Since(began), 2*time.Hour)
	})
}

func states(t *testing.T, queue *queue) (list []string) {
	for _, row := range rowsOf(t, queue) {
		list = append(list, row.state)
	}
	return list
}

func TestOneWorkerAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "updates.db")
	first, err := open(path)
	require.NoError(t, err)
	_, err = open(path)
	require.ErrorContains(t, err, "another worker has")
	require.NoError(t, first.close())
	second, err := open(path)
	require.NoError(t, err)
	require.NoError(t, second.close())
}

// Whatever name a database has, it has one worker.
func TestOneWorkerAtATimeByAnyName(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "updates.db")
	queue, err := open(path)
	require.NoError(t, err)
	defer queue.close()
	require.NoError(t, os.Symlink(path, filepath.Join(dir, "symlink.db")))
	require.NoError(t, os.Symlink(filepath.Join(dir, "symlink.db"), filepath.Join(dir, "again.db")))
	require.NoError(t, os.Symlink(dir, filepath.Join(dir, "folder")))
	require.NoError(t, os.Link(path, filepath.Join(dir, "link.db")))
	for _, name := range []string{"symlink.db", "again.db", "folder/updates.db", "./updates.db", "link.db"} {
		_, err = open(filepath.Join(dir, name))
		assert.ErrorContains(t, err, "another worker has", name)
	}
	add(t, queue, 1, "Hello!") // the first one goes on
}

func newWorker(t *testing.T, opts ...sandbox.Option) (*sandbox.Market, *worker) {
	market := sandbox.New(opts...)
	queue, err := open(filepath.Join(t.TempDir(), "updates.db"))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, queue.close()) })
	return market, &worker{queue, clientOf(t, market)}
}

// worker is what a run needs.
type worker struct {
	queue  *queue
	client *wrapper.Client
}

func (w *worker) run(ctx context.Context) error { return run(ctx, w.queue, w.client, 13*time.Second) }

// add is what a shop does.
func add(t *testing.T, queue *queue, order int64, text string) {
	_, err := queue.db.Exec(`INSERT INTO updates (order_id, text) VALUES (?, ?)`, order, text)
	require.NoError(t, err)
}

// row is a row in any state.
type row struct {
	order              int64
	text, state, error string
}

func rowsOf(t *testing.T, queue *queue) (list []row) {
	rows, err := queue.db.Query(`SELECT order_id, text, state, error FROM updates ORDER BY id`)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var r row
		require.NoError(t, rows.Scan(&r.order, &r.text, &r.state, &r.error))
		list = append(list, r)
	}
	require.NoError(t, rows.Err())
	return list
}

func clientOf(t *testing.T, market *sandbox.Market) *wrapper.Client {
	client, err := wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithHTTPClient(&http.Client{Transport: market.RoundTripper()}))
	require.NoError(t, err)
	return client
}

// quietChat makes the chat about order 1, and lets a minute pass.
func quietChat(t *testing.T, client *wrapper.Client) int64 {
	chat, err := client.CreateChat(t.Context(), wrapper.Order(1))
	require.NoError(t, err)
	time.Sleep(time.Minute)
	return chat.ChatID
}

func onlyRow(t *testing.T, queue *queue) row {
	rows := rowsOf(t, queue)
	require.Len(t, rows, 1)
	return rows[0]
}
