// The program starts a worker several times for one cabinet, with and without the limits of a fleet, and prints what
// each process sent and what the sandbox saw. With -compare it does so for other ways to share limits as well. It needs
// redis-server or valkey-server, or -redis HOST:PORT.
package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"strings"
	"time"
)

// settings are those of a demonstration.
type settings struct {
	redis     string // host:port of a server, empty: one is started
	processes int
	quota     int           // sends in a window
	window    time.Duration // how long the first one lasts; the second one ends an hour later
	takes     time.Duration // of a request
}

func main() {
	log.SetFlags(0)
	var s settings
	all := flag.Bool("compare", false, "a table of 1, 4, 16 and 32 processes instead of -n, with other limits, too")
	flag.StringVar(&s.redis, "redis", "", "HOST:PORT of Redis or Valkey; without it one is started")
	flag.IntVar(&s.processes, "n", 4, "processes, 1 to 64")
	flag.IntVar(&s.quota, "quota", 200, "sends in a window, 1 and more")
	flag.DurationVar(&s.window, "window", 6*time.Second, "how long the first of two windows lasts, 1s to 30s")
	flag.DurationVar(&s.takes, "takes", 40*time.Millisecond, "how long a request takes")
	flag.Parse()
	if job := os.Getenv(jobVariable); job != "" {
		work(job, os.Stdin, os.Stdout)
		return
	}
	show := demo
	if *all {
		show = compare
	}
	if err := show(os.Stdout, s); err != nil {
		log.Fatal(err)
	}
}

// check refuses settings that make no sense.
func (s settings) check() error {
	if s.processes < 1 || s.processes > 64 {
		return fmt.Errorf("-n is %d, allowed is 1 to 64", s.processes)
	}
	if s.quota < 1 || s.takes <= 0 {
		return errors.New("-quota and -takes: allowed are 1 and more, and more than 0")
	}
	if s.window < time.Second || s.window > 30*time.Second {
		return fmt.Errorf("-window is %v, allowed is 1s to 30s: a Client waits 30 s for the next one", s.window)
	}
	return nil
}

// begin checks the settings, and gives the address of Redis and what ends it.
func (s settings) begin() (address string, stop func(), err error) {
	if err := s.check(); err != nil {
		return "", nil, err
	}
	return findRedis(s.redis)
}

// demo sends first without and then with the limits of a fleet.
func demo(out io.Writer, s settings) error {
	address, stop, err := s.begin()
	if err != nil {
		return err
	}
	defer stop()
	fmt.Fprintf(out, "%d processes of one cabinet, %d sends a window, two windows\n", s.processes, s.quota)
	for _, row := range []struct{ name, limits string }{{"without a fleet:", nothing}, {"with a fleet:", byFleet}} {
		r, err := run(s, row.limits, address)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%-16s each process sent %s\n", row.name, strings.Trim(fmt.Sprint(r.each), "[]"))
		fmt.Fprintf(out, "%16s the Market saw %d of %d sends, %d answers 420, at most %d requests at once\n", "",
			r.sent, 2*s.quota, r.refused, r.most)
	}
	return nil
}

// result is what came of the work of some processes.
type result struct {
	counts
	each    []int // what each process sent
	scripts int   // that Redis has run
}

// run starts the workers, and waits for them.
func run(s settings, limits, redis string) (r result, err error) {
	begin := time.Now().Add(time.Second + time.Duration(s.processes)*100*time.Millisecond) // they take time to start
	m, err := openMarket(s, begin)
	if err != nil {
		return r, err
	}
	defer m.close()
	before, err := scriptsRun(redis)
	if err != nil {
		return r, err
	}
	rate := int(parallel * time.Second / s.takes)
	job, err := json.Marshal(job{Limits: limits, Rate: rate, Redis: redis, Prefix: rand.Text() + ":", Market: m.url,
		ChatID: m.chatID, Begin: begin})
	if err != nil {
		return r, err
	}
	said := make([]strings.Builder, s.processes)
	workers := make([]*exec.Cmd, s.processes)
	for i := range workers {
		workers[i] = exec.Command(os.Args[0])
		workers[i].Env = append(os.Environ(), jobVariable+"="+string(job))
		workers[i].Stdout, workers[i].Stderr = &said[i], os.Stderr
		if _, err := workers[i].StdinPipe(); err != nil { // it ends with this process
			return r, err
		}
		if err := workers[i].Start(); err != nil {
			return r, err
		}
	}
	r.each = make([]int, s.processes)
	for i, worker := range workers {
		failed := worker.Wait()
		_, unread := fmt.Sscan(said[i].String(), &r.each[i])
		err = errors.Join(err, failed, unread)
	}
	if err != nil {
		return r, err
	}
	after, err := scriptsRun(redis)
	r.counts, r.scripts = m.counts, after-before
	return r, err
}
