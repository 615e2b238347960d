package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// The command serves until it is interrupted, tells where, and logs each request with its verdict.
func TestSandbox(t *testing.T) {
	ctx, interrupt := context.WithTimeout(t.Context(), time.Minute)
	defer interrupt()
	in, out := io.Pipe()
	root := newCommand(realTerminals)
	root.SetArgs([]string{"sandbox", "--addr", "127.0.0.1:0", "--key", "secret", "--business", "4200", "--quota", "7",
		"--fault", `getChat={"kind":"fail","status":403,"code":"FORBIDDEN"}`})
	root.SetOut(out)
	ended := make(chan error, 1)
	go func() {
		ended <- root.ExecuteContext(ctx)
		_ = out.Close()
	}()
	lines := bufio.NewScanner(in)
	require.True(t, lines.Scan())
	base := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(lines.Text())
	require.NotEmpty(t, base, lines.Text())
	for !strings.Contains(lines.Text(), "curl") {
		require.True(t, lines.Scan())
	}
	assert.Equal(t, `  curl -s -H 'Api-Key: secret' -H 'Content-Type: application/json' -d '{"context":{"type":"ORDER","id":1}}' `+base+`/v2/businesses/4200/chats/new`, lines.Text())
	require.True(t, lines.Scan())

	client, err := wrapper.New(4200, wrapper.APIKey("secret"), wrapper.WithBaseURL(base+"/v2"))
	require.NoError(t, err)
	var captured wrapper.Response
	done := make(chan error, 1)
	go func() {
		chat, err := client.CreateChat(ctx, wrapper.Order(5), wrapper.Capture(&captured))
		if err == nil {
			_, err = client.GetChat(ctx, chat.ChatID)
		}
		done <- err
	}()
	for _, want := range []string{`  POST "/v2/businesses/4200/chats/new"  200  no violations`, `  GET "/v2/businesses/4200/chat?chatId=7000001"  403  no violations`} {
		require.True(t, lines.Scan())
		assert.True(t, strings.HasSuffix(lines.Text(), want), lines.Text())
	}
	assert.ErrorIs(t, <-done, wrapper.ErrForbidden)
	assert.Equal(t, 7, captured.Quota.Limit)
	assert.Contains(t, page(base+"/_sandbox/chats"), `"businessId":4200`)

	interrupt()
	require.True(t, lines.Scan())
	assert.Equal(t, "Stopping.", lines.Text())
	assert.NoError(t, <-ended)
	assert.NotContains(t, page(base+"/_sandbox/chats"), `"businessId":4200`, "whoever listens there now is another process")
}

// page is what an address answers, nothing where nobody listens.
func page(url string) string {
	resp, err := http.Get(url)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return string(body)
}

func TestSandboxUsage(t *testing.T) {
	for says, args := range map[string][]string{
		"--quota is 0, allowed is 1 and above":                                                                      {"--quota", "0"},
		"--parallel is -1, allowed is 1 and above":                                                                  {"--parallel", "-1"},
		"--business is [0], allowed is at least one id of 1 and above":                                              {"--business", "0"},
		`--scope is "all", allowed is one of [all-methods`:                                                          {"--scope", "all"},
		`--fault is "getChat", allowed is OPERATION=FAULT`:                                                          {"--fault", "getChat"},
		"--fault getChat: value must be an object":                                                                  {"--fault", "getChat=500"},
		"--fault getChat: it is not JSON":                                                                           {"--fault", "getChat={abort"},
		"--fault getChat: there is no kind \"abrt\", allowed are none, answer, ":                                    {"--fault", "getChat=abrt"},
		"lagging; did you mean abort?":                                                                              {"--fault", `getChat={"kind":"abrt"}`},
		`--fault getChat: Error at "/kind": property "kind" is missing`:                                             {"--fault", `getChat={}`},
		`--host is "a:1", allowed is a name or an address, without a port`:                                          {"--host", "a:1"},
		`--order is [0], allowed is a list of numbers of 1 and above`:                                               {"--order", "0"},
		"--fault is given twice for getChat, allowed is one":                                                        {"--fault", `getChat={"kind":"abort"}`, "--fault", `getChat={"kind":"html"}`},
		`--fault has no operation "get", allowed are createChat, getChat, sendMessageToChat; did you mean getChat?`: {"--fault", `get={"kind":"abort"}`},
	} {
		root := newCommand(realTerminals)
		root.SetArgs(append([]string{"sandbox", "--addr", "127.0.0.1:0"}, args...))
		root.SetOut(io.Discard)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // a flag that is not refused would serve for ever
		defer cancel()
		err := root.ExecuteContext(ctx)
		assert.ErrorAs(t, err, new(usageError))
		assert.ErrorContains(t, err, says)
	}
	root := newCommand(realTerminals)
	root.SetArgs([]string{"sandbox", "--addr", "127.0.0.1:99999"})
	assert.ErrorContains(t, root.ExecuteContext(t.Context()), "--addr: ")
}

