package world

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// line is a client, a router and a server, each in a network namespace of its own. The router can stop to forward, as a line
// that drops.
type line struct{ Client, Router, Server string }

const serverAddress = "10.77.2.2"

var lines atomic.Int32

// layLine sets one up, for root alone.
func layLine(t *testing.T) line {
	t.Helper()
	name := fmt.Sprintf("ymchats-%d-%d-", os.Getpid(), lines.Add(1))
	l := line{name + "client", name + "router", name + "server"}
	t.Cleanup(func() {
		for _, namespace := range []string{l.Client, l.Router, l.Server} {
			_ = exec.Command("ip", "netns", "del", namespace).Run()
		}
	})
	script := strings.NewReplacer("CLIENT", l.Client, "ROUTER", l.Router, "SERVER", l.Server).Replace(`
		netns add CLIENT
		netns add ROUTER
		netns add SERVER
		link add name eth0 netns CLIENT type veth peer name eth0 netns ROUTER
		link add name eth0 netns SERVER type veth peer name eth1 netns ROUTER
		-n CLIENT addr add 10.77.1.2/24 dev eth0
		-n ROUTER addr add 10.77.1.1/24 dev eth0
		-n ROUTER addr add 10.77.2.1/24 dev eth1
		-n SERVER addr add 10.77.2.2/24 dev eth0
		-n CLIENT link set lo up
		-n CLIENT link set eth0 up
		-n ROUTER link set eth0 up
		-n ROUTER link set eth1 up
		-n SERVER link set eth0 up
		-n CLIENT route add default via 10.77.1.1
		-n SERVER route add default via 10.77.2.1`)
	for command := range strings.Lines(script) {
		if args := strings.Fields(command); len(args) > 0 {
			said, err := exec.Command("ip", args...).CombinedOutput()
			require.NoError(t, err, "ip %v: %s", args, said)
		}
	}
	l.forward(t, true)
	return l
}

// forward lets packets pass, or drops them without a word to either side.
func (l line) forward(t *testing.T, pass bool) {
	write := "echo 0 >/proc/sys/net/ipv4/ip_forward"
	if pass {
		write = "echo 1 >/proc/sys/net/ipv4/ip_forward"
	}
	said, err := exec.Command("ip", "netns", "exec", l.Router, "sh", "-c", write).CombinedOutput()
	require.NoError(t, err, "%s", said)
}

// listen opens a listener in the server's namespace. Connections that it accepts are of that namespace too.
func (l line) listen(t *testing.T) (listener net.Listener) {
	t.Helper()
	opened := make(chan error)
	go func() {
		runtime.LockOSThread() // for ever: the thread ends with its goroutine
		namespace, err := os.Open("/run/netns/" + l.Server)
		if err == nil {
			err = unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET)
		}
		if err == nil {
			listener, err = net.Listen("tcp", serverAddress+":0")
		}
		opened <- err
	}()
	require.NoError(t, <-opened)
	return listener
}
