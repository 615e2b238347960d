//go:debug x509usefallbackroots=1

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"syscall"
	"testing"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

// BenchmarkMemory has the client alone: answers come from memory, without a socket.
func BenchmarkMemory(b *testing.B) {
	for i, op := range operations {
		for _, n := range rand.Perm(len(clients)) { // none is always the first
			call := clients[n].over(newMarket())[i]
			b.Run(op.id+"/"+clients[n].name, func(b *testing.B) {
				b.ReportAllocs()
				defer reportCPU(b)()
				for range b.N {
					if _, err := call(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkTLS sends messages over TLS on loopback to a server that closes each connection, as the Market does. The
// wrapper has the transport that it makes by itself. A call pays for both ends of its connection.
func BenchmarkTLS(b *testing.B) {
	server := httptest.NewUnstartedServer(newMarket())
	server.Config.SetKeepAlivesEnabled(false)
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	x509.SetFallbackRoots(roots) // the only ones, by the first line of this file
	client := newWrapper(wrapper.WithBaseURL(server.URL + "/v2"))
	sends := map[string]func() error{
		"wrapper":   func() error { return client.SendMessage(context.Background(), chatID, text) },
		"transport": throughChannel(server.URL),
	}
	for _, goroutines := range []int{1, 4, 64} {
		for name, send := range sends {
			b.Run(fmt.Sprint(goroutines, "/", name), func(b *testing.B) {
				b.SetParallelism(goroutines) // times GOMAXPROCS, which is 1
				defer reportCPU(b)()
				b.RunParallel(func(loop *testing.PB) {
					for loop.Next() {
						if err := send(); err != nil {
							b.Error(err)
						}
					}
				})
			})
		}
	}
}

// throughChannel hands a request to a transport that resumes TLS sessions, four at once. Nothing that keeps the Market's
// limit costs less.
func throughChannel(server string) func() error {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(0)}
	slots := make(chan struct{}, 4)
	prepared, err := gen.NewSendMessageToChatRequest(server+"/v2/", cabinet, &gen.SendMessageToChatParams{ChatID: chatID},
		gen.SendMessageToChatRequest{Message: text})
	if err != nil {
		panic(err)
	}
	prepared.Header.Set("Api-Key", key)
	return func() error {
		slots <- struct{}{}
		defer func() { <-slots }()
		req := prepared.Clone(context.Background())
		req.Body, _ = prepared.GetBody() // of memory
		resp, err := transport.RoundTrip(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
}

// reportCPU measures the CPU time of this process until what it returns is called. Work of other processes is in the
// time of the clock, and hardly in this one.
func reportCPU(b *testing.B) func() {
	b.ResetTimer()
	before := cpuTime(b)
	return func() { b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op") }
}

func cpuTime(b *testing.B) int64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return used.Utime.Nano() + used.Stime.Nano()
}

// A client that sends another request than the others, or reads other values from the answer, cannot be compared.
func TestClientsDoTheSame(t *testing.T) {
	for i, op := range operations {
		var wanted []any
		for _, client := range clients {
			wire := &recorder{next: newMarket()}
			read, err := client.over(wire)[i]()
			if err != nil {
				t.Fatal(op.id, client.name, err)
			}
			if did := append(wire.sent, read); wanted == nil {
				wanted = did
			} else if !reflect.DeepEqual(wanted, did) {
				t.Errorf("%s: %s does %v, %s does %v", op.id, clients[0].name, wanted, client.name, did)
			}
		}
	}
}

type recorder struct {
	next http.RoundTripper
	sent []any
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body) // of memory
	}
	for _, name := range []string{"Api-Key", "Content-Type"} {
		r.sent = append(r.sent, req.Header[name])
	}
	r.sent = append(r.sent, req.Method, req.URL.String(), string(body))
	return r.next.RoundTrip(req)
}
