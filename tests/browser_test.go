package tests

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// findBrowser gives the path of a Chromium, or skips. Where everything is to be tested, there has to be one.
func findBrowser(t *testing.T) string {
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

// browser is a Chromium, driven by the Chrome DevTools Protocol over two pipes, which needs no library: each message is
// JSON and ends with a zero byte.
type browser struct {
	to      *os.File
	from    *bufio.Reader
	last    int // id of the last command
	process *exec.Cmd
	profile string
}

// running is the browser of all tests, which takes seconds to start; nil: no test has needed one.
var running *browser

func TestMain(m *testing.M) {
	code := m.Run()
	if running != nil {
		running.end()
	}
	os.Exit(code)
}

func startBrowser(t *testing.T) *browser {
	t.Helper()
	path := findBrowser(t)
	profile, err := os.MkdirTemp("", "browser")
	require.NoError(t, err)
	process := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--hide-scrollbars",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+profile, "--remote-debugging-pipe", "about:blank")
	hears, to, err := os.Pipe()
	require.NoError(t, err)
	from, says, err := os.Pipe()
	require.NoError(t, err)
	process.ExtraFiles = []*os.File{hears, says} // they are its files 3 and 4; when they are closed, it ends
	require.NoError(t, process.Start())
	require.NoError(t, hears.Close())
	require.NoError(t, says.Close())
	return &browser{to: to, from: bufio.NewReader(from), process: process, profile: profile}
}

func (b *browser) end() {
	_, _ = b.to.WriteString(`{"id":0,"method":"Browser.close"}` + "\x00")
	unwilling := time.AfterFunc(10*time.Second, func() { _ = b.process.Process.Kill() })
	_ = b.process.Wait() // it may say that it was killed
	unwilling.Stop()
	removeProfile(b.profile)
}

// tab is a page in a browser.
type tab struct {
	*browser
	t       *testing.T
	session string // of the tab; commands without one are for the browser
}

// openTab opens a page, which ends with the test. It shares nothing with others but the browser.
func openTab(t *testing.T) *tab {
	t.Helper()
	if running == nil {
		running = startBrowser(t)
	}
	whole := &tab{browser: running, t: t}
	var context struct{ BrowserContextID string }
	whole.do("Target.createBrowserContext", nil, &context)
	t.Cleanup(func() {
		whole.do("Target.disposeBrowserContext", map[string]any{"browserContextId": context.BrowserContextID}, nil)
	})
	var target, attached struct{ TargetID, SessionID string }
	whole.do("Target.createTarget",
		map[string]any{"url": "about:blank", "browserContextId": context.BrowserContextID}, &target)
	whole.do("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b := &tab{browser: running, t: t, session: attached.SessionID}
	b.do("Page.enable", nil, nil)
	return b
}

// removeProfile removes what a browser has written. Processes of it may write some more after it has ended.
func removeProfile(dir string) {
	for range 50 {
		if os.RemoveAll(dir) == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// do gives a command to the browser, which has to carry it out.
func (b *tab) do(method string, params, result any) {
	b.t.Helper()
	require.NoError(b.t, b.try(method, params, result))
}

// try gives a command to the browser and waits for what comes of it. Events that come in between are passed over. The
// browser refuses a command where its page is being left.
func (b *tab) try(method string, params, result any) error {
	b.t.Helper()
	b.last++
	command := map[string]any{"id": b.last, "method": method}
	if params != nil {
		command["params"] = params
	}
	if b.session != "" {
		command["sessionId"] = b.session
	}
	text, err := json.Marshal(command)
	require.NoError(b.t, err)
	_, err = b.to.Write(append(text, 0))
	require.NoError(b.t, err)
	for {
		text, err := b.from.ReadBytes(0)
		require.NoError(b.t, err, "%s: the browser is gone", method)
		var answer struct {
			ID     int
			Error  *struct{ Message string }
			Result json.RawMessage
		}
		require.NoError(b.t, json.Unmarshal(text[:len(text)-1], &answer))
		switch {
		case answer.ID != b.last:
			continue
		case answer.Error != nil:
			return fmt.Errorf("%s: %s", method, answer.Error.Message)
		case result == nil:
			return nil
		default:
			return json.Unmarshal(answer.Result, result)
		}
	}
}

// open loads a page and waits until all of it is there.
func (b *tab) open(url string) {
	b.t.Helper()
	b.do("Page.navigate", map[string]any{"url": url}, nil)
	b.waitFor("document.readyState === 'complete' && location.href !== 'about:blank'")
}

// run has the page compute something, which may be a promise.
func (b *tab) run(script string, result any) {
	b.t.Helper()
	require.NoError(b.t, b.tryRun(script, result))
}

func (b *tab) tryRun(script string, result any) error {
	b.t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Exception struct{ Description string }
		}
	}
	params := map[string]any{"expression": script, "awaitPromise": true, "returnByValue": true}
	if err := b.try("Runtime.evaluate", params, &answer); err != nil {
		return err
	}
	if failed := answer.ExceptionDetails; failed != nil {
		return fmt.Errorf("%.300s: %s", script, failed.Exception.Description)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(answer.Result.Value, result)
}

// is tells whether an expression is true in the page.
func (b *tab) is(expression string) (yes bool) {
	b.t.Helper()
	b.run("!!("+expression+")", &yes)
	return yes
}

// waitFor waits until an expression is true in the page. A page that is being left, or has not yet what the expression
// looks for, is asked again.
func (b *tab) waitFor(expression string) {
	b.t.Helper()
	var err error
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		var yes bool
		if err = b.tryRun("!!("+expression+")", &yes); err == nil && yes {
			return
		}
	}
	require.Fail(b.t, "the page has waited for a minute", "%s: %v", expression, err)
}

// html is the document as the browser understood it.
func (b *tab) html() (document string) {
	b.t.Helper()
	b.run("document.documentElement.outerHTML", &document)
	return document
}

// look sets the width of the window, and whether its user prefers a dark scheme.
func (b *tab) look(width int, scheme string) {
	b.t.Helper()
	b.do("Emulation.setDeviceMetricsOverride",
		map[string]any{"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}, nil)
	feature := map[string]string{"name": "prefers-color-scheme", "value": scheme}
	b.do("Emulation.setEmulatedMedia", map[string]any{"features": []any{feature}}, nil)
}

// press presses a key, "Tab", "Enter" or "Escape".
func (b *tab) press(key string) {
	b.t.Helper()
	code, text := map[string]int{"Tab": 9, "Enter": 13, "Escape": 27}[key], map[string]string{"Enter": "\r"}[key]
	for _, kind := range []string{"keyDown", "keyUp"} {
		event := map[string]any{"type": kind, "key": key, "windowsVirtualKeyCode": code}
		if kind == "keyDown" && text != "" {
			event["text"] = text
		}
		b.do("Input.dispatchKeyEvent", event, nil)
	}
}

// picture writes a picture of the page, as far as it is long, into the directory that SCREENSHOTS names.
func (b *tab) picture(name string) {
	b.t.Helper()
	var page struct{ Data string }
	b.do("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}, &page)
	image, err := base64.StdEncoding.DecodeString(page.Data)
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(filepath.Join(os.Getenv("SCREENSHOTS"), name+".png"), image, 0o600))
}
