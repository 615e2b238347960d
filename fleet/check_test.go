package fleet

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mistake is one of a program that is set up for the first time.
type mistake struct {
	client redis.UniversalClient
	says   string
}

func mistakes(t *testing.T) map[string]mistake {
	t.Helper()
	plain, secret, encrypted := onOne(t), onOne(t, "--requirepass", "right"), startTLS(t)
	silent := onOne(t)
	silent.signal(stop)
	to := func(s *server, set func(*redis.Options)) *redis.Client {
		o := &redis.Options{Network: s.network(), Addr: s.address}
		set(o)
		return redis.NewClient(o)
	}
	at := func(address string) func(*redis.Options) {
		return func(o *redis.Options) { o.Network, o.Addr = "tcp", address }
	}
	insecure := func(o *redis.Options) { o.TLSConfig = &tls.Config{InsecureSkipVerify: true} } //nolint:gosec // a test
	strict := func(o *redis.Options) { at(encrypted.address)(o); o.TLSConfig = &tls.Config{} } //nolint:gosec // a test
	return map[string]mistake{
		"another password": {to(secret, func(o *redis.Options) { o.Password = "wrong" }), ": WRONGPASS "},
		"no password":      {to(secret, func(*redis.Options) {}), ": NOAUTH "},
		"no such user":     {to(plain, func(o *redis.Options) { o.Username, o.Password = "x", "y" }), ": WRONGPASS "},
		"no such host":     {to(plain, at("redis.invalid:6379")), "(is the host's name right?)"},
		"nothing there":    {to(plain, at("127.0.0.1:1")), "(nothing listens there: are host and port right?)"},
		"TLS to a plain port": {to(plain, insecure),
			"(connected, but no handshake: is it a plain port?)"},
		"plain to a TLS port": {to(plain, at(encrypted.address)), "(the connection was closed: a TLS port?)"},
		"unknown certificate": {to(encrypted, strict), "certificate"},
		"no answer":           {to(silent, func(*redis.Options) {}), "(connected, but no answer)"},
		"not a cluster": {redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{encrypted.address},
			TLSConfig: &tls.Config{InsecureSkipVerify: true}}), "cluster support disabled"}, //nolint:gosec // a test
		"no Sentinel": {redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "m",
			SentinelAddrs: []string{"127.0.0.1:1"}}), "all sentinels specified in configuration are unreachable"},
	}
}

// startTLS starts a server on a port that speaks TLS alone.
func startTLS(t *testing.T) *server {
	t.Helper()
	https := httptest.NewTLSServer(http.NotFoundHandler())
	defer https.Close()
	certificate := https.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	require.NoError(t, err)
	file := func(kind string, bytes []byte) string {
		name := t.TempDir() + "/" + strings.ReplaceAll(kind, " ", "-")
		require.NoError(t, os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600))
		return name
	}
	cert, port := file("CERTIFICATE", certificate.Certificate[0]), fmt.Sprint(freePort(t))
	s := onOne(t, "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", file("PRIVATE KEY", key),
		"--tls-ca-cert-file", cert, "--tls-auth-clients", "no")
	s.address = "127.0.0.1:" + port
	return s
}

// Check and the line that is written when a request meets the mistake say the same, and neither shows a password.
func TestMistakesAreNamed(t *testing.T) {
	beside(t)
	for name, row := range mistakes(t) {
		t.Run(name, func(t *testing.T) {
			beside(t)
			defer row.client.Close()
			var log lines
			shared, l := memberOver(t, row.client, WithLogger(log.logger()))
			began := time.Now()
			err := shared.Check(t.Context())
			t.Logf("after %v: %v", time.Since(began).Round(time.Millisecond), err)
			require.ErrorContains(t, err, row.says)
			assert.Regexp(t, "^fleet: ", err)
			assert.NotContains(t, err.Error(), "EVAL", "a connection that fails is not that of a command")
			began = time.Now()
			take(t, l, "getChat")(served)
			eventually(t, "a line is written", func() bool { return log.String() != "" })
			t.Logf("after %v: %s", time.Since(began).Round(time.Millisecond), log.String())
			assert.Regexp(t, `^level=WARN msg="fleet: Redis is away" businessId=12345 error="`, log.String())
			if name != "no Sentinel" { // go-redis asks Sentinels one client at a time, which may outlast the check
				assert.Contains(t, log.String(), row.says)
			}
			assert.NotContains(t, log.String(), "wrong")
		})
	}
}

func TestCheck(t *testing.T) {
	beside(t)
	onEach(t, func(t *testing.T, s *server) {
		shared, _ := member(t, s)
		require.NoError(t, shared.Check(t.Context()))
		require.EqualValues(t, 0, s.do("DBSIZE"), "it leaves nothing behind")
		s.do("CONFIG", "SET", "maxmemory", "1")
		assert.ErrorContains(t, shared.Check(t.Context()), "HSET: OOM ")
		s.do("CONFIG", "SET", "maxmemory", "0")
		closed := s.client(t)
		late, _ := memberOver(t, closed)
		closed.Close()
		assert.ErrorIs(t, late.Check(t.Context()), redis.ErrClosed)
		assert.EqualError(t, shared.Check(nil), "fleet: ctx is nil") //nolint:staticcheck // a nil context is what is tried
		shared.Close()
		assert.Equal(t, errClosed, shared.Check(t.Context()))
	})
}

