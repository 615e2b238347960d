package wrapper_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

const mib = 1 << 20

func TestCheckFile(t *testing.T) {
	const unprintable = "the name of the file has a character that cannot be printed, allowed are those that can"
	for name, refused := range map[string]string{
		"чек.pdf":                           "",
		"и\u0306е\u0308.pdf":                "",
		`"quoted" & 'so'.txt`:               "",
		"at\u202f9.41.png":                  "", // as macOS names pictures of the screen
		strings.Repeat("ж", 255):            "",
		"":                                  "the name of the file has 0 characters, allowed is 1 to 255",
		strings.Repeat("ж", 256):            "the name of the file has 256 characters, allowed is 1 to 255",
		"\xff.pdf":                          "the name of the file is not valid UTF-8, allowed is UTF-8 of 1 to 255 characters",
		"dir/a.pdf":                         `the name of the file has a / or a \, allowed is a name without directories`,
		`C:\a.pdf`:                          `the name of the file has a / or a \, allowed is a name without directories`,
		"a\r\nb.pdf":                        unprintable,
		"a\x00.pdf":                         unprintable,
		"invoice\u202efdp.exe":              unprintable,
		"a\u2028.pdf":                       unprintable,
		"\ufeffa.pdf":                       unprintable,
		"a\u200d\u2066b\u2069.pdf":          unprintable,
		strings.Repeat("x", 100) + "\t.pdf": unprintable,
	} {
		err := wrapper.CheckFile(name, 1)
		if refused == "" {
			assert.NoError(t, err, "%q", name)
		} else {
			assert.EqualError(t, err, "invalid request: "+refused, "%q", name)
			assert.ErrorIs(t, err, wrapper.ErrInvalidRequest)
		}
	}
	assert.NoError(t, wrapper.CheckFile("a", 0))
	assert.NoError(t, wrapper.CheckFile("a", 5*mib))
	assert.EqualError(t, wrapper.CheckFile("a", 5*mib+1), "invalid request: the file has 5242881 bytes, allowed is 0 to 5242880")
	assert.EqualError(t, wrapper.CheckFile("a", -1), "invalid request: the file has -1 bytes, allowed is 0 to 5242880")
}

