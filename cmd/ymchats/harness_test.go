package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

const (
	testKey  = "canary-key"
	testText = "canary text"
	order    = "31000001" // the first chat of a sandbox is 7000001
	chat     = "7000001"
)

// newSandbox starts a sandbox on loopback, and puts into the environment how to reach it.
func newSandbox(t *testing.T) *sandbox.Market {
	t.Helper()
	clearAccess(t)
	market, environment := serveSandbox(t)
	for name, value := range environment {
		t.Setenv(name, value)
	}
	return market
}

// serveSandbox starts a sandbox on loopback, and tells how to reach it: a test that runs beside others cannot put that
// into the environment.
func serveSandbox(t *testing.T) (market *sandbox.Market, environment map[string]string) {
	t.Helper()
	market = sandbox.New(sandbox.WithAPIKey(testKey), sandbox.WithBusiness(12345))
	server := httptest.NewServer(market.Site())
	t.Cleanup(server.Close)
	return market, map[string]string{
		keySetting.variable: testKey, businessSetting.variable: "12345", baseURLSetting.variable: server.URL + "/v2",
	}
}

// clearAccess takes away what an earlier test has put into the environment and the files.
func clearAccess(t *testing.T) {
	t.Helper()
	for _, s := range []setting{keySetting, businessSetting, baseURLSetting} {
		t.Setenv(s.variable, "")
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("AppData", t.TempDir())
}

// shell is what a command runs in. Its zero value has an empty standard input, and no terminal anywhere.
type shell struct {
	ctx        context.Context
	in         io.Reader
	tee        io.Writer // sees standard error, too
	onTerminal func(stream any) bool
	columns    int // of each terminal; 0: unknown
}

func allTerminals(any) bool { return true }

// shownText is the line of a question that shows the message.
var shownText = regexp.MustCompile(`(?m)^Text +.*\n`)

// run gives the exit code and what was printed. Whatever happens, the key is not, and the message only in the question
// at a terminal.
func (s shell) run(t *testing.T, args ...string) (code int, out, complaint string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if s.ctx == nil {
		s.ctx = t.Context()
	}
	if s.in == nil {
		s.in = strings.NewReader("")
	}
	if s.tee == nil {
		s.tee = io.Discard
	}
	if s.onTerminal == nil {
		s.onTerminal = isTerminal
	}
	root := newCommand(terminals{s.onTerminal, func(any) int { return s.columns }})
	root.SetArgs(args)
	root.SetIn(s.in)
	root.SetOut(&stdout)
	root.SetErr(io.MultiWriter(&stderr, s.tee))
	code = execute(s.ctx, root)
	if reads := code == 0 && len(args) > 0 && strings.HasPrefix(args[0], "message"); !reads { // what the chat says is what they print
		printed := stdout.String() + stderr.String()
		if s.onTerminal(s.in) {
			printed = shownText.ReplaceAllString(printed, "")
		}
		assert.NotContains(t, printed, "canary")
	}
	return code, stdout.String(), stderr.String()
}

func run(t *testing.T, args ...string) (code int, out, complaint string) {
	t.Helper()
	return shell{}.run(t, args...)
}

// ended is a shell whose commands are interrupted before they begin: one that serves comes back.
func ended() shell {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return shell{ctx: ctx}
}

// started is a command that serves until it is interrupted.
type started struct {
	out, errors *bufio.Scanner
	interrupt   func()
	ended       chan int // the exit code
}

func start(t *testing.T, args ...string) *started {
	t.Helper()
	ctx, interrupt := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(interrupt)
	out, writeOut := io.Pipe()
	complaint, writeComplaint := io.Pipe()
	root := newCommand(realTerminals)
	root.SetArgs(args)
	root.SetOut(writeOut)
	root.SetErr(writeComplaint)
	s := &started{bufio.NewScanner(out), bufio.NewScanner(complaint), interrupt, make(chan int, 1)}
	go func() {
		s.ended <- execute(ctx, root)
		_ = writeOut.Close()
		_ = writeComplaint.Close()
	}()
	return s
}

// passOver reads on without looking: a command that nobody reads from would stand still.
func (s *started) passOver() {
	go func() {
		for s.out.Scan() {
		}
	}()
}

// line reads until one that holds a text.
func line(t *testing.T, lines *bufio.Scanner, with string) string {
	t.Helper()
	for lines.Scan() {
		if strings.Contains(lines.Text(), with) {
			return lines.Text()
		}
	}
	require.FailNow(t, "the program ended, and did not say: "+with)
	return ""
}

var loopbackURL = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// newSandboxWithChat is a sandbox with a chat in it.
func newSandboxWithChat(t *testing.T) *sandbox.Market {
	t.Helper()
	market := newSandbox(t)
	code, _, complaint := run(t, "new", "--order", order)
	require.Zero(t, code, complaint)
	return market
}

func sentTexts(market *sandbox.Market) (texts []string) {
	for _, m := range market.Messages(7000001) {
		texts = append(texts, m.Text)
	}
	return texts
}

// silentInput is a standard input that calls interrupted when somebody reads, and never gives anything.
func silentInput(interrupted func()) io.Reader {
	return reader(func() { interrupted(); select {} })
}

type reader func()

func (r reader) Read([]byte) (int, error) { r(); return 0, io.EOF }

type writer func(p []byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }

// asProgram in the environment makes the program of these tests the command itself, so that none has to be built for
// those that need a process of their own: an exit code, a signal, a shell.
const asProgram = "YMCHATS_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(testAnywhere(m))
}

// testAnywhere runs the tests with nothing of what the machine has in its environment and its files for a user.
func testAnywhere(m *testing.M) (code int) {
	home, err := os.MkdirTemp("", "ymchats")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(home)
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "AppData"} {
		_ = os.Setenv(name, home)
	}
	for _, s := range []setting{keySetting, businessSetting, baseURLSetting} {
		_ = os.Unsetenv(s.variable)
	}
	return m.Run()
}

// program is the command, as a process of its own.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), path, args...)
	command.Env = append(os.Environ(), asProgram+"=1")
	return command
}

// needSignals skips where no process can send another one what Ctrl-C sends.
func needSignals(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("os.Interrupt cannot be sent there")
	}
}