// A dial that fails is not repeated, as go-redis does, and one that got no answer is told from one that got no further.
func TestCheckDialsOnce(t *testing.T) {
	var dials atomic.Int64
	dial := func(context.Context, string, string) (net.Conn, error) {
		dials.Add(1)
		return nil, &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}
	}
	single := redis.NewClient(&redis.Options{Dialer: dial})
	defer single.Close()
	cluster := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"127.0.0.1:1"}, Dialer: dial})
	defer cluster.Close()
	for _, rdb := range []redis.UniversalClient{single, cluster} {
		dials.Store(0)
		once, finish := withoutRetries(rdb)
		err := once.Ping(t.Context()).Err()
		finish()
		assert.ErrorContains(t, withHint(err), "(no connection: a firewall, or another host?)")
		assert.EqualValues(t, 1, dials.Load())
	}
}

// The client of a check shares no option that go-redis changes while it works, and connects for no later use.
func TestCheckSharesNothing(t *testing.T) {
	dial := func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed }
	single := redis.NewClient(&redis.Options{Dialer: dial, MinIdleConns: 1})
	defer single.Close()
	once, finish := withoutRetries(single)
	defer finish()
	assert.Zero(t, once.(*redis.Client).Options().MinIdleConns)
	assert.Equal(t, maintnotifications.ModeDisabled, once.(*redis.Client).Options().MaintNotificationsConfig.Mode)

	cluster := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"127.0.0.1:1"}, Dialer: dial, MinIdleConns: 1})
	defer cluster.Close()
	once, finishCluster := withoutRetries(cluster)
	defer finishCluster()
	options := once.(*redis.ClusterClient).Options()
	assert.Zero(t, options.MinIdleConns)
	assert.Equal(t, maintnotifications.ModeDisabled, options.MaintNotificationsConfig.Mode)
	assert.NotSame(t, &cluster.Options().Addrs[0], &options.Addrs[0])
}

// A Fleet that ends while it looks for the cause of an error keeps the error.
func TestCauseAfterClose(t *testing.T) {
	shared, _ := memberOver(t, nowhere(t))
	require.NoError(t, shared.Close())
	assert.Equal(t, errLate, shared.explain(shared.life, errLate))
}

// mute is a connection whose messages are lost.
type mute struct{ net.Conn }

func (m mute) Read(p []byte) (int, error) {
	n, err := m.Conn.Read(p)
	for err == nil && bytes.Contains(p[:n], []byte("\r\nmessage\r\n")) {
		n, err = m.Conn.Read(p)
	}
	return n, err
}

// Messages that do not arrive, though they may be sent, are found out.
func TestCheckHearsItself(t *testing.T) {
	beside(t)
	s := onOne(t)
	rdb := redis.NewClient(&redis.Options{Dialer: func(context.Context, string, string) (net.Conn, error) {
		conn, err := net.Dial("unix", s.address)
		return mute{conn}, err
	}})
	defer rdb.Close()
	shared, _ := memberOver(t, rdb)
	require.ErrorContains(t, shared.Check(t.Context()), ": a message did not come back: ")
}

// Rights are those of a node: Check tries each master of a cluster.
func (c *cluster) checkEachMaster(t *testing.T) {
	shared, err := New(c.client(t))
	require.NoError(t, err)
	defer shared.Close()
	require.NoError(t, shared.Check(t.Context()))
	for _, master := range c.nodes[:3] {
		for _, right := range []string{"zcard", "publish"} {
			master.do("ACL", "SETUSER", "default", "-"+right)
			err := shared.Check(t.Context())
			assert.ErrorContains(t, err, "Redis at "+master.address+": "+strings.ToUpper(right)+": ")
			master.do("ACL", "SETUSER", "default", "+"+right)
		}
	}
}

// Check takes no longer than 6 s, and ends with its context.
func TestCheckEnds(t *testing.T) {
	beside(t)
	free := make(chan struct{})
	defer close(free)
	rdb := redis.NewClient(&redis.Options{Dialer: func(context.Context, string, string) (net.Conn, error) {
		<-free
		return nil, net.ErrClosed
	}})
	defer rdb.Close()
	shared, _ := memberOver(t, rdb)
	soon, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	require.ErrorIs(t, shared.Check(soon), context.DeadlineExceeded)
	began := time.Now()
	require.ErrorIs(t, shared.Check(t.Context()), errNoAnswer)
	require.GreaterOrEqual(t, time.Since(began), checkTime)
}