// What is sent is a form that keeps the contract, which the script looks at, with the name and the content as given.
func TestFormOfAFile(t *testing.T) {
	for name, row := range map[string]struct{ disposition, contentType string }{
		"Счёт №1.PDF":         {`form-data; name="file"; filename="Счёт №1.PDF"`, "application/pdf"},
		`the "best" one.docx`: {`form-data; name="file"; filename="the %22best%22 one.docx"`, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		"page.html":           {`form-data; name="file"; filename="page.html"`, "application/octet-stream"},
		".png":                {`form-data; name="file"; filename=".png"`, "image/png"},
		"no end":              {`form-data; name="file"; filename="no end"`, "application/octet-stream"},
	} {
		for _, content := range []string{"", "x", "\r\n--\r\n--", strings.Repeat("\x00\xff", 100)} {
			s := newScript(t, ok("sendFileToChat"))
			require.NoError(t, newClient(t, s).SendFile(t.Context(), chatID, name, []byte(content)), name)
			req := s.asked[0]
			assert.Equal(t, int64(len(s.bodies[0])), req.ContentLength)
			assert.Empty(t, req.Header["Expect"])
			_, boundary, _ := strings.Cut(req.Header.Get("Content-Type"), "boundary=")
			part, err := multipart.NewReader(strings.NewReader(s.bodies[0]), boundary).NextRawPart()
			require.NoError(t, err)
			assert.Equal(t, row.disposition, part.Header.Get("Content-Disposition"))
			assert.Equal(t, row.contentType, part.Header.Get("Content-Type"))
			got, err := io.ReadAll(part)
			require.NoError(t, err)
			assert.Equal(t, content, string(got))
		}
	}
}

// A file in doubt is looked for by its name and its size. One of the two alone may be the file, and is no proof of
// absence.
func TestLookForAFile(t *testing.T) {
	type wrote func(market *sandbox.Market, chat int64)
	nobody := func(*sandbox.Market, int64) {}
	file := func(sender gen.ChatMessageSenderType, name string, size int) wrote {
		return func(market *sandbox.Market, chat int64) {
			_ = market.SendFile(chat, sender, name, make([]byte, size))
		}
	}
	const shop, buyer = gen.ChatMessageSenderTypePartner, gen.ChatMessageSenderTypeCustomer
	for what, row := range map[string]struct {
		stored bool
		change func(name string, size int) (string, int)
		other  wrote
		want   string // "nil, 1": what the call returns, and how many messages of the shop are in the chat
	}{
		"stored":                     {stored: true, want: "nil, 1"},
		"not stored":                 {want: "nil, 1"},
		"decomposed on its way":      {stored: true, change: func(string, int) (string, int) { return "Ваш чек и\u0306е\u0308.pdf", 35 }, want: "nil, 1"},
		"percent-encoded on its way": {stored: true, change: func(_ string, n int) (string, int) { return "%D0%92%D0%B0%D1%88%20чек йё.pdf", n }, want: "nil, 1"},
		"its name changed":           {stored: true, change: func(_ string, n int) (string, int) { return "file_1", n }, want: "unknown, 1"},
		"its size changed":           {stored: true, change: func(s string, n int) (string, int) { return s, n + 1 }, want: "unknown, 1"},
		"both changed":               {stored: true, change: func(string, int) (string, int) { return "file_1", 1 }, want: "unknown, 1"},
		"the buyer sends the same":   {other: file(buyer, "Ваш чек йё.pdf", 35), want: "nil, 1"},
		"another one of the shop":    {other: file(shop, "other.pdf", 7), want: "unknown, 1"},
		"a text of the shop": {other: func(market *sandbox.Market, chat int64) {
			_ = market.Write(chat, shop, "Ваш чек йё.pdf")
		}, want: "nil, 2"},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var opts []sandbox.Option
				if row.change != nil {
					opts = append(opts, sandbox.WithFiles(row.change))
				}
				market := sandbox.New(opts...)
				client := newClient(t, market.RoundTripper())
				chat, err := client.CreateChat(t.Context(), wrapper.Order(5))
				require.NoError(t, err)
				time.Sleep(time.Hour)
				fault := sandbox.Fail(500, "INTERNAL_ERROR", "try later")
				if row.stored {
					fault = sandbox.CommitThen(fault)
				}
				market.Script(sandbox.OperationSendFileToChat, fault)
				if row.other == nil {
					row.other = nobody
				}
				time.AfterFunc(time.Second, func() { row.other(market, chat.ChatID) })

				got := "nil"
				err = client.SendFile(t.Context(), chat.ChatID, "Ваш чек йё.pdf", make([]byte, 35))
				if errors.Is(err, wrapper.ErrOutcomeUnknown) {
					got = "unknown"
				} else {
					assert.NoError(t, err)
				}
				sent := 0
				for _, written := range market.Messages(chat.ChatID) {
					if written.Sender == shop {
						sent++
					}
				}
				assert.Equal(t, row.want, got+", "+string(rune('0'+sent)))
			})
		})
	}
}

