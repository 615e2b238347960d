package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

// On a real terminal the progress stays on one line, which is taken back; on one that cannot rewrite lines there is none
// in a run of less than a minute. With --verbose the lines of attempts stand alone.
func TestSendCSVOnATerminal(t *testing.T) {
	for _, row := range []struct {
		columns uint16
		term    string
		flag    string
		counts  string
	}{
		{40, "xterm", "--json=false", "of 20, to end at "}, {100, "xterm", "--json=false", "of 20 rows, "},
		{100, "dumb", "--json=false", ""}, {100, "xterm", "--verbose", ""},
	} {
		t.Run(fmt.Sprint(row.columns, row.term, row.flag), func(t *testing.T) {
			t.Parallel()
			market, environment := serveSandbox(t)
			market.Every(sandbox.OperationSendMessageToChat, sandbox.Delay(250*time.Millisecond, nil))
			screen, tty := openTerminal(t, row.columns)
			path := ordersFile(t, 20)
			command := program(t, "send", "--csv", path, row.flag)
			for name, value := range environment {
				command.Env = append(command.Env, name+"="+value)
			}
			command.Env = append(command.Env, "TERM="+row.term)
			command.Stdin, command.Stdout, command.Stderr = tty, tty, tty
			_, err := screen.WriteString("y\n")
			require.NoError(t, err)
			read := make(chan string, 1)
			go func() {
				all, _ := io.ReadAll(screen) // it ends with an error of its own
				read <- string(all)
			}()
			require.NoError(t, command.Run())
			require.NoError(t, tty.Close())
			shown := strings.ReplaceAll(<-read, "\r\n", "\n")
			t.Logf("%s", shown)
			_, after, found := strings.Cut(shown, "Send to 20 rows? [y/N] ")
			require.True(t, found, shown)
			if row.counts == "" {
				after = regexp.MustCompile(`(?m)^time=.*\n`).ReplaceAllString(after, "")
				assert.Equal(t, "20 rows: 20 sent\nResults: "+path+".results.csv\n", after)
				return
			}
			progress, _, found := strings.Cut(after, "20 rows: 20 sent\n")
			require.True(t, found, shown)
			assert.Contains(t, progress, row.counts)
			assert.NotContains(t, progress, "\n")
			assert.True(t, strings.HasSuffix(progress, " \r"), "%q", progress)
			for _, written := range strings.Split(progress, "\r") {
				assert.Less(t, len([]rune(written)), int(row.columns), "%q", written)
			}
		})
	}
}
