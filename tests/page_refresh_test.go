package tests

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

// refreshed opens a page whose clock a test turns: loadNow() does what the page does every two seconds.
func refreshed(t *testing.T, b *tab, address string) {
	t.Helper()
	b.do("Page.addScriptToEvaluateOnNewDocument", map[string]any{
		"source": "window.setInterval = (load, pause) => { window.pause = pause; window.loadNow = load; return 1 }"}, nil)
	b.look(1280, "light")
	b.open(address)
	assert.True(t, b.is("pause === 2000"))
}

// What the page does itself, its own policy lets through: a refusal is a line in the browser's console each time.
func TestPageKeepsItsPolicy(t *testing.T) {
	b := openTab(t)
	_, address := busyMarket(t)
	b.do("Page.addScriptToEvaluateOnNewDocument", map[string]any{
		"source": "window.refused = []; addEventListener('securitypolicyviolation', (e) => refused.push(e.effectiveDirective))",
	}, nil)
	refreshed(t, b, address)
	b.run("loadNow()", nil)
	var refused []string
	b.run("new Promise((done) => setTimeout(() => done(refused), 100))", &refused) // events come a little later
	assert.Empty(t, refused)
}

// The page loads itself anew around its reader: what is opened, typed and focused stays, and stays where it was on the
// screen, when chats, messages and calls come above it and the chat itself moves up.
func TestPageRefreshesAroundItsReader(t *testing.T) {
	b := openTab(t)
	market, address := busyMarket(t)
	refreshed(t, b, address+"?chat=7000030")
	b.run(`(() => {
		document.querySelector('#begin').open = true
		document.querySelector('#begin input[name=text]').value = 'half a question'
		document.querySelector('#call-30 details').open = true
		document.querySelector('#add-fault select[name=often]').value = 'some'
		const field = document.querySelector('#say-7000030')
		field.value = 'half a sentence'
		field.scrollIntoView({ block: 'center' })
		field.focus()
		field.setSelectionRange(5, 6)
		field.addEventListener('blur', () => { window.blurred = true })
		window.field = field
		window.place = field.getBoundingClientRect().top
	})()`, nil)
	for n := range 3 {
		require.NoError(t, market.Reply(7000001+int64(n), fmt.Sprintf("Answer %d in an old chat", n)))
		require.Equal(t, 404, request(t, "GET", address[:len(address)-len("_sandbox/")]+"elsewhere", ""))
		b.run("loadNow()", nil)
	}
	assert.True(t, b.is("document.querySelector('.list li').id === 'chat-7000003'"), "the page is new")
	assert.True(t, b.is("document.querySelector('#chats').innerText.includes('Answer 2 in an old chat')"))
	assert.True(t, b.is("Math.abs(field.getBoundingClientRect().top - place) <= 1"), "the reader's place")
	assert.True(t, b.is("document.activeElement === field && field.value === 'half a sentence' && field.selectionStart === 5"))
	assert.True(t, b.is("document.querySelector('#begin').open && document.querySelector('#begin input[name=text]').value === 'half a question'"))
	assert.True(t, b.is("document.querySelector('#call-30 details').open && document.querySelector('#add-fault select[name=often]').value === 'some'"))
	b.run("window.row = document.querySelector('#chat-7000060')", nil)
	require.NoError(t, market.Reply(7000030, "It moves up"))
	require.NoError(t, market.Reply(7000060, "And so does this"))
	b.run("loadNow()", nil)
	const same = "document.activeElement === field && field.isConnected && field.value === 'half a sentence'"
	assert.True(t, b.is(same), "in the chat that moved, too")
	assert.True(t, b.is("document.querySelector('.talk').innerText.includes('It moves up')"))
	assert.True(t, b.is("document.querySelector('.list li') === row"), "an element moves with what it shows")
	assert.False(t, b.is("window.blurred"), "a screen reader would say the field once more")
	b.run("delete Element.prototype.moveBefore", nil) // as in an older browser
	require.NoError(t, market.Reply(7000031, "Another one"))
	b.run("loadNow()", nil)
	require.NoError(t, market.Reply(7000060, "It moves up again"))
	b.run("loadNow()", nil)
	assert.True(t, b.is(same+" && document.querySelector('.list li') === row"))
	market.Reset()
	b.run("loadNow()", nil)
	assert.True(t, b.is("!document.querySelector('article') && document.querySelector('#chats').innerText.includes('No chats yet')"))
	assert.True(t, b.is("document.querySelector('#begin').open && document.title === 'Sandbox'"))
}