// Once takes the same name and size for the same file, and what has one of them for what may be it.
func TestOnceOfAFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market := sandbox.New()
		client := newClient(t, market.RoundTripper())
		chat, err := client.CreateChat(t.Context(), wrapper.Order(5))
		require.NoError(t, err)
		send := func(client *wrapper.Client, name string, size int, opts ...wrapper.CallOption) (attempts int, err error) {
			var captured wrapper.Response
			err = client.SendFile(t.Context(), chat.ChatID, name, make([]byte, size), append(opts, wrapper.Capture(&captured))...)
			return captured.Attempts, err
		}
		another := newClient(t, market.RoundTripper()) // which does not know what the first one has sent
		for i, row := range []struct {
			client   *wrapper.Client
			name     string
			size     int
			opt      wrapper.CallOption
			attempts int
			unknown  bool
		}{
			{client: client, name: "a.pdf", size: 10, opt: wrapper.Once(0), attempts: 1},
			{client: client, name: "a.pdf", size: 10, opt: wrapper.Once(0)},
			{client: another, name: "A (PDF)", size: 10, opt: wrapper.Once(0)},
			{client: another, name: "a.pdf", size: 10, opt: wrapper.Times(0, 2), attempts: 1},
			{client: client, name: "a.pdf", size: 11, opt: wrapper.Once(0), attempts: 1}, // its own are known
			{client: client, name: "b.pdf", size: 10, opt: wrapper.Once(0), attempts: 1},
			{client: another, name: "a.pdf", size: 12, opt: wrapper.Once(0), unknown: true},
			{client: another, name: "c.pdf", size: 11, opt: wrapper.Once(0), unknown: true},
			{client: another, name: "c.pdf", size: 12, opt: wrapper.Once(0), attempts: 1},
		} {
			attempts, err := send(row.client, row.name, row.size, row.opt)
			assert.Equal(t, row.attempts, attempts, i)
			if row.unknown {
				assert.ErrorIs(t, err, wrapper.ErrOutcomeUnknown, i)
				assert.ErrorContains(t, err, "a file of the same name or of the same size", i)
			} else {
				assert.NoError(t, err, i)
			}
		}
		assert.Len(t, market.Messages(chat.ChatID), 5)
	})
}

// A large file asks first, and no more once it was told that something in between does not know that.
func TestLargeFileAsksFirst(t *testing.T) {
	refused := reply{status: 417, body: "<html>"}
	for what, row := range map[string]struct {
		size    int
		replies []reply
		asks    []string
		status  int
	}{
		"1 MiB with what is around it": {size: mib - 300, replies: []reply{ok("sendFileToChat")}, asks: []string{""}},
		"more":                         {size: mib, replies: []reply{ok("sendFileToChat")}, asks: []string{"100-continue"}},
		"417":                          {size: mib, replies: []reply{refused, serverError(), ok("getChatHistory"), ok("sendFileToChat")}, asks: []string{"100-continue", "", "", ""}},
		"417 twice":                    {size: mib, replies: []reply{refused, refused}, asks: []string{"100-continue", ""}, status: 417},
		"417 to a small one":           {size: 1, replies: []reply{refused}, asks: []string{""}, status: 417},
		"413":                          {size: mib, replies: []reply{{status: 413, body: "<html>"}}, asks: []string{"100-continue"}, status: 413},
	} {
		s := newScript(t, row.replies...)
		err := newClient(t, s).SendFile(t.Context(), chatID, "a.pdf", make([]byte, row.size))
		var asks []string
		for _, req := range s.asked {
			asks = append(asks, req.Header.Get("Expect"))
		}
		assert.Equal(t, row.asks, asks, what)
		if row.status == 0 {
			assert.NoError(t, err, what)
			continue
		}
		e := asError(t, err)
		assert.Equal(t, row.status, e.StatusCode, what)
		assert.Equal(t, wrapper.Rejected, e.Outcome, what)
		if row.status == 413 {
			assert.Equal(t, wrapper.GiveUp, e.Advice())
			assert.ErrorContains(t, err, "a proxy between here and the Market may limit the size of requests")
		}
	}
}

// An attempt has time in proportion to its file, and ends after that.
func TestTimeOfAFile(t *testing.T) {
	for size, want := range map[int]time.Duration{
		1 << 10: 15 * time.Second,
		mib:     31 * time.Second,
		5 * mib: 95 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(t, reply{hang: true})
			began := time.Now()
			err := newClient(t, s, resending(wrapper.ResendNever)).SendFile(t.Context(), chatID, "a.pdf", make([]byte, size))
			assert.ErrorIs(t, err, wrapper.ErrOutcomeUnknown)
			assert.NotErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, want, time.Since(began))
		})
	}
}

