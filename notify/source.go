package notify

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Source tells whether a request comes from the Market. There is no default, as none is right for every server: Direct,
// Behind, From and Anywhere make one, or write your own. It is called before the body is read, for several requests at
// once.
type Source func(*http.Request) bool

// Networks lists where the Market sends from, as it documents it: 5.45.207.0/25, 141.8.142.0/25 and 5.255.253.0/25. The
// caller may change the slice.
func Networks() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("5.45.207.0/25"),
		netip.MustParsePrefix("141.8.142.0/25"),
		netip.MustParsePrefix("5.255.253.0/25"),
	}
}

// Direct is for a server that the Market reaches itself: the other end of the connection must be one of Networks.
// Headers are not looked at.
func Direct() Source { return From(nil, Networks()...) }

// Behind is for a server behind proxies of the shop's own, given by the networks they connect from. The sender is
// looked for in X-Forwarded-For: from the right, past the proxies, as anybody can write anything further to the left.
// It must be one of Networks. A request that did not come through a proxy is taken by its own address. A unix socket is
// one of the proxies: only this machine can connect to it. Behind nothing and without a unix socket, it is Direct.
//
// Every one of the proxies has to append the address of whoever connected to it; nginx does so with
// proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for.
func Behind(proxies ...netip.Prefix) Source { return source(proxies, Networks(), true) }

// Anywhere lets everybody in: for tests, and where something in front of the server checks the sender.
func Anywhere() Source { return func(*http.Request) bool { return true } }

// From is Behind for other senders than Networks, should the Market's addresses change. Without senders nobody is let
// in.
func From(proxies []netip.Prefix, senders ...netip.Prefix) Source {
	return source(proxies, senders, false)
}

func source(proxies, senders []netip.Prefix, sockets bool) Source {
	proxies, senders = unmapped(proxies), unmapped(senders)
	return func(r *http.Request) bool {
		sender, ok := senderOf(r, proxies, sockets)
		return ok && within(senders, sender)
	}
}

// senderOf gives the address nearest to this server that is none of its proxies. sockets says that the other end of a
// unix socket is one of them.
func senderOf(r *http.Request, proxies []netip.Prefix, sockets bool) (netip.Addr, bool) {
	sender, ok := address(r.RemoteAddr)
	proxy := ok && within(proxies, sender) || sockets && isUnixSocket(r.RemoteAddr)
	if !proxy {
		return sender, ok
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		sender, ok = address(strings.TrimSpace(hop))
		if !ok || !within(proxies, sender) {
			return sender, ok
		}
	}
	return netip.Addr{}, false // nobody but proxies
}

// isUnixSocket knows the address of a unix socket's other end: net/http has "@" for one without a name, or its path.
func isUnixSocket(address string) bool {
	return address == "" || address[0] == '@' || address[0] == '/'
}

// address reads an IP address, with or without a port.
func address(text string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		withPort, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		ip = withPort.Addr()
	}
	return ip.Unmap().WithZone(""), true // a Prefix holds neither mapped addresses nor zones
}

func within(networks []netip.Prefix, ip netip.Addr) bool {
	return slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(ip) })
}

// unmapped writes networks of IPv4 as such: ::ffff:10.0.0.0/104 is 10.0.0.0/8.
func unmapped(networks []netip.Prefix) []netip.Prefix {
	const mapped = 128 - 32
	list := slices.Clone(networks)
	for i, network := range list {
		if ip := network.Addr(); ip.Is4In6() && network.Bits() >= mapped {
			list[i] = netip.PrefixFrom(ip.Unmap(), network.Bits()-mapped)
		}
	}
	return list
}
