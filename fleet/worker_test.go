package fleet

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

const taskVariable = "FLEET_TEST_TASK"

// task is what a worker is to do: send until the quota is used up for long, or its standard input ends.
type task struct {
	Name     string
	Network  string
	Addrs    []string // of Redis; none: no fleet, one: a server, more: a cluster
	Market   string
	ChatID   int64
	Callers  int
	Lease    time.Duration
	Alone    int
	Strict   bool
	ReadChat bool // call getChat instead
}

// result is what a worker has done.
type result struct {
	Sent    []string
	Failed  []string
	Longest time.Duration
	Times   []time.Duration
}

// work is the worker's main.
func work(description string) {
	var do task
	if err := json.Unmarshal([]byte(description), &do); err != nil {
		panic(err)
	}
	options := []wrapper.Option{wrapper.WithBaseURL(do.Market)}
	if len(do.Addrs) > 0 {
		shared, limiter := do.fleet()
		defer shared.Close()
		options = append(options, wrapper.WithLimiter(limiter))
	}
	client, err := wrapper.New(cabinet, wrapper.APIKey("any"), options...)
	if err != nil {
		panic(err)
	}
	fmt.Println("ready")
	input := bufio.NewReader(os.Stdin)
	_, _ = input.ReadString('\n')
	stopped := make(chan struct{})
	go func() { _, _ = io.Copy(io.Discard, input); close(stopped) }()
	r := do.send(client, stopped)
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		panic(err)
	}
}

func (do task) fleet() (*Fleet, *Limiter) {
	var rdb redis.UniversalClient = redis.NewClient(&redis.Options{Network: do.Network, Addr: do.Addrs[0]})
	if len(do.Addrs) > 1 {
		rdb = redis.NewClusterClient(&redis.ClusterOptions{Addrs: do.Addrs})
	}
	var options []Option
	if do.Lease > 0 {
		options = append(options, leaseOf(do.Lease))
	}
	if do.Alone > 0 {
		options = append(options, WithAlone(do.Alone))
	}
	if do.Strict {
		options = append(options, WithStrict())
	}
	shared, err := New(rdb, options...)
	if err != nil {
		panic(err)
	}
	limiter, err := shared.Limiter(cabinet)
	if err != nil {
		panic(err)
	}
	return shared, limiter
}

// leaseOf sets leases of other durations than WithLease allows, from the beginning on.
func leaseOf(d time.Duration) Option {
	return func(c *config) error { c.newLease, c.lease = d, d; return nil }
}

// endless leases do not end by themselves in a test: one that is not given back is seen.
const endless = 24 * time.Hour

func (do task) send(client *wrapper.Client, stopped <-chan struct{}) result {
	var r result
	var mu sync.Mutex
	var group sync.WaitGroup
	for caller := range do.Callers {
		group.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stopped:
					return
				default:
				}
				text := fmt.Sprintf("%s-%d-%d", do.Name, caller, i)
				began := time.Now()
				err := do.call(client, text)
				took := time.Since(began)
				var e *wrapper.Error
				if errors.Is(err, wrapper.ErrRateLimited) && errors.As(err, &e) && !e.RetryAt.IsZero() {
					return // this is the end of the second window
				}
				mu.Lock()
				r.Longest, r.Times = max(r.Longest, took), append(r.Times, took)
				if err == nil {
					r.Sent = append(r.Sent, text)
				} else {
					r.Failed = append(r.Failed, err.Error())
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return r
}

func (do task) call(client *wrapper.Client, text string) error {
	if do.ReadChat {
		_, err := client.GetChat(context.Background(), do.ChatID)
		return err
	}
	return client.SendMessage(context.Background(), do.ChatID, text)
}

// worker is a process that was started.
type worker struct {
	t       *testing.T
	process *exec.Cmd
	input   io.WriteCloser
	output  output
	ended   chan struct{}
}

// output is what a worker writes: a line when it is ready, and its result.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) lines() (ready bool, result []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, result, ready = bytes.Cut(o.text.Bytes(), []byte("\n"))
	return ready, result
}

var hired atomic.Int64 // gives each worker a name of its own

// hire starts n workers with the same task. They begin together, once all are ready.
func hire(t *testing.T, n int, do task) []*worker {
	t.Helper()
	var all []*worker
	for range n {
		do.Name = fmt.Sprint("worker ", hired.Add(1))
		description, err := json.Marshal(do)
		require.NoError(t, err)
		w := &worker{t: t, process: exec.Command(os.Args[0]), ended: make(chan struct{})}
		w.process.Env = append(os.Environ(), taskVariable+"="+string(description))
		w.process.Stdout, w.process.Stderr = &w.output, os.Stderr
		w.input, err = w.process.StdinPipe()
		require.NoError(t, err)
		require.NoError(t, w.process.Start())
		go func() { w.process.Wait(); close(w.ended) }()
		t.Cleanup(w.kill)
		all = append(all, w)
	}
	for _, w := range all {
		eventually(t, "the worker is ready", func() bool { ready, _ := w.output.lines(); return ready })
	}
	for _, w := range all {
		_, err := io.WriteString(w.input, "go\n")
		require.NoError(t, err)
	}
	return all
}

func (w *worker) signal(what syscall.Signal) {
	w.t.Helper()
	require.NoError(w.t, w.process.Process.Signal(what))
}

func (w *worker) kill() {
	_ = w.process.Process.Signal(syscall.SIGKILL)
	<-w.ended
}

// dismiss lets the workers finish what they do, and collects what they have done.
func dismiss(t *testing.T, all []*worker) []result {
	t.Helper()
	for _, w := range all {
		w.input.Close()
	}
	return collect(t, all)
}

// collect waits for the workers to end by themselves.
func collect(t *testing.T, all []*worker) []result {
	t.Helper()
	var done []result
	for _, w := range all {
		select {
		case <-w.ended:
		case <-time.After(3 * patient):
			require.Fail(t, "a worker does not end")
		}
		var r result
		_, said := w.output.lines()
		require.NoError(t, json.Unmarshal(said, &r), "what the worker said: %.500q", said)
		done = append(done, r)
	}
	return done
}

// spread is the most by the least that processes have sent.
func spread(done []result) (most, least int) {
	var counts []int
	for _, r := range done {
		counts = append(counts, len(r.Sent))
	}
	return slices.Max(counts), slices.Min(counts)
}

func failures(done []result) (all []string) {
	for _, r := range done {
		all = append(all, r.Failed...)
	}
	return all
}

func longest(done []result) (d time.Duration) {
	for _, r := range done {
		d = max(d, r.Longest)
	}
	return d
}

// percentile of all calls of all processes.
func percentile(done []result, p float64) time.Duration {
	var all []time.Duration
	for _, r := range done {
		all = append(all, r.Times...)
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[min(int(p*float64(len(all))), len(all)-1)]
}
