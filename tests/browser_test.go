package tests

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// browser finds one, or skips. Where everything is to be tested, there has to be one.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("there is no browser: install chromium")
	}
	t.Skip("there is no browser: install chromium to run this test")
	return ""
}

// browse loads a page in a real browser, and gives the document as the browser understood it. The screenshot goes to
// the file that SCREENSHOT names, if it does.
func browse(t *testing.T, url string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	args := []string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--window-size=1000,900", "--user-data-dir=" + t.TempDir()}
	if file := os.Getenv("SCREENSHOT"); file != "" {
		shot := exec.CommandContext(ctx, browser(t), append(args, "--screenshot="+file, url)...)
		out, err := shot.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	dom, err := exec.CommandContext(ctx, browser(t), append(args, "--dump-dom", url)...).Output()
	require.NoError(t, err)
	return string(dom)
}

// A message that the wrapper sends appears on the page of the sandbox; markup in it is shown as text.
func TestPageInABrowser(t *testing.T) {
	browser(t)
	market := sandbox.New()
	server := httptest.NewServer(market.Site())
	defer server.Close()
	client, err := wrapper.New(business, wrapper.APIKey("key"), wrapper.WithBaseURL(server.URL+"/v2"))
	require.NoError(t, err)
	chat, err := client.CreateChat(t.Context(), wrapper.Order(31))
	require.NoError(t, err)
	require.NoError(t, client.SendMessage(t.Context(), chat.ChatID, "Your order is on its way."))
	require.NoError(t, client.SendMessage(t.Context(), chat.ChatID, `<img src=x onerror="document.title='broken'"><b>bold</b>`))
	require.NoError(t, market.Reply(chat.ChatID, "Спасибо! 🚚"))
	_, err = client.GetChat(t.Context(), 5)
	require.ErrorIs(t, err, wrapper.ErrNotFound)
	resp, err := http.Get(server.URL + "/v2/businesses/4200/chat?chat=1")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())

	dom := browse(t, server.URL+"/_sandbox/")
	assert.Contains(t, dom, "Your order is on its way.</div>")
	assert.Contains(t, dom, "Спасибо! 🚚</div>")
	assert.Contains(t, dom, "&lt;b&gt;bold&lt;/b&gt;")
	assert.NotContains(t, dom, "<img")
	assert.Contains(t, dom, "<title>Market sandbox</title>", "no script ran")
	assert.Contains(t, dom, "WAITING_FOR_PARTNER")
	assert.Contains(t, dom, "query chatId: required")
}
