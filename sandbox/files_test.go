package sandbox_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
)

const maxFile = 5 << 20

func filesTo(chat int64) string {
	return fmt.Sprintf("/v2/businesses/1/chats/file/send?chatId=%d", chat)
}

// sendFile sends a form with one file, as a shop does.
func sendFile(t *testing.T, m http.Handler, chat int64, name, content string) answer {
	t.Helper()
	contentType, body := formOf(t, name, content)
	return ask(t, m, "POST", filesTo(chat), body, "Content-Type", contentType)
}

// messagesOf reads the messages of a chat, oldest first, by a request to that host.
func messagesOf(t *testing.T, m http.Handler, chat int64, host string) []gen.ChatMessageDTO {
	t.Helper()
	a := ask(t, m, "POST", fmt.Sprintf("/v2/businesses/1/chats/history?chatId=%d", chat), "{}", "Host", host)
	require.Equal(t, 200, a.status, a.body)
	var read gen.GetChatHistoryResponse
	require.NoError(t, json.Unmarshal([]byte(a.body), &read))
	return read.Result.Messages
}

// A file is a message: with name, size and hash, without a text, and with a URL where its content is.
func TestFiles(t *testing.T) {
	m := newMarket(sandbox.WithOldestFirst())
	chat := startChat(t, m, order5)
	for _, content := range []string{"", "x", "\r\n--b\r\n\x00\xff", strings.Repeat("x", maxFile)} {
		require.Equal(t, 200, sendFile(t, m, chat, "a.pdf", content).status)
		kept := m.Messages(chat)
		last := kept[len(kept)-1]
		assert.Empty(t, last.Text)
		hash := sha256.Sum256([]byte(content))
		assert.Equal(t, []sandbox.File{{Name: "a.pdf", Size: len(content), SHA256: hex.EncodeToString(hash[:])}}, last.Files)
		assert.Equal(t, gen.ChatMessageSenderTypePartner, last.Sender)

		messages := messagesOf(t, m, chat, "shop.example:81")
		read := messages[len(messages)-1]
		assert.Nil(t, read.Message, "a message of files alone has no text")
		url := fmt.Sprintf("http://shop.example:81/_files/%d/0", last.ID)
		assert.Equal(t, []gen.ChatMessagePayloadDTO{{Name: "a.pdf", URL: url, Size: int32(len(content))}}, read.Payload)
		got := serve(m, "GET", url, "")
		assert.Equal(t, 200, got.Code)
		assert.Equal(t, content, got.Body.String())
	}
	one := ask(t, m, "GET", fmt.Sprintf("/v2/businesses/1/chats/message?chatId=%d&messageId=%d000002", chat, chat), "")
	assert.Contains(t, one.body, `"payload":[{"name":"a.pdf","size":1,"url":"http://127.0.0.1:8080/_files/`)
	assert.NotContains(t, one.body, `"message":`)
	assert.Equal(t, gen.ChatStatusTypeWaitingForCustomer, readChat(t, m, chat).Status)
	require.NoError(t, m.Reply(chat, "Thanks"))
	messages := messagesOf(t, m, chat, "h")
	assert.Nil(t, messages[len(messages)-1].Payload, "a message of text has no files")
	for _, call := range m.Calls() {
		assert.NotContains(t, call.Path, "_files", "what is fetched is no call of the API")
	}
}

// What a shop may not send gets the Market's refusal, and nothing is kept.
func TestRefusedFiles(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	assert.Equal(t, 404, sendFile(t, m, chat+1, "a.pdf", "x").status)
	_, message := sendFile(t, m, chat, "a.pdf", strings.Repeat("x", maxFile+1)).error(t)
	assert.Equal(t, "'file' size must be between '0' and '5242880' (rejected value: null)", message)
	_, message = sendFile(t, m, chat, "a.pdf", strings.Repeat("x", 6<<20)).error(t)
	assert.Equal(t, "'body' has more than 5308416 bytes", message)
	_, message = sendFile(t, m, chat, "", "x").error(t)
	assert.Contains(t, message, "'file' has no filename")
	assert.Equal(t, 415, serve(m, "POST", filesTo(chat), `{"file":"x"}`).Code)
	assert.Empty(t, m.Messages(chat))
}

