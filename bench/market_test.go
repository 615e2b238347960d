package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// market answers the three calls, always the same way: from memory as a transport, over a socket as a handler.
type market struct {
	header  http.Header
	answers atomic.Uint64
}

var bodies = map[string]string{
	"/chat": `{"status":"OK","result":{"chatId":7000001,"context":{"type":"ORDER","customer":` +
		`{"name":"Имя Покупателя","publicId":"3k7q0vxm9hdz8t1a6w2c5e4r0y"},"campaignId":21098765,` +
		`"orderId":987654321},"type":"CHAT","status":"WAITING_FOR_PARTNER",` +
		`"createdAt":"2026-09-09T15:18:24.123+03:00","updatedAt":"2026-09-10T11:02:07.456+03:00"}}`,
	"/chats/message": `{"status":"OK"}`,
	"/chats/new":     `{"status":"OK","result":{"chatId":7000001}}`,
}

var prefix = "/v2/businesses/" + strconv.Itoa(cabinet)

func newMarket() *market {
	now := time.Now().UTC() // a round takes less than the hour of a window
	return &market{header: http.Header{
		"Cache-Control":                  {"no-cache, no-store, max-age=0, must-revalidate"},
		"Content-Length":                 {""},
		"Content-Type":                   {"application/json"},
		"Date":                           {now.Format(http.TimeFormat)},
		"Server":                         {"nginx"},
		"Strict-Transport-Security":      {"max-age=31536000; includeSubDomains"},
		"Traceparent":                    {""},
		"X-Content-Type-Options":         {"nosniff"},
		"X-Ratelimit-Resource-Limit":     {"1000"},
		"X-Ratelimit-Resource-Remaining": {"997"},
		"X-Ratelimit-Resource-Until":     {now.Add(time.Hour).Format(http.TimeFormat)},
	}}
}

// answer has the body for a request, and a header of its own.
func (m *market) answer(req *http.Request) (http.Header, string) {
	body := bodies[strings.TrimPrefix(req.URL.Path, prefix)]
	header := m.header.Clone() // as net/http makes one: a single array holds all values
	header["Content-Length"][0] = strconv.Itoa(len(body))
	header["Traceparent"][0] = fmt.Sprintf("00-0af7651916cd43dd8448eb211c80319c-%016x-01", m.answers.Add(1))
	return header, body
}

// RoundTrip answers from memory as http.Transport would: it fires the hooks, and reads and closes the request's body.
func (m *market) RoundTrip(req *http.Request) (*http.Response, error) {
	trace := httptrace.ContextClientTrace(req.Context())
	if trace != nil {
		connect(trace, req.URL.Host)
		if trace.WroteHeaderField != nil {
			for name, values := range req.Header {
				trace.WroteHeaderField(name, values)
			}
		}
		fire(trace.WroteHeaders)
	}
	if req.Body != nil {
		_, _ = io.Copy(io.Discard, req.Body) // of memory
		_ = req.Body.Close()
	}
	if trace != nil {
		fireWith(trace.WroteRequest, httptrace.WroteRequestInfo{})
		fire(trace.GotFirstResponseByte)
	}
	header, body := m.answer(req)
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(onlyReader{strings.NewReader(body)}), ContentLength: int64(len(body)),
		Request: req, Close: true,
	}, req.Context().Err()
}

// connect fires the hooks up to a connection that is ready.
func connect(trace *httptrace.ClientTrace, host string) {
	fireWith(trace.GetConn, host)
	fireWith(trace.DNSStart, httptrace.DNSStartInfo{Host: host})
	fireWith(trace.DNSDone, httptrace.DNSDoneInfo{})
	if trace.ConnectStart != nil {
		trace.ConnectStart("tcp", host)
	}
	if trace.ConnectDone != nil {
		trace.ConnectDone("tcp", host, nil)
	}
	fire(trace.TLSHandshakeStart)
	if trace.TLSHandshakeDone != nil {
		trace.TLSHandshakeDone(tls.ConnectionState{}, nil)
	}
	fireWith(trace.GotConn, httptrace.GotConnInfo{})
}

func fire(hook func()) {
	if hook != nil {
		hook()
	}
}

func fireWith[Info any](hook func(Info), info Info) {
	if hook != nil {
		hook(info)
	}
}

// onlyReader hides what strings.Reader can do beyond reading; the body of a connection cannot do it either.
type onlyReader struct{ io.Reader }

func (m *market) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	_, _ = io.Copy(io.Discard, req.Body)
	header, body := m.answer(req)
	maps.Copy(w.Header(), header)
	_, _ = io.WriteString(w, body) // fails where the client is gone
}
