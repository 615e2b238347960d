package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// listenAt opens the socket of --addr.
func listenAt(addr string) (net.Listener, error) {
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return nil, usageError{fmt.Errorf("--addr is %.60q, allowed is HOST:PORT with a port of 0 to 65535", addr)}
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("--addr: %w", err)
	}
	return listener, nil
}

// newServer is a server whose times and sizes are bounded, so that a slow client or a flood holds nothing up.
func newServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      15 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
}

// serveUntil serves until the context ends. Requests in progress have a second then.
func serveUntil(ctx context.Context, server *http.Server, listener net.Listener, out io.Writer) error {
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	fmt.Fprintln(out, "Stopping.")
	grace, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if server.Shutdown(grace) != nil {
		_ = server.Close() // somebody is still being answered
	}
	return nil
}
