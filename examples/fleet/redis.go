package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

var errNoServer = errors.New("neither redis-server nor valkey-server is installed:" +
	" install one (apt-get install redis-server), or name a server with -redis HOST:PORT")

// findRedis gives the address of a server that answers, and what ends it if it was started here.
func findRedis(address string) (found string, stop func(), err error) {
	if address != "" {
		return address, func() {}, answers(address, time.Second)
	}
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return startRedis(path)
		}
	}
	return "", nil, errNoServer
}

// startRedis starts a server that keeps nothing, on a free port. Another program may take the port first, so it is
// tried again.
func startRedis(path string) (address string, stop func(), err error) {
	dir, err := os.MkdirTemp("", "fleet")
	if err != nil {
		return "", nil, err
	}
	for range 5 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", nil, err
		}
		address = listener.Addr().String()
		_ = listener.Close()
		_, port, _ := net.SplitHostPort(address)
		server := exec.Command(path, "--bind", "127.0.0.1", "--port", port, "--dir", dir, "--save", "",
			"--loglevel", "warning")
		if err := server.Start(); err != nil {
			return "", nil, err
		}
		stop = func() {
			_ = server.Process.Kill()
			_ = server.Wait()
			_ = os.RemoveAll(dir)
		}
		if answers(address, 10*time.Second) == nil {
			return address, stop, nil
		}
		stop()
	}
	return "", nil, fmt.Errorf("%s does not answer on any of 5 ports", path)
}

// answers waits for a server to answer.
func answers(address string, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			_ = connection.Close()
			break
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("no Redis answers at %s: %w", address, err)
		}
	}
	rdb := redis.NewClient(&redis.Options{Addr: address})
	defer func() { _ = rdb.Close() }()
	if err := rdb.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("no Redis answers at %s: %w", address, err)
	}
	return nil
}

// scriptsRun counts the scripts that a server has run.
func scriptsRun(address string) (total int, err error) {
	rdb := redis.NewClient(&redis.Options{Addr: address})
	defer func() { _ = rdb.Close() }()
	said, err := rdb.Info(context.Background(), "commandstats").Result()
	for line := range strings.Lines(said) {
		var calls int
		for _, name := range []string{"eval", "evalsha"} {
			if n, _ := fmt.Sscanf(line, "cmdstat_"+name+":calls=%d", &calls); n == 1 {
				total += calls
			}
		}
	}
	return total, err
}
