// Package world holds the client to its promise through what stands between a shop and the Market: programs of Debian,
// started on loopback, and HTTP/2 made of frames. Behind them is the sandbox, which fails at random, and its ledger is
// the judge.
package world

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

const inShort = 24

var perSetting = flag.Int("sends", inShort, "sends of each of the six settings, through each path; the default is the short form")

// path leads from a client to a sandbox.
type path struct {
	name    string
	needs   string                                                  // a program
	http2   bool                                                    // the client speaks it
	market  func(t *testing.T, l *ledger, seed uint64) (url string) // nil: plain
	gate    func(t *testing.T, market string, seed uint64) gate
	streams bool // the sandbox breaks streams of HTTP/2 too
	works   bool // the sandbox has no faults of its own
	warm    bool // each chat is read before its send, so that a cache has it
	long    bool // it is left out of the short form
}

func plain(t *testing.T, l *ledger, _ uint64) string     { return serve(t, l) }
func encrypted(t *testing.T, l *ledger, _ uint64) string { return serveTLS(t, l) }

func straight(http2 bool) func(*testing.T, string, uint64) gate {
	return func(t *testing.T, market string, _ uint64) gate {
		return gate{market, transport(t, http2), 300 * time.Millisecond}
	}
}

func paths() []path {
	caching := nginx{Rate: 200, Location: `proxy_cache chats;
		proxy_cache_valid 200 1m; proxy_cache_bypass $http_cache_control; limit_req zone=slow burst=10;`}
	short := haproxy{Server: "maxconn 2", Defaults: "  timeout queue 20ms\n  option http-buffer-request"}
	list := []path{
		{name: "straight, HTTP/1", gate: straight(false)},
		{name: "straight, HTTP/2", http2: true, market: encrypted, gate: straight(true), streams: true},
		{name: "frames, HTTP/2", http2: true, market: serveFrames, gate: straight(true), works: true},
		{name: "nginx, HTTP/1", needs: "nginx", gate: nginx{}.gate},
		{name: "nginx, HTTP/2", needs: "nginx", http2: true, gate: nginx{TLS: true}.gate},
		{name: "nginx, cache and limit_req", needs: "nginx", gate: caching.gate, warm: true},
		{name: "nginx, Market restarts", needs: "nginx", market: serveFlapping,
			gate: nginx{Upstream: "max_fails=1 fail_timeout=1s"}.gate},
		{name: "HAProxy, HTTP/1", needs: "haproxy", gate: short.slowGate},
		{name: "HAProxy, HTTP/2", needs: "haproxy", http2: true, gate: haproxy{TLS: true, Server: "proto h2"}.gate, streams: true},
		{name: "Squid, CONNECT", needs: "squid", http2: true, market: encrypted, gate: squid{}.http2Gate, streams: true},
		{name: "Squid, cache", needs: "squid", gate: squid{More: "refresh_pattern . 1 100% 2"}.gate, warm: true},
		{name: "Apache, HTTP/2", needs: "apache2", http2: true, gate: apache.gate},
		{name: "Varnish, cache", needs: "varnishd", gate: varnish.gate, warm: true},
		{name: "nghttpx, HTTP/2", needs: "nghttpx", http2: true, gate: nghttpx.gate},
		{name: "h2o, HTTP/2", needs: "h2o", http2: true, gate: h2o.gate, long: true},
		{name: "tinyproxy", needs: "tinyproxy", gate: tinyproxy.gate, long: true},
		{name: "lighttpd", needs: "lighttpd", gate: lighttpd.gate, long: true},
	}
	for _, p := range poisons {
		list = append(list, path{name: "toxiproxy, " + p.name, gate: p.gate})
	}
	return list
}

// faults are those of the sandbox.
func (p path) faults() (sends, reads []sandbox.Fault) {
	if p.works {
		return nil, nil
	}
	sends, reads = sendFaults(), readFaults()
	if p.streams {
		sends, reads = append(sends, streamFaults()...), append(reads, streamFaults()...)
	}
	return sends, reads
}

func (n nginx) gate(t *testing.T, market string, _ uint64) gate   { return n.start(t, market) }
func (h haproxy) gate(t *testing.T, market string, _ uint64) gate { return h.start(t, market) }
func (s squid) gate(t *testing.T, market string, _ uint64) gate   { return s.start(t, market, false) }

func (s squid) http2Gate(t *testing.T, market string, _ uint64) gate { return s.start(t, market, true) }

// slowGate has a client whose requests come slowly at times, so that HAProxy answers 408.
func (h haproxy) slowGate(t *testing.T, market string, seed uint64) gate {
	g := h.start(t, market)
	g.transport.DialContext = slowly(seed, 350*time.Millisecond)
	return g
}

// needs skips the test where a program is not installed.
func needs(t *testing.T, name string) {
	t.Helper()
	if _, ok := program(name); name != "" && !ok {
		if os.Getenv("CI") == "true" {
			require.FailNow(t, "it is not installed", name)
		}
		t.Skipf("skipped: %s is not installed; docs/world.md has the packages", name)
	}
}

// TestMain lets all paths go at once: they mostly wait.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "32"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func TestWorld(t *testing.T) {
	t.Parallel() // with the outages, which wait
	seed := worldSeed(t)
	list := paths()
	counts := make([]count, len(list))
	t.Run("path", func(t *testing.T) {
		for i, p := range list {
			t.Run(p.name, func(t *testing.T) {
				if p.long && *perSetting <= inShort {
					t.Skip("left out of the short form")
				}
				needs(t, p.needs)
				t.Parallel()
				counts[i] = p.run(t, seed)
			})
		}
	})
	t.Log("seed " + fmt.Sprint(seed) + "\n" + table(list, counts))
}

func worldSeed(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(1)
	if given := os.Getenv("SEED"); given != "" {
		var err error
		seed, err = strconv.ParseUint(given, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("another one with SEED=%d", seed+1)
	return seed
}

// run makes the sends of all settings through a path.
func (p path) run(t *testing.T, seed uint64) (c count) {
	sends, reads := p.faults()
	l := newLedger(t, seed, *perSetting*len(settings()), sends, reads)
	market, proto := plain, "HTTP/1.1"
	if p.market != nil {
		market = p.market
	}
	if p.http2 {
		proto = "HTTP/2.0"
	}
	g := p.gate(t, market(t, l, seed), seed)
	speaks(t, g, proto)
	for _, s := range settings() {
		sends := sendAll(t, l, g, s, p.warm, *perSetting)
		judge(t, l, s, sends, &c)
	}
	c.faults = l.faults
	assert.NotZero(t, c.faults+c.failed, "no fault was met")
	assert.Zero(t, c.twice, "stored twice without ResendAlways")
	assert.Zero(t, c.lost, "nil, and not stored")
	assert.Zero(t, c.deniedButStored, "not sent or rejected, and stored")
	assert.Zero(t, c.causeless, "unknown without cause")
	assert.Zero(t, c.resentBelow, "requests that no attempt of the client was")
	return c
}

// table is what the note and the documentation show.
func table(list []path, counts []count) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "path\tsends\tfaults\tfailed attempts\ttwice\tnil, not stored\tdenied, stored\tunknown, no cause\t"+
		"resent below\tunknown\tof it not stored\ttwice by always\t")
	for i, c := range counts {
		if c.sends > 0 {
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", list[i].name, c.sends, c.faults, c.failed,
				c.twice, c.lost, c.deniedButStored, c.causeless, c.resentBelow, c.unknown, c.unknownNotStored, c.twiceByAlways)
		}
	}
	_ = w.Flush()
	return text.String()
}
