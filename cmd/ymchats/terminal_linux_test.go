package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ymarket-go/chats/sandbox"
)

// openTerminal makes a terminal of so many columns: what a program writes to the second file is read from the first.
func openTerminal(t *testing.T, columns uint16) (screen, tty *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("there are no pseudo terminals")
	}
	t.Cleanup(func() { _ = screen.Close() })
	number, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	require.NoError(t, unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0))
	size := &unix.Winsize{Row: 24, Col: columns}
	require.NoError(t, unix.IoctlSetWinsize(int(screen.Fd()), unix.TIOCSWINSZ, size))
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = tty.Close() })
	return screen, tty
}

// On a real terminal a wait stays on one line, which is taken back. Where it is too narrow for that, the wait is one
// line, and nothing is written over.
func TestWaitOnATerminal(t *testing.T) {
	for columns, counts := range map[uint16]bool{40: true, 100: true, 10: false} {
		t.Run(fmt.Sprint(columns), func(t *testing.T) {
			t.Parallel()
			market, environment := serveSandbox(t)
			market.Script("createChat", sandbox.QuotaUsedUp(time.Second))
			screen, tty := openTerminal(t, columns)
			command := program(t, "new", "--order", order)
			for name, value := range environment {
				command.Env = append(command.Env, name+"="+value)
			}
			command.Env = append(command.Env, "TERM=xterm")
			command.Stdin, command.Stdout, command.Stderr = tty, tty, tty
			require.NoError(t, command.Run())
			require.NoError(t, tty.Close())
			shown, _ := io.ReadAll(screen) // it ends with an error of its own
			lines := strings.Split(strings.ReplaceAll(string(shown), "\r\n", "\n"), "\n")
			assert.Equal(t, "", lines[len(lines)-1])
			if !counts {
				require.Len(t, lines, 3, "%q", shown)
				assert.Regexp(t, `^ymchats: quota used up, trying again in \ds$`, lines[0])
				assert.Equal(t, "Chat 7000001, about order 31000001", lines[1])
				return
			}
			require.Len(t, lines, 2, "%q", shown)
			for _, written := range strings.Split(lines[0], "\r") {
				assert.Less(t, len([]rune(written)), int(columns), "%q", shown)
			}
			assert.Contains(t, lines[0], "quota used up, ")
			assert.True(t, strings.HasSuffix(lines[0], " \rChat 7000001, about order 31000001"), "%q", shown)
		})
	}
}

// A line can be written over where the terminal says that it can, and how wide it is.
func TestColumns(t *testing.T) {
	for _, row := range []struct {
		term    string
		columns uint16
		want    int
	}{
		{"xterm", 40, 40}, {"xterm", 100, 100}, {"xterm", 0, 0}, {"dumb", 100, 0}, {"", 100, 0},
	} {
		t.Setenv("TERM", row.term)
		_, tty := openTerminal(t, row.columns)
		assert.True(t, isTerminal(tty))
		assert.Equal(t, row.want, columnsOf(tty), "%q", row.term)
	}
	assert.Zero(t, columnsOf(strings.NewReader("")))
}

// Nobody writes into the pipe, and nobody waits for that.
func TestConfigThatIsAPipe(t *testing.T) {
	newSandbox(t)
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, unix.Mkfifo(path, 0o600))
	command := program(t, "get", "--chat", chat, "--config", path)
	var complaint bytes.Buffer
	command.Stderr = &complaint
	require.NoError(t, command.Start())
	defer time.AfterFunc(time.Minute, func() { _ = command.Process.Kill() }).Stop() // should it wait after all
	assert.Error(t, command.Wait())
	assert.Equal(t, "ymchats: "+path+": it is a pipe, allowed is a file\n", complaint.String())
}
