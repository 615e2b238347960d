package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// answers is the Market of these measurements: it answers the three calls, always the same way, from memory as a
// transport or over a socket as a handler.
type answers struct{ header atomic.Pointer[answerHeader] }

const (
	chatAnswer = `{"status":"OK","result":{"chatId":7000001,"context":{"type":"ORDER","customer":` +
		`{"name":"Имя Покупателя","publicId":"3k7q0vxm9hdz8t1a6w2c5e4r0y"},"campaignId":21098765,` +
		`"orderId":987654321},"type":"CHAT","status":"WAITING_FOR_PARTNER",` +
		`"createdAt":"2026-09-09T15:18:24.123+03:00","updatedAt":"2026-09-10T11:02:07.456+03:00"}}`
	sentAnswer = `{"status":"OK"}`
	openAnswer = `{"status":"OK","result":{"chatId":7000001}}`
)

// answerTo tells the operations apart by the end of the path.
func answerTo(req *http.Request) string {
	switch path := req.URL.Path; {
	case strings.HasSuffix(path, "/chat"):
		return chatAnswer
	case strings.HasSuffix(path, "/chats/message"):
		return sentAnswer
	case strings.HasSuffix(path, "/chats/new"):
		return openAnswer
	}
	return ""
}

// answerHeader is what every answer carries, with its Date cut to the second.
type answerHeader struct {
	second int64
	names  []string
	values []string
}

func (a *answers) current() *answerHeader {
	now := time.Now()
	if h := a.header.Load(); h != nil && h.second == now.Unix() {
		return h
	}
	h := &answerHeader{second: now.Unix()}
	for name, value := range map[string]string{
		"Cache-Control":                  "no-cache, no-store, max-age=0, must-revalidate",
		"Content-Type":                   "application/json",
		"Date":                           now.UTC().Format(http.TimeFormat),
		"Server":                         "nginx",
		"Strict-Transport-Security":      "max-age=31536000; includeSubDomains",
		"Traceparent":                    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"X-Content-Type-Options":         "nosniff",
		"X-Ratelimit-Resource-Limit":     "1000",
		"X-Ratelimit-Resource-Remaining": "997",
		"X-Ratelimit-Resource-Until":     now.UTC().Truncate(time.Hour).Add(time.Hour).Format(http.TimeFormat),
	} {
		h.names, h.values = append(h.names, name), append(h.values, value)
	}
	a.header.Store(h)
	return h
}

// RoundTrip answers from memory, as http.Transport would: it reads and closes the request's body, tells the trace
// what it does, and makes a header and a body of its own for each answer.
func (a *answers) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	trace := httptrace.ContextClientTrace(req.Context())
	if trace != nil && trace.GetConn != nil {
		trace.GetConn(req.URL.Host)
	}
	if trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	if trace != nil && trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
	if req.Body != nil {
		_, _ = io.Copy(io.Discard, req.Body)
		_ = req.Body.Close()
	}
	body := answerTo(req)
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.fresh(body), Body: &answerBody{strings.NewReader(body)}, ContentLength: int64(len(body)),
		Request: req, Close: true,
	}, nil
}

// fresh is made as net/http reads a header: one array for all values.
func (a *answers) fresh(body string) http.Header {
	h := a.current()
	values := make([]string, len(h.values)+1)
	copy(values, h.values)
	header := make(http.Header, len(values))
	for i, name := range h.names {
		header[name] = values[i : i+1 : i+1]
	}
	values[len(h.values)] = strconv.Itoa(len(body))
	header["Content-Length"] = values[len(h.values):]
	return header
}

// answerBody hides what strings.Reader can do beyond reading; the body of a connection cannot do it either.
type answerBody struct{ from *strings.Reader }

func (b *answerBody) Read(p []byte) (int, error) { return b.from.Read(p) }
func (b *answerBody) Close() error               { return nil }

// ServeHTTP answers over a socket.
func (a *answers) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	_, _ = io.Copy(io.Discard, req.Body)
	h := a.current()
	for i, name := range h.names {
		w.Header()[name] = h.values[i : i+1]
	}
	_, _ = w.Write([]byte(answerTo(req))) // fails when the client is gone
}

// recorder keeps the last request that went through it, and its body.
type recorder struct {
	next    http.RoundTripper
	request *http.Request
	body    []byte
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.request, r.body = req, nil
	if req.Body != nil {
		r.body, _ = io.ReadAll(req.Body) // of memory: it cannot fail
		_ = req.Body.Close()
		again := *req
		again.Body = io.NopCloser(bytes.NewReader(r.body))
		req = &again
	}
	return r.next.RoundTrip(req)
}
