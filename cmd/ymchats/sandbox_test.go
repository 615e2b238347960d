package main

import (
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

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// The command serves until it is interrupted, tells where, and logs each request with its verdict.
func TestSandbox(t *testing.T) {
	market := start(t, "sandbox", "--addr", "127.0.0.1:0", "--key", "secret", "--business", "4200", "--quota", "7",
		"--first-id", "7000001",
		"--fault", `getChat={"kind":"fail","status":403,"code":"FORBIDDEN"}`)
	base := loopbackURL.FindString(line(t, market.out, "The sandbox listens on "))
	require.NotEmpty(t, base)
	for _, export := range []string{"YM_BASE_URL=" + base + "/v2", "YM_API_KEY=secret", "YM_BUSINESS_ID=4200"} {
		assert.Equal(t, "  export "+export, line(t, market.out, "export"))
	}
	assert.Equal(t, `  curl -s -H 'Api-Key: secret' -H 'Content-Type: application/json' -d '{"context":{"type":"ORDER","id":1}}' `+base+`/v2/businesses/4200/chats/new`, line(t, market.out, "curl"))
	assert.Empty(t, line(t, market.out, ""))

	client, err := wrapper.New(4200, wrapper.APIKey("secret"), wrapper.WithBaseURL(base+"/v2"))
	require.NoError(t, err)
	var captured wrapper.Response
	done := make(chan error, 1)
	go func() {
		chat, err := client.CreateChat(t.Context(), wrapper.Order(5), wrapper.Capture(&captured))
		if err == nil {
			_, err = client.GetChat(t.Context(), chat.ChatID)
		}
		done <- err
	}()
	for _, want := range []string{`  POST "/v2/businesses/4200/chats/new"  200  no violations`, `  GET "/v2/businesses/4200/chat?chatId=7000001"  403  no violations`} {
		said := line(t, market.out, "")
		assert.True(t, strings.HasSuffix(said, want), said)
	}
	assert.ErrorIs(t, <-done, wrapper.ErrForbidden)
	assert.Equal(t, 7, captured.Quota.Limit)
	assert.Contains(t, page(base+"/_sandbox/chats"), `"businessId":4200`)

	market.interrupt()
	assert.Equal(t, "Stopping.", line(t, market.out, ""))
	assert.Zero(t, <-market.ended)
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

// A port that is taken is no mistake on the command line.
func TestAddressInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	for _, name := range []string{"sandbox", "listen"} {
		code, _, complaint := ended().run(t, name, "--addr", taken.Addr().String())
		assert.Equal(t, 1, code)
		assert.Contains(t, complaint, "ymchats: --addr: listen tcp "+taken.Addr().String())
	}
}

// It says so when others can reach it.
func TestSandboxBeyondLoopback(t *testing.T) {
	code, out, _ := ended().run(t, "sandbox", "--addr", "0.0.0.0:0")
	assert.Zero(t, code)
	assert.Contains(t, out, "for every machine that reaches this one, and its control API asks for no key")
	assert.Contains(t, out, "http://127.0.0.1:")
}

// Who sends too much, or nothing at all, does not keep others from being served.
func TestSandboxUnderFlood(t *testing.T) {
	t.Parallel()
	market := start(t, "sandbox", "--addr", "127.0.0.1:0")
	address := strings.TrimPrefix(loopbackURL.FindString(line(t, market.out, "The sandbox listens on ")), "http://")
	market.passOver()

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
	market.interrupt()
	assert.Zero(t, <-market.ended)
}

// Lists may be given with commas, and end up in the Market.
func TestSandboxTakesLists(t *testing.T) {
	code, _, complaint := ended().run(t, "sandbox", "--addr", "127.0.0.1:0", "--scope", "communication,all-methods", "--order", "1,2", "--business", "1,2")
	assert.Zero(t, code, complaint)
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
	_, err = (&sandboxServer{parallel: 1, quotaGiven: true}).market()
	assert.EqualError(t, err, "--quota is 0, allowed is 1 and above")
}

// Without a flag the quotas are those of the contract, and the ids those of the clock.
func TestSandboxDefaults(t *testing.T) {
	market := start(t, "sandbox", "--addr", "127.0.0.1:0")
	base := loopbackURL.FindString(line(t, market.out, "The sandbox listens on "))
	client, err := wrapper.New(4200, wrapper.APIKey("any"), wrapper.WithBaseURL(base+"/v2"))
	require.NoError(t, err)
	var captured wrapper.Response
	chat, err := client.CreateChat(t.Context(), wrapper.Order(5), wrapper.Capture(&captured))
	require.NoError(t, err)
	assert.Equal(t, 1000, captured.Quota.Limit)
	assert.GreaterOrEqual(t, chat.ChatID, idOf(time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)))
	for _, err := range client.Chats(t.Context(), gen.GetChatsRequest{}, wrapper.Capture(&captured)) {
		assert.NoError(t, err)
	}
	assert.Equal(t, 5000, captured.Quota.Limit)
}