// Without checks what can be read is taken, and no more of a body is read than the Market takes.
func TestUncheckedFiles(t *testing.T) {
	m := newMarket(sandbox.WithoutChecks())
	chat := startChat(t, m, order5)
	contentType, body := formOf(t, "a.pdf", "x")
	assert.Equal(t, 200, ask(t, m, "POST", filesTo(chat), "canary\r\n"+body, "Content-Type", contentType).status)
	assert.Equal(t, 400, ask(t, m, "POST", filesTo(chat), "canary", "Content-Type", contentType).status)
	assert.Equal(t, 415, serve(m, "POST", filesTo(chat), body, "Content-Type", "text/plain").Code)
	assert.Equal(t, 400, sendFile(t, m, chat, "a.pdf", strings.Repeat("x", 6<<20)).status)
	assert.Len(t, m.Messages(chat), 1)
}

// Names are kept as they were meant, in whichever of the forms they come.
func TestNamesOfFiles(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	for disposition, want := range map[string]string{
		`filename="Счёт №1.pdf"`:                        "Счёт №1.pdf",
		"filename=\"и\u0306.pdf\"":                      "и\u0306.pdf",
		`filename*=UTF-8''%D0%A1%D1%87%D1%91%D1%82.pdf`: "Счёт.pdf",
		`filename="?.pdf"; filename*=utf-8''%D0%A1.pdf`: "С.pdf",
		`filename="%22a%22%0D%0A.pdf"`:                  "\"a\"\r\n.pdf",
		`filename="\"a\".pdf"`:                          `"a".pdf`,
		`filename="../../etc/passwd"`:                   "../../etc/passwd",
		`filename="C:\dir\a.pdf"`:                       `C:\dir\a.pdf`,
		`filename="100%25.pdf"`:                         "100%25.pdf",
		`filename="` + strings.Repeat("ё", 255) + `"`:   strings.Repeat("ё", 255),
		"filename=\"a\u202efdp.exe\"":                   "a\u202efdp.exe",
		`filename=plain.pdf`:                            "plain.pdf",
		`filename="<script>alert(1)</script>.html"`:     "<script>alert(1)</script>.html",
	} {
		body := "--b\r\nContent-Disposition: form-data; name=\"file\"; " + disposition + "\r\n\r\nx\r\n--b--\r\n"
		a := ask(t, m, "POST", filesTo(chat), body, "Content-Type", "multipart/form-data; boundary=b")
		require.Equal(t, 200, a.status, a.body)
		kept := m.Messages(chat)
		last := kept[len(kept)-1]
		assert.Equal(t, want, last.Files[0].Name, disposition)
		got := serve(m, "GET", fmt.Sprintf("/_files/%d/0", last.ID), "")
		require.Equal(t, 200, got.Code)
		assert.NotContains(t, got.Header().Get("Content-Disposition"), "\n")
	}
}

// A browser saves a file, whatever it is, and gives it no rights.
func TestFetchedFiles(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	require.Equal(t, 200, sendFile(t, m, chat, "Счёт.html", "<script>alert(1)</script>").status)
	path := fmt.Sprintf("/_files/%d000001/", chat)
	got := serve(m.Site(), "GET", path+"0", "")
	assert.Equal(t, 200, got.Code)
	for name, want := range map[string]string{
		"Content-Type":            "application/octet-stream",
		"Content-Disposition":     "attachment; filename*=utf-8''%D0%A1%D1%87%D1%91%D1%82.html",
		"X-Content-Type-Options":  "nosniff",
		"Content-Security-Policy": "sandbox; default-src 'none'",
		"Content-Length":          "25",
	} {
		assert.Equal(t, want, got.Header().Get(name))
	}
	assert.Equal(t, 200, serve(m, "HEAD", path+"0", "").Code)
	assert.Equal(t, 405, serve(m, "POST", path+"0", "x").Code)
	for _, other := range []string{
		path + "1", path + "-1", path + "x", path, "/_files/", "/_files/0/0", "/_files/1/0/0", path + "99999999999",
		fmt.Sprintf("/_files/%d000002/0", chat), fmt.Sprintf("/_files/%d000000/0", chat),
	} {
		got := serve(m, "GET", other, "")
		assert.Equal(t, 404, got.Code, other)
		assert.Equal(t, "nosniff", got.Header().Get("X-Content-Type-Options"))
	}
}