// A row that the reader is at stays where it is on the screen while calls come above it.
func TestPageRefreshesBelowNewCalls(t *testing.T) {
	b := openTab(t)
	_, address := busyMarket(t)
	refreshed(t, b, address)
	b.run(`(() => {
		const row = document.querySelector('#call-50 summary')
		row.scrollIntoView({ block: 'center' })
		row.focus({ preventScroll: true })
		window.row = row
		window.place = row.getBoundingClientRect().top
	})()`, nil)
	for range 3 {
		require.Equal(t, 404, request(t, "GET", address[:len(address)-len("_sandbox/")]+"elsewhere", ""))
		b.run("loadNow()", nil)
	}
	assert.True(t, b.is("document.querySelector('#call-70')"), "the page is new")
	assert.True(t, b.is("scrollY > 0 && document.activeElement === row && Math.abs(row.getBoundingClientRect().top - place) <= 1"))
	b.run("row.blur(); window.topmost = [...document.querySelectorAll('.side [data-item]')].find((e) => e.getBoundingClientRect().bottom > 0)", nil)
	b.run("window.place = topmost.getBoundingClientRect().top", nil)
	require.Equal(t, 404, request(t, "GET", address[:len(address)-len("_sandbox/")]+"elsewhere", ""))
	b.run("loadNow()", nil)
	assert.True(t, b.is("document.querySelector('#call-71') && Math.abs(topmost.getBoundingClientRect().top - place) <= 1"), "or the topmost one does")
}

// However the lists change, the page that was loaded anew is the page that somebody else sees.
func TestPageRefreshesToTheSamePage(t *testing.T) {
	b := openTab(t)
	market, address := busyMarket(t)
	refreshed(t, b, address+"?chat=7000033")
	steps := []func(){
		func() { require.NoError(t, market.Reply(7000033, "one")) },
		func() { market.Every(sandbox.OperationGetChat, nil) },
		func() {
			for order := range 7 {
				_, err := market.Direct(int64(order+1), "new")
				require.NoError(t, err)
			}
		},
		func() {
			require.NoError(t, market.Reply(7000033, "two"))
			require.NoError(t, market.Reply(7000060, "three"))
		},
		market.Reset,
		func() { _, err := market.Direct(7, "again"); require.NoError(t, err) },
	}
	for i, step := range steps {
		step()
		b.run("loadNow()", nil)
		assert.True(t, b.is(`fetch(location.href).then((answer) => answer.text()).then((text) => {
			const fresh = new DOMParser().parseFromString(text, 'text/html')
			const plain = (part, page) => page.querySelector(part).innerHTML.replace(/<time.*?<\/time>|value="20[^"]*"/g, '').replace(/\s+/g, ' ').replace(/> </g, '><')
			return document.title === fresh.title && ['header', 'nav', 'main'].every((part) => plain(part, document) === plain(part, fresh))
		})`), "step %d", i)
	}
}

// While text is selected, or the reader has said so, nothing changes; afterwards it does.
func TestPageWaitsForItsReader(t *testing.T) {
	b := openTab(t)
	market, address := busyMarket(t)
	refreshed(t, b, address+"?chat=7000007")
	isNew := func(text string) bool {
		return b.is(fmt.Sprintf("document.querySelector('#chats').innerText.includes(%q)", text))
	}
	b.run("getSelection().selectAllChildren(document.querySelector('.msg p'))", nil)
	require.NoError(t, market.Reply(7000007, "the first answer"))
	b.run("loadNow()", nil)
	assert.False(t, isNew("the first answer"))
	assert.True(t, b.is("getSelection().toString().startsWith('Здравствуйте!')"))
	b.run("getSelection().removeAllRanges()", nil)
	b.run("loadNow()", nil)
	assert.True(t, isNew("the first answer"))

	b.run("document.querySelector('#refresh').checked = false", nil)
	require.NoError(t, market.Reply(7000007, "the second answer"))
	b.run("loadNow()", nil)
	assert.False(t, isNew("the second answer"))
	b.run("document.querySelector('#refresh').checked = true", nil)
	b.run("loadNow()", nil)
	assert.True(t, isNew("the second answer"))
}