func TestIDOfTheClock(t *testing.T) {
	at := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	assert.EqualValues(t, 25, idOf(at.Add(time.Second))-idOf(at))
	for _, year := range []int{1970, 2000, 2026, 2027, 2036, 2038, 2200} {
		_, err := sandbox.Open(sandbox.WithFirstID(idOf(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC))))
		assert.NoError(t, err, year)
	}
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
	assert.Contains(t, here, "http://127.0.0.1:80/v2/businesses/12345/chats/new")
	assert.Contains(t, here, "\n  export YM_BASE_URL=http://127.0.0.1:80/v2\n  export YM_API_KEY=any\n  export YM_BUSINESS_ID=12345\n")
	assert.Contains(t, greeting(sandboxServer{key: "it's"}, "127.0.0.1"), `export YM_API_KEY='it'\''s'`)
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
		"nothing given": {}, "an order": {orders: []int64{5}}, "orders": {orders: []int64{5, 6}}, "no orders": {orders: []int64{}}, "cabinets": {businesses: []int64{7}},
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
		if len(s.orders) > 0 {
			assert.JSONEq(t, `{"context":{"type":"ORDER","id":5}}`, parts[3], what)
		}
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
	server := newSandboxServer(sandbox.New())
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

// A stream that is reset after the message is stored, as --fault asks for it.
func TestSandboxSpeaksHTTP2(t *testing.T) {
	t.Parallel()
	market := start(t, "sandbox", "--addr", "127.0.0.1:0", "--first-id", "7000001", "--fault",
		`sendMessageToChat={"kind":"resetStream","streamError":"ENHANCE_YOUR_CALM","commit":true}`)
	url := loopbackURL.FindString(line(t, market.out, "The sandbox listens on "))
	market.passOver()

	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	post := func(path, body string) (*http.Response, error) {
		req, err := http.NewRequest("POST", url+"/v2/businesses/1/chats/"+path, strings.NewReader(body))
		require.NoError(t, err)
		req.Header = http.Header{"Api-Key": {"k"}, "Content-Type": {"application/json"}}
		return transport.RoundTrip(req)
	}
	resp, err := post("new", `{"context":{"type":"ORDER","id":1}}`)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, "HTTP/2.0", resp.Proto)
	_, err = post("message?chatId=7000001", `{"message":"Hello!"}`)
	assert.ErrorContains(t, err, "ENHANCE_YOUR_CALM")
	assert.Contains(t, page(url+"/_sandbox/chats"), `"text":"Hello!"`)
	market.interrupt()
	assert.Zero(t, <-market.ended)
}

// Each kind that is offered may stand alone, and the sandbox tells people which one is set.
func TestFaultOfAKindAlone(t *testing.T) {
	for _, kind := range sandbox.Kinds {
		market := sandbox.New()
		operation := sandbox.OperationGetChat
		if kind.Name == "changed" { // a text that is sent
			operation = sandbox.OperationSendMessageToChat
		}
		require.NoError(t, setFault(market, operation, kind.Name), kind.Name)
		listed := httptest.NewRecorder()
		market.Control().ServeHTTP(listed, httptest.NewRequest("GET", "http://localhost/_sandbox/faults", nil))
		want := `"kind":"` + kind.Name + `"`
		if kind.Name == "none" {
			want = "[]" // it takes away what was set
		}
		assert.Contains(t, listed.Body.String(), want)
	}
}