// By a RoundTripper the URL leads through the RoundTripper.
func TestFilesWithoutASocket(t *testing.T) {
	m := newMarket()
	chat, err := m.Direct(1, "x")
	require.NoError(t, err)
	require.NoError(t, m.SendFile(chat, gen.ChatMessageSenderTypeCustomer, "a.jpg", []byte("photo")))
	hc := &http.Client{Transport: m.RoundTripper()}
	client, err := gen.NewClientWithResponses(gen.ServerURL, gen.WithHTTPClient(hc))
	require.NoError(t, err)
	key := func(_ context.Context, r *http.Request) error { r.Header.Set("Api-Key", "k"); return nil }
	read, err := client.GetChatMessageWithResponse(t.Context(), 1, &gen.GetChatMessageParams{ChatID: chat, MessageID: chat*1_000_000 + 2},
		key)
	require.NoError(t, err)
	require.NotNil(t, read.JSON200, string(read.Body))
	url := read.JSON200.Result.Payload[0].URL
	assert.Equal(t, fmt.Sprintf("https://api.partner.market.yandex.ru/_files/%d000002/0", chat), url)
	resp, err := hc.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, "photo", string(content))
}

// Each sender can send a file, which is announced as a message is.
func TestFilesOfAnybody(t *testing.T) {
	m := newMarket()
	chat, err := m.Ask(1, gen.ChatContextDTO{Type: "ORDER", ID: 5}, "Broken")
	require.NoError(t, err)
	for _, sender := range []gen.ChatMessageSenderType{"CUSTOMER", "PARTNER", "MARKET", "SUPPORT"} {
		require.NoError(t, m.SendFile(chat, sender, "a.jpg", nil))
		kept := m.Messages(chat)
		assert.Equal(t, sender, kept[len(kept)-1].Sender)
		assert.Equal(t, sender == "CUSTOMER", kept[len(kept)-1].FromBuyer)
	}
	for want, err := range map[string]error{
		"sandbox: there is no chat 9": m.SendFile(9, "CUSTOMER", "a", nil),
		`sandbox: the sender is "SELLER", allowed is PARTNER, CUSTOMER, MARKET or SUPPORT`:         m.SendFile(chat, "SELLER", "a", nil),
		"sandbox: the file has 5242881 bytes, allowed are 5242880":                                 m.SendFile(chat, "CUSTOMER", "a", make([]byte, maxFile+1)),
		"sandbox: the name of the file is empty or not UTF-8, allowed is UTF-8 of 1 byte and more": m.SendFile(chat, "CUSTOMER", "\xff", nil),
	} {
		assert.EqualError(t, err, want)
	}
	assert.Error(t, m.SendFile(chat, "CUSTOMER", "", nil))
	assert.NoError(t, m.SendFile(chat, "CUSTOMER", "a", make([]byte, maxFile)))
}

// Tests in any language send files by the control API, as they are or as a form, and see them there.
func TestControlSendsFiles(t *testing.T) {
	m := newMarket()
	chat, err := m.Direct(1, "x")
	require.NoError(t, err)
	path := fmt.Sprintf("/_sandbox/chats/%d/files", chat)
	post := func(query, contentType, body string) *httptest.ResponseRecorder {
		return serve(m.Control(), "POST", path+query, body, "Content-Type", contentType)
	}
	assert.Equal(t, 204, post("?name=a%20b.jpg", "application/octet-stream", "photo").Code)
	contentType, form := formOf(t, "c.jpg", "more")
	assert.Equal(t, 204, post("?sender=SUPPORT", contentType, form).Code)
	assert.Equal(t, 204, post("?name=d.jpg", contentType, form).Code, "the name beside the form counts")
	for _, message := range m.Messages(chat)[1:] {
		assert.Len(t, message.Files, 1)
	}
	assert.Equal(t, "SUPPORT", string(m.Messages(chat)[2].Sender))
	assert.Equal(t, "d.jpg", m.Messages(chat)[3].Files[0].Name)
	_, listed := drive(t, m, "GET", "/_sandbox/chats", "")
	hash := sha256.Sum256([]byte("photo"))
	assert.Contains(t, listed, fmt.Sprintf(`"files":[{"name":"a b.jpg","sha256":"%x","size":5,"url":"http://127.0.0.1:8080/_files/%d000002/0"}]`, hash, chat))
	for query, row := range map[string]struct {
		contentType, body string
		status            int
		says              string
	}{
		"":                      {"application/octet-stream", "x", 400, "the name of the file is empty"},
		"?name=":                {"application/octet-stream", "x", 400, "the name of the file is empty"},
		"?name=a&sender=SELLER": {"application/octet-stream", "x", 400, "allowed is PARTNER"},
		"?name=a":               {"application/octet-stream", strings.Repeat("x", maxFile+1), 400, "allowed are 5242880"},
		"?name=b":               {"application/octet-stream", strings.Repeat("x", 6<<20), 400, "too large"},
		"?name=c":               {"multipart/form-data; boundary=b", "x", 400, "the form cannot be read"},
		"?name=d":               {"multipart/form-data", "x", 400, "the form cannot be read"},
		"?name=e&name=f":        {"text/plain", "x", 400, ""},
	} {
		w := post(query, row.contentType, row.body)
		assert.Equal(t, row.status, w.Code, query)
		assert.Contains(t, w.Body.String(), row.says, query)
	}
	assert.Equal(t, 404, serve(m.Control(), "POST", "/_sandbox/chats/9/files?name=a", "x").Code)
	assert.Equal(t, 403, serve(m.Control(), "POST", path+"?name=a", "x", "Origin", "https://elsewhere.example").Code)
	assert.Len(t, m.Messages(chat), 4)
}

