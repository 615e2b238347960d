package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"github.com/ymarket-go/chats/gen"
)

// handTuned is what one writes who has three calls to make, knows net/http well, and wants them fast.
type handTuned struct {
	client *http.Client
	server *url.URL
	key    []string
}

func newTuned(server string, transport http.RoundTripper) (calls, error) {
	if transport == nil {
		transport = tunedTransport()
	}
	address, err := url.Parse(server)
	return &handTuned{&http.Client{Transport: transport}, address, []string{key}}, err
}

// tunedTransport resumes TLS sessions and keeps as many connections as there are requests at once.
func tunedTransport() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(0)}
	t.MaxIdleConnsPerHost = 64
	return t
}

func (h *handTuned) getChat(ctx context.Context) (*gen.GetChatInfoDTO, error) {
	var answer gen.GetChatResponse
	if err := h.call(ctx, http.MethodGet, "/chat", chatQuery(), nil, &answer); err != nil {
		return nil, err
	}
	if answer.Result == nil {
		return nil, unexpected(http.StatusOK)
	}
	return answer.Result, nil
}

func (h *handTuned) sendMessage(ctx context.Context) error {
	body, err := json.Marshal(gen.SendMessageToChatRequest{Message: text})
	if err != nil {
		return err
	}
	var answer gen.EmptyAPIResponse
	return h.call(ctx, http.MethodPost, "/chats/message", chatQuery(), body, &answer)
}

func (h *handTuned) createChat(ctx context.Context) (int64, error) {
	body, err := json.Marshal(aboutOrder())
	if err != nil {
		return 0, err
	}
	var answer gen.CreateChatResponse
	if err := h.call(ctx, http.MethodPost, "/chats/new", "", body, &answer); err != nil {
		return 0, err
	}
	if answer.Result == nil {
		return 0, unexpected(http.StatusOK)
	}
	return answer.Result.ChatID, nil
}

func chatQuery() string { return "chatId=" + strconv.Itoa(chatID) }

var (
	contentJSON = []string{"application/json"}
	buffers     = sync.Pool{New: func() any { return new(bytes.Buffer) }}
)

func (h *handTuned) call(ctx context.Context, method, path, query string, body []byte, into any) error {
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	resp, err := h.client.Do(h.request(ctx, method, path, query, body))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(answer)
	answer.Reset()
	if _, err := answer.ReadFrom(io.LimitReader(resp.Body, 1<<20)); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return unexpected(resp.StatusCode)
	}
	return json.Unmarshal(answer.Bytes(), into)
}

// request spares what http.NewRequest does: the parsing of a URL that is known.
func (h *handTuned) request(ctx context.Context, method, path, query string, body []byte) *http.Request {
	address := *h.server
	address.Path += "/businesses/" + strconv.Itoa(cabinet) + path
	address.RawQuery = query
	req := &http.Request{
		Method: method, URL: &address, Host: address.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Api-Key": h.key},
	}
	if body != nil {
		req.Header["Content-Type"] = contentJSON
		req.ContentLength = int64(len(body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		req.Body, _ = req.GetBody()
	}
	return req.WithContext(ctx)
}
