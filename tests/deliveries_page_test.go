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

// The page shows the deliveries with their verdicts, and has a button for each chat that lets its buyer write.
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
	b.open(site.URL + "/_sandbox/")
	b.run("document.querySelector('article form').requestSubmit()", nil)
	b.waitFor("document.querySelector('#chats').innerText.includes('Are you there? This is message 2.')")
	assert.Len(t, market.Messages(chat), 2)
	require.Eventually(t, settled(4), time.Minute, time.Millisecond)

	b.open(site.URL + "/_sandbox/")
	document := b.html()
	assert.Contains(t, document, "Let the buyer write</button>")
	assert.Contains(t, document, "Let a buyer begin a chat</summary>")
	assert.Contains(t, document, "begun by a buyer")
	assert.Contains(t, document, "header Content-Type: must be application/json, in UTF-8")
	assert.Contains(t, document, "again at ")
	assert.Contains(t, document, "<title>The sandbox</title>", "no script but the page's own ran")
}
