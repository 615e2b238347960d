package tests

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ymarket-go/chats/wrapper"
)

// rawServer answers for the Market with the bytes that a fault writes, whether they are HTTP or not. It watches the client
// from both sides: which connections it leaves open, and which bodies of answers. It lives in a bubble of testing/synctest,
// which fails when somebody waits for ever, or a goroutine stays behind.
type rawServer struct {
	t       assert.TestingT
	network *network
	op      string
	skew    time.Duration   // of its clock
	fault   func(*exchange) // what requests of the operation meet
	unread  bool            // the fault sets in before there is a request
	passing bool            // only the first request meets the fault
	read    func(*exchange) // what the look reads
	arrived func()          // called when the client has the header of an answer to the operation
	pausing func()          // called when the client begins a pause

	headers, bodies chan struct{} // the client has an answer's header, or has closed its body
	handlers        sync.WaitGroup
	stopped         chan struct{} // closed when nobody is waited for any more

	mu           sync.Mutex
	conns        map[*conn]bool
	accepted     int           // connections
	inFault      int           // of them: a fault has them, and the client must let go of them
	asked, reads int           // requests of the operation, and of any other
	open         int           // bodies that were not closed
	barrier      chan struct{} // closed when as many requests as there are slots have come; nil: nobody waits
	waiting      int
}

// exchange is a request on its connection.
type exchange struct {
	*rawServer
	conn *conn
	op   string
	at   time.Time // by the Market's clock, in whole seconds, as HTTP dates are
}

func (w *rawServer) exchange(c *conn, op string) *exchange {
	return &exchange{w, c, op, time.Now().Add(w.skew).UTC().Truncate(time.Second)}
}

func newRawServer(t assert.TestingT, op string) *rawServer {
	w := &rawServer{t: t, op: op, network: newNetwork(), conns: map[*conn]bool{}, stopped: make(chan struct{})}
	w.headers, w.bodies = make(chan struct{}, 100), make(chan struct{}, 100)
	return w
}

// serve accepts connections until stop.
func (w *rawServer) serve() {
	w.handlers.Go(func() {
		for {
			select {
			case c := <-w.network.accepted:
				w.mu.Lock()
				w.conns[c] = true
				w.mu.Unlock()
				w.handlers.Go(func() { w.converse(c) })
			case <-w.network.closed:
				return
			}
		}
	})
}

// client is the one that people get, but for its connections. It is sent to loopback, where http:// is allowed.
func (w *rawServer) client(scheme string, opts ...wrapper.Option) *wrapper.Client {
	transport := &http.Transport{DialContext: w.network.dial, MaxIdleConnsPerHost: slots, MaxResponseHeaderBytes: 64 << 10}
	opts = append([]wrapper.Option{wrapper.WithBaseURL(scheme + "://127.0.0.1/v2"), wrapper.WithMiddleware(w.watch),
		wrapper.WithHTTPClient(&http.Client{Transport: transport})}, opts...)
	client, err := wrapper.New(business, wrapper.APIKey("key"), opts...)
	assert.NoError(w.t, err)
	return client
}

// converse answers the requests of a connection, until a fault ends it or the client does.
func (w *rawServer) converse(conn *conn) {
	defer func() {
		_ = conn.Close()
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.conns, conn)
	}()
	if first := w.count(&w.accepted) == 1; w.unread && (first || !w.passing) {
		w.count(&w.asked)
		w.meet(w.exchange(conn, w.op))
		return
	}
	from := bufio.NewReader(conn)
	for {
		x, err := w.next(from, conn)
		if err != nil || !w.reply(x) {
			return
		}
	}
}

// next reads a request to its end.
func (w *rawServer) next(from *bufio.Reader, conn *conn) (*exchange, error) {
	req, err := http.ReadRequest(from)
	if err != nil {
		return nil, err
	}
	assert.NoError(w.t, contract().Request(req))
	_, err = io.Copy(io.Discard, req.Body)
	return w.exchange(conn, contract().Operation(req)), err
}

// reply tells whether the connection is still good.
func (w *rawServer) reply(x *exchange) bool {
	w.mu.Lock()
	barrier := w.barrier
	if w.waiting++; barrier != nil && w.waiting == slots {
		close(barrier)
	}
	w.mu.Unlock()
	switch {
	case barrier != nil:
		x.await(barrier)
		x.usualAnswer()
	case x.op == w.op:
		if first := w.count(&w.asked) == 1; w.passing && !first {
			x.usualAnswer()
			return true
		}
		w.meet(x)
		return false
	default:
		w.count(&w.reads)
		w.read(x)
	}
	return true
}

