package tests

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/notify"
	"github.com/ymarket-go/chats/sandbox"
)

// The page shows what became of notifications, and a form of a chat lets its buyer write. Without a text it sends none.
func TestDeliveriesInABrowser(t *testing.T) {
	b := openTab(t)
	market := sandbox.New()
	site := httptest.NewServer(market.Site())
	defer site.Close()
	good, err := notify.New("shop/1", notify.Behind(netip.MustParsePrefix("127.0.0.0/8")), notify.Events{})
	require.NoError(t, err)
	posted := 0
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if posted++; posted == 4 {
			fmt.Fprint(w, `{"status":"OK"}`)
			return
		}
		good.ServeHTTP(w, r)
	}))
	defer shop.Close()
	require.NoError(t, market.Notify(t.Context(), shop.URL, nil))
	chat, err := market.Direct(business, "Is it red? <script>document.title='broken'</script>")
	require.NoError(t, err)
	settled := func(n int) func() bool { return func() bool { return len(market.Deliveries()) == n } }
	require.Eventually(t, settled(3), time.Minute, time.Millisecond)
	b.open(site.URL + "/_sandbox/?chat=7000001")
	b.run("document.querySelector('.write input').focus()", nil)
	b.press("Enter")
	assert.True(t, b.is("document.querySelector('.write input').validity.valueMissing"))
	assert.Len(t, market.Messages(chat), 1, "nothing was sent")
	b.do("Input.insertText", map[string]any{"text": "Are you there?"}, nil)
	b.press("Enter")
	b.waitFor("document.querySelector('.talk').innerText.includes('Are you there?')")
	assert.Len(t, market.Messages(chat), 2)
	require.Eventually(t, settled(4), time.Minute, time.Millisecond)

	b.open(site.URL + "/_sandbox/")
	document := b.html()
	assert.Contains(t, document, "New chat from a buyer</summary>")
	assert.Contains(t, document, "</code> in the headers must be application/json, in UTF-8.")
	assert.Contains(t, document, "The answer breaks the contract. Attempt 1. Next at ")
	assert.Contains(t, document, "<title>Sandbox</title>", "no script but the page's own ran")
}