// Over real connections: whoever cuts an upload has not got it, so it is sent again without a look into the chat.
func TestUploadThatIsCut(t *testing.T) {
	market := sandbox.New()
	chat := startChat(t, market)
	cuts := 0
	server := serveUnchecked(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/file/send") && cuts < 3 {
			cuts++
			_, _ = io.CopyN(io.Discard, r.Body, 64<<10)
			conn, _, err := http.NewResponseController(w).Hijack()
			if assert.NoError(t, err) {
				_ = conn.(*net.TCPConn).SetLinger(0)
				_ = conn.Close()
			}
			return
		}
		market.ServeHTTP(w, r)
	})
	client, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithBaseURL(server.URL), impatient)
	require.NoError(t, err)
	require.NoError(t, client.SendFile(t.Context(), chat, "a.mp4", make([]byte, 5*mib)))
	assert.Equal(t, 3, cuts)
	assert.Len(t, market.Messages(chat), 1)
	for _, call := range market.Calls() {
		assert.NotEqual(t, sandbox.OperationGetChatHistory, call.Operation)
	}
}

// Files at once have a form each: the second attempt of one has its own boundary, which the script looks at.
func TestFilesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t, serverError(), ok("sendFileToChat"), ok("sendFileToChat"))
		s.history = func() reply { return ok("getChatHistory") }
		client := newClient(t, s)
		time.AfterFunc(time.Second, func() {
			assert.NoError(t, client.SendFile(t.Context(), chatID, "other.pdf", []byte("other")))
		})
		require.NoError(t, client.SendFile(t.Context(), chatID, fileName, []byte(fileText)))
		assert.Len(t, s.asked, 5)
	})
}

// What the transport could not write before the request itself, for a connection say, tells nothing of the file.
func TestBrokenRequestOfTheTransport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t, reply{err: io.EOF}, ok("getChatHistory"), ok("getChatHistory"), ok("sendFileToChat"))
		client := newClient(t, tellsOfAnother{s})
		require.NoError(t, client.SendFile(t.Context(), chatID, fileName, []byte(fileText)))
		assert.Len(t, s.asked, 4)
	})
}

type tellsOfAnother struct{ next http.RoundTripper }

func (t tellsOfAnother) RoundTrip(req *http.Request) (*http.Response, error) {
	trace := httptrace.ContextClientTrace(req.Context())
	trace.WroteRequest(httptrace.WroteRequestInfo{Err: io.ErrClosedPipe})
	trace.WroteHeaders()
	return t.next.RoundTrip(req)
}

