package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
)

const (
	marketRounds  = 10
	checksInRound = 1000
	loadCalls     = 2000
	loadCrowd     = 16
)

// market measures what stands on the other side: the check of traffic against the contract, and the sandbox.
func market(options) (section, error) {
	s := section{
		Title: "The check and the sandbox",
		About: fmt.Sprintf(marketAbout, loadCrowd, marketRounds),
	}
	checks, err := measureChecks()
	if err != nil {
		return s, err
	}
	load, err := measureLoad()
	if err != nil {
		return s, err
	}
	har, err := measureHAR()
	if err != nil {
		return s, err
	}
	each := func(f spread) string { return fmt.Sprintf("%.0f (%.0f–%.0f)", f.median, f.low, f.high) }
	s.Tables = []table{{
		Head: []string{"", "median (quartiles)", ""},
		Rows: [][]string{
			{"a request checked by api.Validator", spreadOf(checks[0]).by(1e3).String(), "µs"},
			{"an answer checked by api.Validator", spreadOf(checks[1]).by(1e3).String(), "µs"},
			{"sandbox, with checks", each(spreadOf(load[0])), "requests/s"},
			{"sandbox, WithoutChecks", each(spreadOf(load[1])), "requests/s"},
			{"ymchats check", each(spreadOf(har)), "entries/s"},
		},
	}}
	return s, nil
}

// measureChecks gives nanoseconds, of requests and of answers.
func measureChecks() (took [2][]float64, err error) {
	validator, err := api.NewValidator()
	if err != nil {
		return took, err
	}
	requests, err := finished()
	if err != nil {
		return took, err
	}
	from := &answers{}
	for range marketRounds {
		var spent [2]time.Duration
		for i := range checksInRound {
			req := requests[i%len(requests)].Clone(context.Background())
			if req.GetBody != nil {
				req.Body, _ = req.GetBody() // of memory: it cannot fail
			}
			began := time.Now()
			if err := validator.Request(req); err != nil {
				return took, err
			}
			spent[0] += time.Since(began)
			resp, err := from.RoundTrip(req)
			if err != nil {
				return took, err
			}
			began = time.Now()
			if err := validator.Response(req, resp); err != nil {
				return took, err
			}
			spent[1] += time.Since(began)
		}
		for i := range spent {
			took[i] = append(took[i], float64(spent[i])/checksInRound)
		}
	}
	return took, nil
}

// finished are the requests of the three operations, as the generated client sends them.
func finished() (requests []*http.Request, err error) {
	seen := &recorder{next: &answers{}}
	client, err := newGenerated(0)(gen.ServerURL, seen)
	if err != nil {
		return nil, err
	}
	for _, op := range operations {
		if err := op.make(context.Background(), client); err != nil {
			return nil, err
		}
		requests = append(requests, seen.request)
	}
	return requests, nil
}

// measureLoad gives requests a second, of a sandbox with checks and of one without.
func measureLoad() (perSecond [2][]float64, err error) {
	var clients [2]calls
	transport := &http.Transport{MaxIdleConnsPerHost: loadCrowd}
	defer transport.CloseIdleConnections()
	for i, opts := range [][]sandbox.Option{{}, {sandbox.WithoutChecks()}} {
		m := sandbox.New(append(opts, sandbox.WithQuota(1<<40), sandbox.WithParallel(1<<20), sandbox.WithKeepAlive())...)
		openChat(m)
		server := httptest.NewServer(m)
		defer server.Close()
		if clients[i], err = newBare(server.URL+"/v2", transport); err != nil {
			return perSecond, err
		}
	}
	for round := range marketRounds + 1 { // the first one warms up
		for _, i := range shuffled(len(clients), round) {
			took, err := inParallel(onlySend{clients[i]}, loadCrowd, loadCalls)
			if err != nil {
				return perSecond, err
			}
			if round > 0 {
				perSecond[i] = append(perSecond[i], loadCalls/took.Seconds())
			}
		}
	}
	return perSecond, nil
}

// onlySend sends a message, whatever it is asked for.
type onlySend struct{ calls }

func (o onlySend) getChat(ctx context.Context) (*gen.GetChatInfoDTO, error) {
	return nil, o.sendMessage(ctx)
}

func (o onlySend) createChat(ctx context.Context) (int64, error) { return 0, o.sendMessage(ctx) }

var perSecond = regexp.MustCompile(`([0-9.]+) entries/s`)

// measureHAR runs the benchmark of the command, which is a package of its own.
func measureHAR() (entries []float64, err error) {
	out, err := exec.Command("go", "test", "-C", "..", "-run", "^$", "-bench", "^BenchmarkCheck$", "-benchtime", "0.3s",
		"-count", strconv.Itoa(marketRounds), "./cmd/ymchats").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if found := perSecond.FindStringSubmatch(line); found != nil {
			figure, _ := strconv.ParseFloat(found[1], 64) // of digits and points
			entries = append(entries, figure)
		}
	}
	if len(entries) != marketRounds {
		return nil, fmt.Errorf("BenchmarkCheck gave %d figures instead of %d: %s", len(entries), marketRounds, out)
	}
	return entries, nil
}

const marketAbout = "" +
	"`api.Validator` checks a request or an answer that is in memory, all three operations in turn. The sandbox " +
	"answers sendMessageToChat over loopback without TLS, from %d goroutines that share this machine's cores with " +
	"it. `ymchats check` reads recorded traffic (its own benchmark, `BenchmarkCheck`). %d rounds."
