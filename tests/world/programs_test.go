package world

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/stretchr/testify/require"
)

// program finds a program of the system; Debian keeps some where only root looks.
func program(name string) (path string, ok bool) {
	if path, err := exec.LookPath(name); err == nil {
		return path, true
	}
	path = filepath.Join("/usr/sbin", name)
	_, err := os.Stat(path)
	return path, err == nil
}

// config writes a file out of a template, and gives its path.
func config(t *testing.T, dir, name, text string, values any) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, []byte(fill(t, text, values)), 0o644))
	return path
}

// fill gives the text of a template.
func fill(t *testing.T, text string, values any) string {
	t.Helper()
	var filled strings.Builder
	require.NoError(t, template.Must(template.New("").Parse(text)).Execute(&filled, values))
	return filled.String()
}

// freePort gives a port of loopback that was free a moment ago: these programs take no listener that is open already.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	return port
}

// run starts a program that stays in the foreground, waits until it listens, and ends it with the test.
func run(t *testing.T, address, name string, args ...string) {
	t.Helper()
	path, ok := program(name)
	require.True(t, ok, name)
	said, err := os.CreateTemp(t.TempDir(), "said")
	require.NoError(t, err)
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = said, said
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		_ = said.Close()
	})
	for range 500 {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ended:
			text, _ := os.ReadFile(said.Name())
			require.FailNow(t, name+" has ended", "%s", text)
		case <-time.After(20 * time.Millisecond):
		}
	}
	text, _ := os.ReadFile(said.Name())
	require.FailNow(t, name+" does not listen", "%s", text)
}

func host(url string) string { return url[strings.Index(url, "//")+2:] }