// Neither the name nor the content of a file comes back in an error, and neither is copied.
func TestFileIsNeitherShownNorCopied(t *testing.T) {
	for _, echoed := range []string{"Passport of Ivan Petrov.pdf", "the secret recipe of the shop"} {
		s := newScript(t, failure(400, "BAD_REQUEST", "cannot read "+echoed))
		err := newClient(t, s).SendFile(t.Context(), chatID, "Passport of Ivan Petrov.pdf", []byte("it is: the secret recipe of the shop"))
		assert.EqualError(t, err, "sendFileToChat: 400: BAD_REQUEST: … (attempts: 1)")

		s = newScript(t, failure(500, "INTERNAL_ERROR", "cannot read "+echoed))
		form, contentType := fileForm("Passport of Ivan Petrov.pdf", "it is: the secret recipe of the shop")
		raw := newClient(t, s, resending(wrapper.ResendNever)).Raw()
		_, err = raw.SendFileToChatWithBody(t.Context(), business, &gen.SendFileToChatParams{ChatID: chatID}, contentType, form)
		assert.EqualError(t, err, "sendFileToChat: 500: INTERNAL_ERROR: … (attempts: 1, unknown whether the message arrived)")
	}
	content := make([]byte, 5*mib)
	market := sandbox.New()
	chat := startChat(t, market)
	server := serveUnchecked(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"status":"OK"}`)
	})
	client, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithBaseURL(server.URL))
	require.NoError(t, err)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	require.NoError(t, client.SendFile(t.Context(), chat, "a.mp4", content))
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(mib))
}

// Raw reads from the form what it sends, keeps it in one buffer, and looks for it. A form that cannot be read leaves a
// doubt open.
func TestRawFile(t *testing.T) {
	readable, contentType := fileForm("чек.pdf", "content")
	form, err := io.ReadAll(readable)
	require.NoError(t, err)
	for what, row := range map[string]struct {
		form  string
		found bool
	}{
		"as it is":           {string(form), true},
		"in another field":   {strings.Replace(string(form), `name="file"`, `name="File"`, 1), false},
		"without a name":     {strings.Replace(string(form), "чек.pdf", "", 1), false},
		"without its end":    {string(form[:len(form)-50]), false},
		"it is no form":      {"content", false},
		"with a bad heading": {strings.Replace(string(form), "form-data;", "form data;", 1), false},
	} {
		synctest.Test(t, func(t *testing.T) {
			market := sandbox.New(sandbox.WithoutChecks())
			client := newClient(t, market.RoundTripper())
			chat, err := client.CreateChat(t.Context(), wrapper.Order(5))
			require.NoError(t, err)
			market.Script(sandbox.OperationSendFileToChat, sandbox.CommitThen(sandbox.Fail(500, "E", "no")))
			if !row.found { // the Market reads what this client cannot
				require.NoError(t, market.SendFile(chat.ChatID, gen.ChatMessageSenderTypePartner, "чек.pdf", []byte("content")))
			}
			params := &gen.SendFileToChatParams{ChatID: chat.ChatID}
			resp, err := client.Raw().SendFileToChatWithBody(t.Context(), business, params, contentType, bytes.NewBufferString(row.form))
			if !row.found {
				assert.ErrorIs(t, err, wrapper.ErrOutcomeUnknown, what)
				return
			}
			require.NoError(t, err, what)
			defer resp.Body.Close()
			assert.Equal(t, 200, resp.StatusCode, what)
			assert.Len(t, market.Messages(chat.ChatID), 1, what)
		})
	}
}

// serveUnchecked serves without the check of the contract, which reads a request to its end.
func serveUnchecked(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	server := httptest.NewUnstartedServer(handler)
	server.Config.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		_ = conn.(*net.TCPConn).SetReadBuffer(64 << 10) // otherwise the kernel may take all of a file that nobody reads
		return ctx
	}
	server.Start()
	t.Cleanup(server.Close)
	return server
}

func startChat(t *testing.T, market *sandbox.Market) (chatID int64) {
	t.Helper()
	chat, err := newClient(t, market.RoundTripper()).CreateChat(t.Context(), wrapper.Order(5))
	require.NoError(t, err)
	return chat.ChatID
}

// net/http may go on writing a file when its answer has come. What a program then does with the content is not sent.
func TestNothingIsReadOfAFileAfterItsAttempt(t *testing.T) {
	var body io.ReadCloser
	transport := roundTripFunc(func(req *http.Request) (*http.Response, error) {
		body = req.Body
		_, err := io.CopyN(io.Discard, body, 10)
		require.NoError(t, err)
		return &http.Response{StatusCode: 413, Body: http.NoBody}, nil
	})
	client := newClient(t, nil, wrapper.WithHTTPClient(&http.Client{Transport: transport}))
	require.Error(t, client.SendFile(t.Context(), chatID, "a.pdf", make([]byte, 10)))
	n, err := body.Read(make([]byte, 1000))
	assert.Zero(t, n)
	assert.EqualError(t, err, "the attempt is over")
}

// A file that asks first, and gets no answer before it is read, has not left: it is sent again without a look.
func TestAFileThatWasNotAskedFor(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	asked := make(chan string, 10)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			req, err := http.ReadRequest(bufio.NewReader(conn))
			if err == nil {
				asked <- req.URL.Path
			}
			_ = conn.Close()
		}
	}()
	client, err := wrapper.New(1, wrapper.APIKey("k"), wrapper.WithBaseURL("http://"+listener.Addr().String()),
		wrapper.WithRetry(wrapper.RetryPolicy{MaxAttempts: 2, BaseDelay: time.Nanosecond}))
	require.NoError(t, err)
	err = client.SendFile(t.Context(), chatID, "a.pdf", make([]byte, mib+1))
	var failed *wrapper.Error
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, wrapper.Rejected, failed.Outcome, err)
	require.Len(t, asked, 2)
	for range 2 {
		assert.Equal(t, "/businesses/1/chats/file/send", <-asked)
	}
}
