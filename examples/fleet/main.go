// The program starts a worker several times for one cabinet, with and without the limits of a fleet, and prints what
// each process sent and what the sandbox saw. It needs redis-server or valkey-server, or -redis HOST:PORT.
package main

import (
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
	if err := demo(os.Stdout, s); err != nil {
		log.Fatal(err)
	}
}

// demo sends first without and then with the limits of a fleet.
func demo(out io.Writer, s settings) error {
	if s.processes < 1 || s.processes > 64 {
		return fmt.Errorf("-n is %d, allowed is 1 to 64", s.processes)
	}
	if s.quota < 1 || s.takes < 0 {
		return errors.New("-quota and -takes: allowed are 1 and more, and 0 and more")
	}
	if s.window < time.Second || s.window > 30*time.Second {
		return fmt.Errorf("-window is %v, allowed is 1s to 30s: a Client waits 30 s for the next one", s.window)
	}
	address, stop, err := findRedis(s.redis)
	if err != nil {
		return err
	}
	defer stop()
	fmt.Fprintf(out, "%d processes of one cabinet, %d sends a window, two windows\n", s.processes, s.quota)
	if err := round(out, "without a fleet", s, ""); err != nil {
		return err
	}
	return round(out, "with a fleet", s, address)
}

// round starts the workers, waits for them, and prints what came of it.
func round(out io.Writer, name string, s settings, redis string) error {
	m, err := openMarket(s)
	if err != nil {
		return err
	}
	defer m.close()
	job, err := json.Marshal(job{Redis: redis, Market: m.url, ChatID: m.chatID})
	if err != nil {
		return err
	}
	var workers []*exec.Cmd
	var said []*strings.Builder
	for range s.processes {
		var text strings.Builder
		worker := exec.Command(os.Args[0])
		worker.Env = append(os.Environ(), jobVariable+"="+string(job))
		worker.Stdout, worker.Stderr = &text, os.Stderr
		if _, err := worker.StdinPipe(); err != nil { // it ends with this process
			return err
		}
		if err := worker.Start(); err != nil {
			return err
		}
		workers, said = append(workers, worker), append(said, &text)
	}
	for _, worker := range workers {
		err = errors.Join(err, worker.Wait())
	}
	sent := make([]string, len(said))
	for i, text := range said {
		sent[i] = strings.TrimSpace(text.String())
	}
	fmt.Fprintf(out, "%-16s each process sent %s\n", name+":", strings.Join(sent, " "))
	fmt.Fprintf(out, "%16s the Market saw %d of %d sends, %d answers 420, at most %d requests at once\n", "",
		m.sent, 2*s.quota, m.refused, m.most)
	return err
}
