package api_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A RoundTripper must not change the request.
func TestTransportLeavesTheRequest(t *testing.T) {
	req := request(t, "POST", message, `{"message":"x"}`)
	before := req.Body
	_, err := newValidator(t).Transport(roundTripperFunc(func(*http.Request) (*http.Response, error) { return answer(200, `{"status":"OK"}`), nil })).RoundTrip(req)
	require.NoError(t, err)
	assert.Equal(t, before, req.Body)
}

func TestTransportClosesWhatItKeeps(t *testing.T) {
	closed := 0
	closing := func(text string) io.ReadCloser {
		return body{strings.NewReader(text), func() error { closed++; return nil }}
	}
	refused := errors.New("refused")
	next := roundTripperFunc(func(req *http.Request) (*http.Response, error) {
		if req.Method == http.MethodGet {
			return nil, refused
		}
		resp := answer(200, "")
		resp.Body = closing(`{"status":7}`)
		return resp, nil
	})
	transport := newValidator(t).Transport(next)
	req := request(t, "POST", message, `{}`)
	req.Body = closing(`{}`)
	_, err := transport.RoundTrip(req)
	assert.Equal(t, []string{"body /message: required"}, places(err))
	assert.Equal(t, 1, closed, "a RoundTripper closes the body of the request, whatever happens")

	bodiless := request(t, "POST", message, "")
	bodiless.Body = nil
	_, err = transport.RoundTrip(bodiless)
	assert.Equal(t, []string{"body: required"}, places(err))

	_, err = transport.RoundTrip(request(t, "POST", message, `{"message":"x"}`))
	assert.Equal(t, []string{"body /status: type string"}, places(err))
	assert.Equal(t, 2, closed, "nobody else can close an answer that is not handed on")

	_, err = transport.RoundTrip(request(t, "GET", chat+"?chatId=1", ""))
	assert.Equal(t, refused, err, "what next says stays as it is")
}