// It says so when others can reach it.
func TestSandboxBeyondLoopback(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out strings.Builder
	root := newCommand(realTerminals)
	root.SetArgs([]string{"sandbox", "--addr", "0.0.0.0:0"})
	root.SetOut(&out)
	require.NoError(t, root.ExecuteContext(ctx))
	assert.Contains(t, out.String(), "for every machine that reaches this one, and its control API asks for no key")
	assert.Contains(t, out.String(), "http://127.0.0.1:")
}

// Who sends too much, or nothing at all, does not keep others from being served.
func TestSandboxUnderFlood(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	in, out := io.Pipe()
	ended := make(chan error, 1)
	s := sandboxServer{addr: "127.0.0.1:0", quota: 1000, parallel: 4}
	market, err := s.market()
	require.NoError(t, err)
	go func() { ended <- s.serve(ctx, market, out); _ = out.Close() }()
	lines := bufio.NewScanner(in)
	require.True(t, lines.Scan())
	address := strings.TrimPrefix(regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(lines.Text()), "http://")
	go func() { _, _ = io.Copy(io.Discard, in) }()

	for range 100 { // slow clients: half a request, and then silence
		conn, err := net.Dial("tcp", address)
		require.NoError(t, err)
		defer conn.Close()
		_, err = io.WriteString(conn, "GET /v2/businesses/1/chat?chatId=1 HTTP/1.1\r\nHost: x\r\n")
		require.NoError(t, err)
	}
	flood := strings.Repeat("x", 1<<20)
	ask := func(header, body string) int {
		req, err := http.NewRequest("POST", "http://"+address+"/v2/businesses/1/chats/new", strings.NewReader(body))
		require.NoError(t, err)
		req.Header = http.Header{"Api-Key": {"k"}, "Content-Type": {"application/json"}, "X-Flood": {header}}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0 // the server hung up on who did not stop sending
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	assert.Contains(t, []int{0, 431}, ask(flood, "{}"), "a flood of headers")
	assert.Contains(t, []int{0, 400}, ask("", strings.Repeat(flood, 20)), "a flood of body")
	assert.Equal(t, 200, ask("", `{"context":{"type":"ORDER","id":1}}`), "and everybody else")
	cancel()
	assert.NoError(t, <-ended)
}

// Lists may be given with commas, and end up in the Market.
func TestSandboxTakesLists(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	root := newCommand(realTerminals)
	root.SetArgs([]string{"sandbox", "--addr", "127.0.0.1:0", "--scope", "communication,all-methods", "--order", "1,2", "--business", "1,2"})
	root.SetOut(io.Discard)
	assert.NoError(t, root.ExecuteContext(ctx))

	root = newCommand(realTerminals)
	root.SetArgs([]string{"sandbox", "extra"})
	root.SetOut(io.Discard)
	assert.ErrorAs(t, root.ExecuteContext(ctx), new(usageError))
}

// Every flag reaches the Market.
func TestSandboxFlags(t *testing.T) {
	create := func(s sandboxServer, order string) (status int, body string) {
		market, err := s.market()
		require.NoError(t, err)
		req := httptest.NewRequest("POST", "/v2/businesses/1/chats/new", strings.NewReader(`{"context":{"type":"ORDER","id":`+order+`}}`))
		req.Header = http.Header{"Api-Key": {"k"}, "Content-Type": {"application/json"}}
		w := httptest.NewRecorder()
		market.ServeHTTP(w, req)
		return w.Code, w.Body.String()
	}
	for what, row := range map[string]struct {
		s     sandboxServer
		order string
		want  int
	}{
		"the order that there is":  {sandboxServer{quota: 1, parallel: 1, orders: []int64{5}}, "5", 200},
		"another order":            {sandboxServer{quota: 1, parallel: 1, orders: []int64{5}}, "6", 404},
		"no order at all":          {sandboxServer{quota: 1, parallel: 1, orders: []int64{}}, "6", 404},
		"a scope that only reads":  {sandboxServer{quota: 1, parallel: 1, scopes: []string{"all-methods:read-only"}}, "5", 403},
		"another cabinet's key":    {sandboxServer{quota: 1, parallel: 1, businesses: []int64{2}}, "5", 403},
		"another key":              {sandboxServer{quota: 1, parallel: 1, key: "secret"}, "5", 401},
		"everything as it is":      {sandboxServer{quota: 1, parallel: 1}, "5", 200},
		"a fault of the operation": {sandboxServer{quota: 1, parallel: 1, faults: []string{`createChat={"kind":"fail","status":503}`}}, "5", 503},
	} {
		status, body := create(row.s, row.order)
		assert.Equal(t, row.want, status, what, body)
	}
	_, err := (&sandboxServer{quota: 1, parallel: 1, businesses: []int64{}}).market()
	assert.ErrorContains(t, err, "--business is []")
	_, err = (&sandboxServer{parallel: 1}).market()
	assert.EqualError(t, err, "--quota is 0, allowed is 1 and above")
}

// The greeting can be pasted into a shell.
func TestSandboxGreeting(t *testing.T) {
	greeting := func(s sandboxServer, ip string) string {
		var out strings.Builder
		s.greet(&out, &net.TCPAddr{IP: net.ParseIP(ip), Port: 80})
		return out.String()
	}
	here := greeting(sandboxServer{}, "127.0.0.1")
	assert.NotContains(t, here, "every machine")
	assert.Contains(t, here, "'Api-Key: any'")
	assert.Contains(t, here, "http://127.0.0.1:80/v2/businesses/1/chats/new")
	assert.Contains(t, greeting(sandboxServer{key: "it's", businesses: []int64{7, 8}}, "127.0.0.1"), `'Api-Key: it'\''s'`)
	assert.Contains(t, greeting(sandboxServer{businesses: []int64{7, 8}}, "127.0.0.1"), "/businesses/7/")
	assert.Contains(t, greeting(sandboxServer{}, "192.0.2.1"), "It listens on 192.0.2.1:80, for every machine")
	assert.Contains(t, greeting(sandboxServer{}, "192.0.2.1"), "http://192.0.2.1:80/v2")
	assert.Contains(t, greeting(sandboxServer{}, "::"), "http://127.0.0.1:80/v2")
}

func TestSandboxLogLine(t *testing.T) {
	now := time.Date(2026, 9, 9, 15, 0, 0, 0, time.UTC)
	m := sandbox.New(sandbox.WithClock(func() time.Time { return now }))
	var lines []string
	m.Observe(func(c sandbox.Call) { lines = append(lines, logLine(c)) })
	m.Script("getChat", nil, sandbox.Abort())
	req := httptest.NewRequest("GET", "/v2/businesses/1/chat?chat=1&chatId=7&token=canary", nil)
	req.Header.Set("Api-Key", "k")
	m.ServeHTTP(httptest.NewRecorder(), req)
	assert.Panics(t, func() { m.ServeHTTP(httptest.NewRecorder(), req) })
	clock := now.Local().Format(time.TimeOnly)
	assert.Equal(t, []string{
		clock + `  GET "/v2/businesses/1/chat?chatId=7"  400  query chat: is not declared; query token: is not declared`,
		clock + `  GET "/v2/businesses/1/chat?chatId=7"  cut  query chat: is not declared; query token: is not declared`,
	}, lines)
}

// The command of the greeting succeeds, whatever the flags are, or there is none.
func TestSandboxGreetingWorks(t *testing.T) {
	command := regexp.MustCompile(`curl -s -H 'Api-Key: (.+)' -H 'Content-Type: (.+)' -d '(.+)' http://host(/\S+)`)
	for what, s := range map[string]sandboxServer{
		"nothing given": {}, "orders": {orders: []int64{5, 6}}, "no orders": {orders: []int64{}}, "cabinets": {businesses: []int64{7}},
		"key": {key: `a "b" c`}, "communication": {scopes: []string{"communication"}}, "all-methods": {scopes: []string{"all-methods:read-only", "all-methods"}},
	} {
		s.quota, s.parallel = 1, 1
		market, err := s.market()
		require.NoError(t, err)
		parts := command.FindStringSubmatch(s.firstCall("host"))
		require.NotNil(t, parts, s.firstCall("host"))
		req := httptest.NewRequest("POST", parts[4], strings.NewReader(parts[3]))
		req.Header = http.Header{"Api-Key": {parts[1]}, "Content-Type": {parts[2]}}
		w := httptest.NewRecorder()
		market.ServeHTTP(w, req)
		assert.Equal(t, 200, w.Code, "%s: %s", what, w.Body)
	}
	for _, scopes := range [][]string{{"all-methods:read-only"}, {}} {
		s := sandboxServer{scopes: scopes}
		assert.NotContains(t, s.firstCall("host"), "curl")
	}
}

// It is driven by the name that it listens on, by those that it was told, and by no others.
func TestSandboxHosts(t *testing.T) {
	for addr, row := range map[string]map[string]int{
		"127.0.0.1:80":           {"127.0.0.1:80": 204, "localhost": 204, "told.example": 204, "rebound.example": 403},
		"sandbox.internal:80":    {"sandbox.internal:80": 204, "told.example:80": 204, "rebound.example": 403},
		"[fe80::1%eth0]:80":      {"[fe80::1]:80": 204, "rebound.example": 403},
		"0.0.0.0:80":             {"127.0.0.1:80": 204, "0.0.0.0:80": 403, "rebound.example": 403},
		":80":                    {"127.0.0.1:80": 204, "told.example": 204, "rebound.example": 403, "": 403},
		"[::]:80":                {"[::1]:80": 204, "rebound.example": 403},
		"no port, so no address": {"localhost": 204},
	} {
		s := sandboxServer{addr: addr, quota: 1, parallel: 1, hosts: []string{"told.example"}}
		market, err := s.market()
		require.NoError(t, err, addr)
		for host, want := range row {
			req := httptest.NewRequest("POST", "/_sandbox/reset", nil)
			req.Host = host
			w := httptest.NewRecorder()
			market.Site().ServeHTTP(w, req)
			assert.Equal(t, want, w.Code, "%s asked as %s", addr, host)
		}
	}
}

// A connection is closed after an answer, unless it is to be kept.
func TestSandboxKeepAlive(t *testing.T) {
	for kept, want := range map[bool]string{false: "close", true: ""} {
		s := sandboxServer{quota: 1, parallel: 1, keepAlive: kept}
		market, err := s.market()
		require.NoError(t, err)
		w := httptest.NewRecorder()
		market.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		assert.Equal(t, want, w.Header().Get("Connection"))
	}
}

// What a slow client may take is bounded, at each step.
func TestSandboxServerIsBounded(t *testing.T) {
	server := newServer(nil)
	assert.Equal(t, 5*time.Second, server.ReadHeaderTimeout)
	assert.Equal(t, 15*time.Second, server.ReadTimeout)
	assert.Equal(t, 2*time.Minute, server.WriteTimeout)
	assert.Equal(t, time.Minute, server.IdleTimeout)
	assert.Equal(t, 64<<10, server.MaxHeaderBytes)
}

// A line of the log has ten violations at most.
func TestSandboxLogLineIsBounded(t *testing.T) {
	m := sandbox.New()
	var line string
	m.Observe(func(c sandbox.Call) { line = logLine(c) })
	body := `"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"l":1`
	req := httptest.NewRequest("POST", "/v2/businesses/1/chats/new", strings.NewReader("{"+body+"}"))
	req.Header = http.Header{"Api-Key": {"k"}, "Content-Type": {"application/json"}}
	m.ServeHTTP(httptest.NewRecorder(), req)
	assert.True(t, strings.HasSuffix(line, "body /j: is not declared; and 2 more"), line)
}