// meet lets a fault have the connection, until the client has let go of it.
func (w *rawServer) meet(x *exchange) {
	w.count(&w.inFault)
	w.fault(x)
	x.conn.CloseWrite()
	x.waitForClose()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inFault--
}

func (w *rawServer) count(n *int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	*n++
	return *n
}

func (w *rawServer) get(n *int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return *n
}

// stop ends what is left once the client has let go of what a fault has touched. Its idle connections it may keep until
// the server closes them.
func (w *rawServer) stop() {
	time.Sleep(time.Second) // a fault that pauses meets the end of its connection
	synctest.Wait()
	assert.Zero(w.t, w.get(&w.inFault), "connections on which the client gave up, and holds them")
	close(w.network.closed)
	w.mu.Lock()
	for c := range w.conns {
		c.CloseWrite()
	}
	w.mu.Unlock()
	synctest.Wait()
	assert.Empty(w.t, w.conns, "connections that the client leaves open")
	close(w.stopped)
	w.handlers.Wait()
	assert.Zero(w.t, w.get(&w.open), "bodies of answers left open")
}

// watch is a middleware: it counts the bodies of answers that are open, and tells how far the client has read.
func (w *rawServer) watch(next wrapper.Doer) wrapper.Doer {
	return doer(func(req *http.Request) (*http.Response, error) {
		resp, err := next.Do(req)
		if resp == nil || resp.Body == nil {
			return resp, err
		}
		w.count(&w.open)
		body := &watchedBody{ReadCloser: resp.Body, closed: func() { w.mu.Lock(); w.open--; w.mu.Unlock() }}
		if contract().Operation(req) == w.op {
			closed := body.closed
			body.closed = func() { closed(); signal(w.bodies) }
			signal(w.headers)
			if w.arrived != nil {
				w.arrived()
			}
		}
		resp.Body = body
		return resp, err
	})
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // nobody waits for so many
	}
}

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(req *http.Request) (*http.Response, error) { return d(req) }

type watchedBody struct {
	io.ReadCloser
	once   sync.Once
	closed func()
}

func (b *watchedBody) Close() error {
	b.once.Do(b.closed)
	return b.ReadCloser.Close()
}

// say writes bytes. It fails when the client is gone, and then there is nobody to tell.
func (x *exchange) say(format string, args ...any) { _, _ = fmt.Fprintf(x.conn, format, args...) }

// header writes an answer up to its body, of which it announces the length.
func (x *exchange) header(status int, length int, lines ...string) {
	x.say("HTTP/1.1 %d %s\r\nDate: %s\r\n", status, http.StatusText(status), x.at.Format(http.TimeFormat))
	x.say("Content-Length: %d\r\n", length)
	for _, line := range lines {
		x.say("%s\r\n", line)
	}
	x.say("\r\n")
}

// answer says it whole, and that the connection ends with it.
func (x *exchange) answer(status int, body string, lines ...string) {
	x.header(status, len(body), append(lines, "Connection: close")...)
	x.say("%s", body)
}

// usualAnswer is the answer that the operation promises, on a connection that stays open.
func (x *exchange) usualAnswer() {
	body := x.body()
	x.header(http.StatusOK, len(body), "Content-Type: application/json")
	x.say("%s", body)
}

// body is what the operation promises.
func (x *exchange) body() string { return operations[x.op].answer(x.at) }

// waitForClose waits until the client closes the connection.
func (x *exchange) waitForClose() { _, _ = io.Copy(io.Discard, x.conn) }

// await waits for the client, unless the test has given up waiting.
func (w *rawServer) await(something <-chan struct{}) {
	select {
	case <-something:
	case <-w.stopped:
	}
}

// reset cuts the connection with RST instead of FIN.
func (x *exchange) reset() { x.conn.reset() }

// untrusted is a certificate that nobody trusts.
var untrusted = sync.OnceValue(func() tls.Certificate {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return server.TLS.Certificates[0]
})

// handshake speaks TLS to whoever comes.
func (x *exchange) handshake() {
	_ = tls.Server(x.conn, &tls.Config{Certificates: []tls.Certificate{untrusted()}}).Handshake()
}