// A form is sent without leaving the page. What came of it is told where a screen reader hears it, once.
func TestPageSendsFormsInPlace(t *testing.T) {
	b := openTab(t)
	market, address := busyMarket(t)
	refreshed(t, b, address+"?operation=getChat&chat=7000007&messages=2")
	b.run(`(() => {
		window.stays = true
		document.querySelector('#begin input[name=text]').value = 'for later'
		const field = document.querySelector('#say-7000007')
		field.value = 'now'
		field.form.requestSubmit()
	})()`, nil)
	b.waitFor("document.querySelector('#status').innerText === 'Message sent.'")
	b.waitFor("location.search === '?chat=7000007&operation=getChat'")
	assert.True(t, b.is("window.stays && document.querySelector('#begin input[name=text]').value === 'for later'"))
	assert.True(t, b.is("document.querySelector('.talk').innerText.includes('now') && document.querySelector('#say-7000007').value === ''"))
	assert.Equal(t, "now", market.Messages(7000007)[3].Text)

	b.run(`(() => {
		document.querySelector('#add-fault').open = true
		const form = document.querySelector('#add-fault form')
		form.more.value = '{"stauts": 1}'
		form.requestSubmit()
	})()`, nil)
	b.waitFor(`document.querySelector('#problem').innerText.includes('property "stauts" is unsupported')`)
	assert.True(t, b.is(`document.querySelector('#status').innerText === '' && document.querySelector('#add-fault form').more.value === '{"stauts": 1}'`))
	b.run("document.querySelector('#add-fault form').more.value = ''; document.querySelector('#add-fault form').requestSubmit()", nil)
	b.waitFor("document.querySelector('#status').innerText === 'Fault added.'")
	assert.True(t, b.is("document.querySelector('#problem').innerText === '' && !document.querySelector('#add-fault').open"))
	b.run(`(() => {
		const form = document.querySelector('#begin form')
		form.noValidate = true
		form.businessId.value = '0'
		form.text.value = 'not sent'
		form.requestSubmit()
	})()`, nil)
	b.waitFor(`document.querySelector('#problem').innerText.includes('number must be at least 1')`)
	assert.True(t, b.is(`document.querySelector('#begin form').text.value === 'not sent'`))
	b.run("loadNow()", nil)
	assert.True(t, b.is(`document.querySelector('#problem').innerText.includes('must be at least 1')`), "a refresh does not take it away")
	b.run("document.querySelector('#begin form').businessId.value = '9'; document.querySelector('#begin form').requestSubmit()", nil)
	b.waitFor("location.search === '?chat=7000062' && document.querySelector('.talk').innerText.includes('not sent')")
	b.run("[...document.querySelectorAll('#clock button')].find((button) => button.textContent === '+ 1 hour').click()", nil)
	b.waitFor("document.querySelector('#clock').innerText.includes('1 h ahead')")
	b.open(address + "?done=reset&chats=2")
	assert.True(t, b.is("location.search === '?chats=2' && document.querySelector('#status').innerText === 'Sandbox reset.'"))
}

// When the sandbox has ended the page says so, once, and what it showed stays.
func TestPageOfASandboxThatEnded(t *testing.T) {
	b := openTab(t)
	market := sandbox.New()
	_, err := market.Direct(1, "Is it red?")
	require.NoError(t, err)
	server := httptest.NewServer(market.Site())
	refreshed(t, b, server.URL+"/_sandbox/")
	server.Close()
	b.run("loadNow()", nil)
	assert.True(t, b.is("document.querySelector('#problem').innerText === 'The sandbox is not running. Trying again …'"))
	assert.True(t, b.is("document.querySelector('#chats').innerText.includes('Is it red?')"))
}
