package tests

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
)

// openAll opens all rows and menus.
const openAll = "document.querySelectorAll('details').forEach((d) => { d.open = true })"

// Nothing stands beside the screen, in a narrow window and in a wide one: not the badges of a call nor what it breaks,
// nor anything else.
func TestPageFitsTheWindow(t *testing.T) {
	b := openTab(t)
	_, address := busyMarket(t)
	for _, width := range []int{390, 700, 1280} {
		b.look(width, "light")
		for _, query := range []string{"", "?chat=7000007", "?chat=7000007&call=1", "?violations=only", "?chat=nonsense"} {
			b.open(address + query)
			b.run(openAll, nil)
			var beside []string
			b.run(`[...document.querySelectorAll('body *')].filter((e) => {
				const box = e.getBoundingClientRect()
				return box.width > 0 && (box.left < 0 || box.right > innerWidth) && !e.closest('select') && !e.closest('.trace')
			}).map((e) => e.outerHTML.slice(0, 200))`, &beside)
			assert.Empty(t, beside, "%d%s", width, query)
			assert.True(t, b.is(fmt.Sprintf("innerWidth === %d && document.documentElement.scrollWidth <= innerWidth", width)))
		}
	}
}

// What matters is seen without scrolling: the clock, the verdict, the quotas and the faults, the newest calls. A row of
// a call is one line.
func TestPageIsShort(t *testing.T) {
	b := openTab(t)
	_, address := busyMarket(t)
	b.look(1280, "light")
	b.open(address)
	for _, part := range []string{"#clock", "#contract", "#quotas", "#faults"} {
		assert.True(t, b.is(fmt.Sprintf("document.querySelector('%s').getBoundingClientRect().bottom < 400", part)), part)
	}
	assert.True(t, b.is("document.querySelector('#call-67').getBoundingClientRect().bottom < innerHeight"))
	assert.True(t, b.is("[...document.querySelectorAll('#calls .log > li')].length === 30"))
	assert.True(t, b.is("[...document.querySelectorAll('#calls .log > li')].filter((li) => li.offsetHeight > 40).length <= 1"),
		"but for one whose address is long")
	assert.True(t, b.is("document.documentElement.scrollHeight < 2000"))
	b.look(390, "light")
	assert.True(t, b.is("document.querySelector('nav').innerText.includes('4 violations')"))
	assert.True(t, b.is("document.querySelector('nav').getBoundingClientRect().bottom < 200"))
	assert.True(t, b.is("document.querySelector('.talk').offsetHeight === 0"), "first there is the list")
	b.open(address + "?chat=7000007")
	assert.True(t, b.is("document.querySelector('.list').offsetHeight === 0 && document.querySelector('.back').offsetHeight > 0"))
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
	assert.Equal(t, map[string]string{"light": "rgb(244, 245, 248)", "dark": "rgb(15, 17, 21)"}, ground)
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
			b.open(address + "?chat=7000007&done=message")
			b.picture(fmt.Sprintf("%d-%s-chat", width, scheme))
			b.run(openAll, nil)
			b.picture(fmt.Sprintf("%d-%s-opened", width, scheme))
		}
	}
	b.open(address + "?chat=nonsense")
	b.picture("problem")
}

// By the keyboard alone a call is opened, and what has the focus shows it.
func TestPageByKeyboard(t *testing.T) {
	b := openTab(t)
	_, address := busyMarket(t)
	b.look(1280, "light")
	b.open(address + "?chat=7000007")
	b.run("document.querySelector('#calls .chips a').focus()", nil)
	const inFirstCall = "document.activeElement.matches('#calls .log li:first-child summary')"
	for range 10 { // past the filter
		if b.press("Tab"); b.is(inFirstCall) {
			break
		}
	}
	assert.True(t, b.is(inFirstCall))
	assert.True(t, b.is("getComputedStyle(document.activeElement).outlineStyle === 'solid'"))
	b.press("Enter")
	assert.True(t, b.is("document.activeElement.parentElement.open"))

	b.run("document.querySelector('#say-7000007').focus()", nil)
	b.do("Input.insertText", map[string]any{"text": "By keyboard"}, nil)
	b.press("Enter")
	b.waitFor("document.querySelector('.talk').innerText.includes('By keyboard')")
	b.waitFor("document.querySelector('#status').innerText === 'Message sent.'")
	assert.True(t, b.is("document.activeElement.matches('#say-7000007') && document.activeElement.value === ''"))

	b.run("document.querySelector('#change-time summary').focus()", nil)
	b.press("Enter")
	assert.True(t, b.is("document.querySelector('#change-time').open"))
	b.press("Tab")
	b.press("Escape")
	assert.True(t, b.is("!document.querySelector('#change-time').open && document.activeElement.matches('#change-time summary')"))
	b.press("Enter")
	b.press("Tab")
	b.press("Tab")
	b.press("Enter")
	b.waitFor("document.querySelector('#clock').innerText.includes('1 h ahead')")
	assert.True(t, b.is("!document.querySelector('#change-time').open && document.activeElement.matches('#change-time summary')"),
		"it closes when the clock is moved, and keeps the focus")
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
	assert.True(t, b.is("getSelection().toString().trim() === copied && document.querySelector('#curl-1').offsetHeight > 0"))
}

// Without a script every form does what it says, and the browser comes back to where it was.
func TestPageWithoutScript(t *testing.T) {
	b := openTab(t)
	market, address := busyMarket(t)
	b.do("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
	b.open(address + "?chat=7000007&operation=getChat")
	assert.False(t, b.is("document.documentElement.classList.contains('script')"), "the page's script did not run")
	assert.True(t, b.is("document.querySelector('#refresh').parentElement.offsetHeight === 0"))
	assert.True(t, b.is("[...document.querySelectorAll('header a')].map((a) => a.innerText).join() === 'Refresh'"))
	b.run("document.querySelector('#say-7000007').focus()", nil)
	b.do("Input.insertText", map[string]any{"text": "Without script"}, nil)
	b.press("Enter")
	b.waitFor("location.search === '?chat=7000007&done=message&operation=getChat' && document.readyState === 'complete'")
	assert.True(t, b.is("document.querySelector('#status').innerText === 'Message sent.'"))
	assert.True(t, b.is("document.querySelector('.list li').id === 'chat-7000007' && location.hash === '#talk'"))
	messages := market.Messages(7000007)
	assert.Equal(t, "Without script", messages[len(messages)-1].Text)

	b.run("[...document.querySelectorAll('#calls .chips a')].find((a) => a.innerText.startsWith('Violations')).focus()", nil)
	b.press("Enter")
	b.waitFor("location.search === '?chat=7000007&violations=only' && document.readyState === 'complete'")
	assert.True(t, b.is("document.querySelectorAll('#calls .log li.broken').length === 1"))
	b.run("document.querySelector('#only a').focus()", nil)
	b.press("Enter")
	b.waitFor("location.search === '' && document.readyState === 'complete'")

	b.run("document.querySelector('#change-time summary').focus()", nil)
	b.press("Enter")
	b.press("Tab")
	b.press("Enter")
	b.waitFor("location.search === '?done=clock' && document.readyState === 'complete'")
	assert.True(t, b.is("document.querySelector('#clock').innerText.includes('1 min ahead')"))
	b.run("document.querySelector('#faults form.set button').focus()", nil)
	b.press("Enter")
	b.waitFor("location.search === '?done=removed' && document.readyState === 'complete'")
}
