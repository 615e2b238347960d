package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

// fact is a line of what is shown before a question.
type fact struct{ name, value string }

// destination tells where messages go: the host, a sandbox or not, and the cabinet.
func (a access) destination(ctx context.Context) []fact {
	host := a.host()
	if isSandbox(ctx, a.baseURL.text) {
		host += " (sandbox)"
	}
	return []fact{{"Host", printable(host)}, {"Cabinet", fmt.Sprint(a.businessID)}}
}

// host is the one that the client calls.
func (a access) host() string {
	base := a.baseURL.text
	if base == "" {
		base = gen.ServerURL
	}
	u, err := url.Parse(base)
	if err != nil {
		return "" // the client has refused such a base URL
	}
	return u.Host
}

// isSandbox asks a host of this machine for the control API of the sandbox. A loopback address alone shows nothing: a
// tunnel to the Market may listen there. The request has no key.
func isSandbox(ctx context.Context, baseURL string) bool {
	u, err := url.Parse(baseURL)
	if err != nil {
		return false
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.Scheme+"://"+u.Host+"/_sandbox/faults", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	first := make([]byte, 1)
	_, err = io.ReadFull(answer.Body, first)
	return err == nil && answer.StatusCode == http.StatusOK && first[0] == '['
}

// approve shows facts and puts a question to the person at the terminal. Anything but yes is no, which is an error.
func approve(cmd *cobra.Command, facts []fact, question string) error {
	out := cmd.ErrOrStderr()
	for _, f := range facts {
		fmt.Fprintf(out, "%-7s  %s\n", f.name, f.value)
	}
	fmt.Fprintf(out, "%s [y/N] ", question)
	answer, err := whileWaiting(cmd.Context(), func() (string, error) { return readLine(cmd.InOrStdin()) })
	if err != nil {
		fmt.Fprintln(out) // what is said next does not belong to the question
		return notSent(cmd.Context(), err)
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return &wrapper.Error{Operation: gen.OperationSendMessageToChat, Err: errDeclined}
	}
	return nil
}

// beginning is as much of a text as fits beside its name on a narrow screen, on one line.
func beginning(text string) string {
	const most = 60 // characters
	text = printable(strings.Join(strings.Fields(text), " "))
	if letters := []rune(text); len(letters) > most {
		return string(letters[:most]) + "…"
	}
	return text
}