// Names and sizes that the Market changes are those that everybody sees; the content stays.
func TestChangedFiles(t *testing.T) {
	m := newMarket(sandbox.WithFiles(func(name string, size int) (string, int) { return "kept-" + name, size + 1 }))
	chat := startChat(t, m, order5)
	require.Equal(t, 200, sendFile(t, m, chat, "a.pdf", "abc").status)
	require.NoError(t, m.SendFile(chat, "CUSTOMER", "b.pdf", nil))
	hash := sha256.Sum256([]byte("abc"))
	assert.Equal(t, sandbox.File{Name: "kept-a.pdf", Size: 4, SHA256: hex.EncodeToString(hash[:])}, m.Messages(chat)[0].Files[0])
	assert.Equal(t, "kept-b.pdf", m.Messages(chat)[1].Files[0].Name)
	payload := messagesOf(t, m, chat, "h")[1].Payload[0]
	assert.Equal(t, "kept-a.pdf 4", fmt.Sprint(payload.Name, " ", payload.Size))
	assert.Equal(t, "abc", serve(m, "GET", payload.URL, "").Body.String())
	_, err := sandbox.Open(sandbox.WithFiles(nil))
	assert.EqualError(t, err, "sandbox: WithFiles is given nil, allowed is a function")
}

// Faults act on sends of files as on those of messages.
func TestFaultsOfFiles(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	m.Script(sandbox.OperationSendFileToChat, sandbox.CommitThen(sandbox.Fail(500, "E", "later")), sandbox.Fail(500, "E", "later"),
		sandbox.CommitThen(sandbox.Abort()), sandbox.QuotaUsedUp(1), nil)
	for _, want := range []int{500, 500, 0, 420, 200} {
		contentType, body := formOf(t, "a.pdf", "x")
		got := 0
		func() {
			defer func() { _ = recover() }() // as http.Server does with http.ErrAbortHandler
			got = serve(m, "POST", filesTo(chat), body, "Content-Type", contentType).Code
		}()
		assert.Equal(t, want, got)
	}
	assert.Len(t, m.Messages(chat), 3)
	for what, fault := range map[string]sandbox.Fault{
		"Changed": sandbox.Changed(sandbox.Masked, nil), "Cached": sandbox.Cached(1), "Lagging": sandbox.Lagging(1),
	} {
		assert.Panics(t, func() { m.Script(sandbox.OperationSendFileToChat, fault) }, what)
	}
}

// A read that is behind does not show a file yet.
func TestFilesInThePast(t *testing.T) {
	m := sandbox.New()
	chat, err := m.Direct(1, "x")
	require.NoError(t, err)
	m.Advance(time.Minute)
	require.NoError(t, m.SendFile(chat, "CUSTOMER", "a", nil))
	m.Script(sandbox.OperationGetChatHistory, sandbox.Lagging(30*time.Second))
	assert.Len(t, messagesOf(t, m, chat, "h"), 1)
	assert.Len(t, messagesOf(t, m, chat, "h"), 2)
}
