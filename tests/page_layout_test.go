package tests

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
)

// In a window of 390 px nothing stands beside the screen: not the status of a call nor what it breaks, nor anything else.
func TestPageFitsANarrowWindow(t *testing.T) {
	b := openTab(t)
	_, address := busyMarket(t)
	b.look(390, "light")
	for _, query := range []string{"", "?chat=7000007&call=1", "?status=nonsense"} {
		b.open(address + query)
		b.run("document.querySelectorAll('details').forEach((d) => { d.open = true })", nil)
		var beside []string
		b.run(`[...document.querySelectorAll('body *')].filter((e) => {
			const box = e.getBoundingClientRect()
			return box.width > 0 && (box.left < 0 || box.right > innerWidth) && !e.closest('select')
		}).map((e) => e.outerHTML.slice(0, 200))`, &beside)
		assert.Empty(t, beside, query)
		assert.True(t, b.is("innerWidth === 390 && document.documentElement.scrollWidth <= 390"))
	}
	b.open(address + "?violations=only")
	assert.True(t, b.is(`[...document.querySelectorAll('li.call')].length === 3`))
	assert.True(t, b.is(`[...document.querySelectorAll('li.call')].every((call) =>
		/(400 Bad Request|404 Not Found)/.test(call.innerText) && /breaks the contract: /.test(call.innerText))`),
		"without anything opened each call tells its status and what it breaks")
}

// The page is light or dark, as its user wants it; axe-core checks the contrast of both.
func TestPageHasADarkScheme(t *testing.T) {
	b := openTab(t)
	_, address := busyMarket(t)
	ground := map[string]string{}
	for _, scheme := range []string{"light", "dark"} {
		b.look(1280, scheme)
		b.open(address)
		var color string
		b.run("getComputedStyle(document.body).backgroundColor", &color)
		ground[scheme] = color
	}
	assert.Equal(t, map[string]string{"light": "rgb(246, 246, 248)", "dark": "rgb(20, 20, 22)"}, ground)
}

// With SCREENSHOTS=DIRECTORY it makes pictures to look at.
func TestPagePictures(t *testing.T) {
	if os.Getenv("SCREENSHOTS") == "" {
		t.Skip("set SCREENSHOTS to a directory to get pictures of the page")
	}
	b := openTab(t)
	_, address := busyMarket(t)
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int{390, 1280} {
			b.look(width, scheme)
			b.open(address)
			b.picture(fmt.Sprintf("%d-%s", width, scheme))
			b.open(address + "?chat=7000007&violations=only&done=buyer")
			b.run("document.querySelectorAll('details').forEach((d) => { d.open = true })", nil)
			b.picture(fmt.Sprintf("%d-%s-opened", width, scheme))
		}
	}
	b.open(address + "?status=nonsense")
	b.picture("problem")
}

// By the keyboard alone a call is opened, and what has the focus shows it.
func TestPageByKeyboard(t *testing.T) {
	b := openTab(t)
	_, address := busyMarket(t)
	b.look(1280, "light")
	b.open(address + "?violations=only&chat=7000007")
	b.run("document.querySelector('#calls button').focus()", nil)
	const inFirstCall = "document.activeElement.matches('li.call summary')"
	for range 3 { // all calls, the first of them
		if b.press("Tab"); b.is(inFirstCall) {
			break
		}
	}
	assert.True(t, b.is(inFirstCall))
	assert.True(t, b.is("getComputedStyle(document.activeElement).outlineStyle === 'solid'"))
	b.press("Enter")
	assert.True(t, b.is("document.activeElement.parentElement.open"))

	b.run("document.querySelector('#chat-7000007 input[name=text]').focus()", nil)
	b.do("Input.insertText", map[string]any{"text": "By keyboard"}, nil)
	b.press("Enter")
	b.waitFor("document.querySelector('#chat-7000007').innerText.includes('By keyboard')")
	b.waitFor("document.querySelector('#status').innerText === 'The buyer has written.'")
	assert.True(t, b.is("document.activeElement.matches('#chat-7000007 input[name=text]') && document.activeElement.value === ''"))
}

// The curl command of a call is copied by a button, or selected where the browser does not let it be copied.
func TestPageCopiesCurl(t *testing.T) {
	b := openTab(t)
	_, address := busyMarket(t)
	b.open(address + "?call=1")
	b.run("navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve() }", nil)
	b.run("document.querySelector('[data-copy]').click()", nil)
	b.waitFor("document.querySelector('#status').innerText === 'Copied.'")
	var copied string
	b.run("copied", &copied)
	assert.Contains(t, copied, `/v2/businesses/4200/chats/new' -H "Api-Key: $YM_API_KEY" -H 'Content-Type: application/json' --data-raw '{"context":`)
	b.run("navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed'))", nil)
	b.run("document.querySelector('[data-copy]').click()", nil)
	b.waitFor("document.querySelector('#status').innerText.startsWith('It is selected')")
	assert.True(t, b.is("getSelection().toString().trim() === copied"))
}

// Without a script every form does what it says, and the browser comes back to where it was.
func TestPageWithoutScript(t *testing.T) {
	b := openTab(t)
	market, address := busyMarket(t)
	b.do("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
	b.open(address + "?operation=getChat")
	assert.False(t, b.is("document.documentElement.classList.contains('script')"), "the page's script did not run")
	assert.True(t, b.is("getComputedStyle(document.querySelector('#refresh').parentElement).display === 'none'"))
	b.run("document.querySelector('#chat-7000007 input[name=text]').focus()", nil)
	b.do("Input.insertText", map[string]any{"text": "Without script"}, nil)
	b.press("Enter")
	b.waitFor("location.search === '?done=buyer&operation=getChat' && document.readyState === 'complete'")
	assert.True(t, b.is("document.querySelector('#status').innerText === 'The buyer has written.'"))
	assert.True(t, b.is("document.querySelector('article').id === 'chat-7000007' && location.hash === '#chat-7000007'"))
	messages := market.Messages(7000007)
	assert.Equal(t, "Without script", messages[len(messages)-1].Text)

	b.run("document.querySelector('#calls input[name=violations]').focus()", nil)
	b.press(" ")
	b.run("document.querySelector('#calls form button').focus()", nil)
	b.press("Enter")
	b.waitFor("location.search === '?operation=getChat&status=&violations=only' && document.readyState === 'complete'")
	assert.True(t, b.is("document.querySelectorAll('li.call').length === 2"))
}
