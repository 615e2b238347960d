package notify

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSources(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	mapped := []netip.Prefix{netip.MustParsePrefix("::ffff:10.0.0.0/104")}
	office := netip.MustParsePrefix("2001:db8::/32")
	direct, behind, anywhere := Direct(), Behind(proxies...), Anywhere()
	const market, stranger, proxy = "5.45.207.10:443", "192.0.2.1:443", "10.1.1.1:443"
	executed := 0
	for name, row := range map[string]struct {
		source    Source
		remote    string
		forwarded []string
		want      bool
	}{
		"the Market itself":                                {direct, market, nil, true},
		"the Market's second network":                      {direct, "141.8.142.127:1", nil, true},
		"the Market's third network":                       {direct, "5.255.253.0:1", nil, true},
		"just past the Market's networks":                  {direct, "5.45.207.128:1", nil, false},
		"just past the Market's third network":             {direct, "5.255.253.128:1", nil, false},
		"all of IPv4, told as mapped":                      {From(nil, netip.MustParsePrefix("::ffff:0.0.0.0/96")), market, nil, true},
		"just before the Market's networks":                {direct, "141.8.141.255:1", nil, false},
		"the Market as a mapped IPv6 address":              {direct, "[::ffff:5.45.207.10]:443", nil, true},
		"a stranger":                                       {direct, stranger, nil, false},
		"a stranger who names the Market":                  {direct, stranger, []string{"5.45.207.10"}, false},
		"a proxy that nobody told of":                      {direct, proxy, []string{"5.45.207.10"}, false},
		"no address":                                       {direct, "", nil, false},
		"a unix socket":                                    {direct, "@", nil, false},
		"a unix socket of From":                            {From(proxies, netip.MustParsePrefix("5.45.207.0/25")), "@", []string{"5.45.207.10"}, false},
		"behind a unix socket":                             {behind, "@", []string{"5.45.207.10"}, true},
		"behind a unix socket alone":                       {Behind(), "@", []string{"5.45.207.10"}, true},
		"behind a unix socket that net/http does not name": {behind, "", []string{"5.45.207.10"}, true},
		"behind a unix socket with a name":                 {behind, "/run/nginx.sock", []string{"5.45.207.10"}, true},
		"behind a unix socket, a stranger":                 {behind, "@", []string{"192.0.2.1"}, false},
		"behind a unix socket, without a header":           {behind, "@", nil, false},
		"an address without a port":                        {direct, "5.45.207.10", nil, true},
		"behind a proxy":                                   {behind, proxy, []string{"5.45.207.10"}, true},
		"behind two proxies":                               {behind, proxy, []string{"5.45.207.10, 10.2.2.2"}, true},
		"behind two proxies with a header each":            {behind, proxy, []string{"5.45.207.10", "10.2.2.2"}, true},
		"behind a proxy of IPv6":                           {behind, "[fd00::1]:443", []string{"5.45.207.10"}, true},
		"behind a proxy of IPv6 with a zone":               {behind, "[fd00::1%eth0]:443", []string{"5.45.207.10"}, true},
		"behind a proxy as a mapped IPv6 address":          {behind, "[::ffff:10.1.1.1]:443", []string{"5.45.207.10"}, true},
		"behind a proxy that is told as mapped":            {Behind(mapped...), proxy, []string{"5.45.207.10"}, true},
		"the sender as a mapped IPv6 address":              {behind, proxy, []string{"::ffff:5.45.207.10"}, true},
		"the sender with a port":                           {behind, proxy, []string{"5.45.207.10:50000"}, true},
		"the sender in brackets, with a port":              {behind, proxy, []string{"[::ffff:5.45.207.10]:50000"}, true},
		"the sender in brackets":                           {behind, proxy, []string{"[::ffff:5.45.207.10]"}, true},
		"past the proxy":                                   {behind, market, nil, true},
		"past the proxy with a header of its own":          {behind, market, []string{"192.0.2.1"}, true},
		"a stranger past the proxy":                        {behind, stranger, []string{"5.45.207.10"}, false},
		"a stranger behind the proxy":                      {behind, proxy, []string{"192.0.2.1"}, false},
		"a forged first entry":                             {behind, proxy, []string{"5.45.207.10, 192.0.2.1"}, false},
		"a forged first header":                            {behind, proxy, []string{"5.45.207.10", "192.0.2.1"}, false},
		"a forged entry before a proxy":                    {behind, proxy, []string{"5.45.207.10, 192.0.2.1, 10.2.2.2"}, false},
		"a forged proxy":                                   {behind, proxy, []string{"5.45.207.10, 10.3.3.3, 192.0.2.1"}, false},
		"no header":                                        {behind, proxy, nil, false},
		"an empty header":                                  {behind, proxy, []string{""}, false},
		"an empty entry at the end":                        {behind, proxy, []string{"5.45.207.10,"}, false},
		"unknown":                                          {behind, proxy, []string{"unknown"}, false},
		"unknown behind the sender":                        {behind, proxy, []string{"5.45.207.10, unknown"}, false},
		"unknown before the sender":                        {behind, proxy, []string{"unknown, 5.45.207.10"}, true},
		"nobody but proxies":                               {behind, proxy, []string{"10.4.4.4, 10.2.2.2"}, false},
		"a name instead of an address":                     {behind, proxy, []string{"market.yandex.ru"}, false},
		"white space around":                               {behind, proxy, []string{"\t 5.45.207.10 \t,  10.2.2.2 "}, true},
		"no proxies: as directly":                          {Behind(), market, nil, true},
		"no proxies: the header is not looked at":          {Behind(), proxy, []string{"5.45.207.10"}, false},
		"anywhere":                                             {anywhere, stranger, nil, true},
		"anywhere without an address":                          {anywhere, "", nil, true},
		"from one's own networks":                              {From(nil, office), "[2001:db8::1]:1", nil, true},
		"from one's own networks, with a zone":                 {From(nil, office), "[2001:db8::1%1]:1", nil, true},
		"from one's own networks, and not the Market's":        {From(nil, office), market, nil, false},
		"from one's own networks behind a proxy":               {From(proxies, office), proxy, []string{"2001:db8::1"}, true},
		"from nobody":                                          {From(proxies), market, nil, false},
		"from a network of IPv4 that is told as mapped":        {From(nil, mapped...), proxy, nil, true},
		"a network wider than IPv4 holds no IPv4":              {From(nil, netip.MustParsePrefix("::/0")), market, nil, false},
		"a network that is none":                               {From(nil, netip.Prefix{}), market, nil, false},
		"everything is a proxy: nobody is left to be a sender": {Behind(netip.MustParsePrefix("0.0.0.0/0")), proxy, []string{"5.45.207.10"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			r.RemoteAddr = row.remote
			r.Header["X-Forwarded-For"] = row.forwarded
			assert.Equal(t, row.want, row.source(r))
			executed++
		})
	}
	t.Logf("rows executed: %d", executed)
}

// Other headers that tell of a sender are not looked at.
func TestOtherHeaders(t *testing.T) {
	for _, header := range []string{"X-Real-Ip", "Forwarded", "True-Client-Ip", "Cf-Connecting-Ip", "X-Forwarded-Host"} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.RemoteAddr = "10.0.0.1:1"
		r.Header.Set(header, "5.45.207.10")
		assert.False(t, Behind(netip.MustParsePrefix("10.0.0.0/8"))(r), header)
	}
}

// What a caller does with a list of networks changes no Source.
func TestNetworksAreCopied(t *testing.T) {
	list := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	source := From(nil, list...)
	list[0] = netip.MustParsePrefix("192.0.2.0/24")
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.RemoteAddr = "192.0.2.1:1"
	assert.False(t, source(r))
	Networks()[0] = netip.MustParsePrefix("0.0.0.0/0")
	assert.False(t, Direct()(r))
	assert.Len(t, Networks(), 3)
}
