package api

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// Handler checks what goes through an http.Handler, for the tests of a server. A request that breaks the contract
// gets 400, and the handler does not see it; an answer that breaks it becomes 500. Both list the violations as text,
// one a line. The answer is held back until the handler is done. With WithReport requests and answers pass as they
// are, and nothing is held back.
func (v *Validator) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route, err := v.checkedRoute(r)
		if err := v.stopping(err); err != nil {
			http.Error(w, "the request breaks the contract\n"+err.Error(), http.StatusBadRequest)
			return
		}
		kept := &recorder{ResponseWriter: w, held: v.report == nil, maxAnswer: int(v.profile.maxAnswer)}
		next.ServeHTTP(kept, r)
		if route == nil {
			return // what is wrong has been reported of the request
		}
		_, err = route.Response(kept.answer())
		kept.release(v.stopping(err))
	})
}

// recorder is the ResponseWriter that keeps an answer for its check, and hands it on as it comes unless it is held.
type recorder struct {
	http.ResponseWriter
	held      bool        // until it is checked
	maxAnswer int         // bytes of the body that a check looks at
	status    int         // 0 until it is written
	header    http.Header // of an answer that is handed on: as it was sent
	body      bytes.Buffer
}

// WriteHeader takes the first status of 200 and above, as net/http does.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 {
		r.status, r.header = status, r.Header().Clone()
	}
	if !r.held {
		r.ResponseWriter.WriteHeader(status)
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	if r.held {
		return r.body.Write(p)
	}
	n, err := r.ResponseWriter.Write(p)
	r.body.Write(p[:min(n, r.maxAnswer+1-r.body.Len())])
	return n, err
}

// Unwrap is for http.ResponseController. What is held must not be flushed.
func (r *recorder) Unwrap() http.ResponseWriter {
	if r.held {
		return nil
	}
	return r.ResponseWriter
}

func (r *recorder) answer() *http.Response {
	answer := &http.Response{StatusCode: r.status, Header: r.header, Body: io.NopCloser(bytes.NewReader(r.body.Bytes()))}
	if r.status == 0 {
		answer.StatusCode = http.StatusOK
	}
	if r.held || r.status == 0 {
		answer.Header = r.Header() // it can still change
	}
	return answer
}

// release sends an answer that was held, or what is wrong with it.
func (r *recorder) release(wrong error) {
	if !r.held {
		return
	}
	status := max(r.status, http.StatusOK)
	if wrong != nil {
		clear(r.Header())
		text := fmt.Sprintf("the answer %d breaks the contract\n%v", status, wrong)
		http.Error(r.ResponseWriter, text, http.StatusInternalServerError)
		return
	}
	r.ResponseWriter.WriteHeader(status)
	_, _ = r.ResponseWriter.Write(r.body.Bytes()) // fails when the client is gone
}
