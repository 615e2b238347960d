package tests

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
)

// attack is a page whose script writes into the chat by the control API, as it may on the sandbox's own origin.
const attack = `<!doctype html><title>uploaded</title><script>
fetch('/_sandbox/chats/7000001/replies', {method: 'POST', body: '{"text":"the script ran"}'}).then(() => document.title = 'ran')
</script>`

// A page that somebody uploads has no rights in the browser that opens it: it is saved, and neither its address nor a
// script element, an object or an embed makes it run. Shown as any page it would run.
func TestUploadedPageInABrowser(t *testing.T) {
	b := openTab(t)
	market := sandbox.New()
	chat, err := market.Direct(business, "Look at this")
	require.NoError(t, err)
	require.EqualValues(t, anyChat, chat)
	site := market.Site()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/as-a-page" {
			_, _ = io.WriteString(w, attack)
			return
		}
		site.ServeHTTP(w, r)
	}))
	defer server.Close()
	for _, name := range []string{"page.html", "script.js", "page.svg"} {
		content := attack
		if name == "script.js" {
			content = "fetch('/_sandbox/chats/7000001/replies', {method: 'POST', body: '{\"text\":\"the script ran\"}'}); window.ran = true"
		}
		require.NoError(t, market.SendFile(chat, gen.ChatMessageSenderTypeCustomer, name, []byte(content)))
	}
	before := market.Messages(chat)
	for n := range before[1:] {
		url := fmt.Sprintf("%s/_files/%d/0", server.URL, before[n+1].ID)
		b.open(server.URL)
		var navigated struct{ ErrorText string }
		b.do("Page.navigate", map[string]any{"url": url}, &navigated)
		assert.Equal(t, "net::ERR_ABORTED", navigated.ErrorText, "it is saved, not shown")

		b.open(server.URL)
		var came string
		b.run(`new Promise((done) => {
			const script = document.createElement('script')
			script.onload = () => done('loaded')
			script.onerror = () => done('refused')
			script.src = '`+url+`'
			document.head.append(script)
		})`, &came)
		assert.Equal(t, "refused", came, "as a script")
		for _, element := range []string{"object", "embed"} {
			attribute := map[string]string{"object": "data", "embed": "src"}[element]
			b.run(`new Promise((done) => {
				const shown = document.createElement('`+element+`')
				shown.onload = shown.onerror = () => done('came')
				shown.`+attribute+` = '`+url+`'
				document.body.append(shown)
				fetch('`+url+`').then((answer) => answer.text()).then(() => done('came'))
			})`, &came)
		}
		assert.False(t, b.is("window.ran"))
		assert.Equal(t, before, market.Messages(chat), "no script of it wrote")
	}
	b.open(server.URL + "/as-a-page")
	b.waitFor("document.title === 'ran'")
	assert.Len(t, market.Messages(chat), len(before)+1, "the same page would write, were it shown")
}

// What a file's name turns around ends with the name: the size behind it stays as it is.
func TestFileNameTurnsNothingElseAround(t *testing.T) {
	b := openTab(t)
	market := sandbox.New()
	chat, err := market.Direct(business, "Look at this")
	require.NoError(t, err)
	name := "\u202egpj.\u2066exe"
	require.NoError(t, market.SendFile(chat, gen.ChatMessageSenderTypeCustomer, name, make([]byte, 100)))
	server := httptest.NewServer(market.Site())
	defer server.Close()
	b.open(server.URL + "/_sandbox/?chat=7000001")
	assert.True(t, b.is(`(() => {
		const size = document.querySelector('.msg .num').firstChild, left = (at) => {
			const digit = document.createRange()
			digit.setStart(size, at)
			digit.setEnd(size, at + 1)
			return digit.getBoundingClientRect().left
		}
		return size.data === '100 bytes' && left(0) < left(4)
	})()`))
}
