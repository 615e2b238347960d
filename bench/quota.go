package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

const (
	naive = "generated over retryablehttp, told to repeat 420"

	quotaWorkers = 64
	quotaHours   = 3
	quotaPerHour = 1000
	quotaService = 100 * time.Millisecond // what the Market takes for an answer
	tooMany      = 420
)

// quotaRun is what became of three hours with more to do than the quota allows.
type quotaRun struct {
	Name     string
	Requests int            // that reached the Market
	Done     map[string]int // requests that were answered with 200, by operation
	Refused  int            // answered with 420
	GivenUp  int            // calls that ended with an error before the three hours were over
	Late     time.Duration  // the longest from the start of a window, not the first, to an operation's first request
}

func quota(options) (section, error) {
	var runs []quotaRun
	if err := inBubble("quota", &runs); err != nil {
		return section{}, err
	}
	return quotaSection(runs), nil
}

// runQuota works through three windows, from the start of the first one, in a bubble: its clock begins at midnight.
func runQuota(name string) quotaRun {
	market := sandbox.New(sandbox.WithoutChecks())
	openChat(market)
	for _, op := range operations {
		market.Every(op.id, sandbox.Delay(quotaService, nil))
	}
	client, err := quotaClient(name, market.RoundTripper())
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background()) // no deadline: a client that knows one gives up sooner
	began := time.Now()
	time.AfterFunc(quotaHours*time.Hour, cancel)
	givenUp := work(ctx, client)
	run := quotaRun{Name: name, Done: map[string]int{}, GivenUp: givenUp}
	run.read(market.Calls(), began)
	return run
}

// openChat starts the chat that everybody reads and writes. It is the first request of createChat's first window.
func openChat(market *sandbox.Market) {
	req := httptest.NewRequest(http.MethodPost, fmt.Sprintf("/v2/businesses/%d/chats/new", cabinet),
		strings.NewReader(fmt.Sprintf(`{"context":{"type":"ORDER","id":%d}}`, orderID)))
	req.Header = http.Header{"Api-Key": {key}, "Content-Type": {"application/json"}}
	market.ServeHTTP(httptest.NewRecorder(), req)
}

func quotaClient(name string, transport http.RoundTripper) (calls, error) {
	if name == naive {
		client := retryablehttp.NewClient()
		client.Logger, client.HTTPClient.Transport = nil, transport
		client.CheckRetry = func(ctx context.Context, resp *http.Response, err error) (bool, error) {
			if resp != nil && resp.StatusCode == tooMany {
				return true, nil
			}
			return retryablehttp.DefaultRetryPolicy(ctx, resp, err)
		}
		return generatedOver(gen.ServerURL, client.StandardClient())
	}
	client, err := wrapper.New(cabinet, wrapper.APIKey(key), wrapper.WithHTTPClient(&http.Client{Transport: transport}),
		wrapper.WithRetry(wrapper.RetryPolicy{MaxDelay: 2 * time.Hour}))
	return wrapped{client}, err
}

// work lets each goroutine make one of the calls over and over, and counts what failed before the end.
func work(ctx context.Context, client calls) (givenUp int) {
	var all sync.WaitGroup
	var mu sync.Mutex
	for worker := range quotaWorkers {
		all.Go(func() {
			for ctx.Err() == nil {
				if err := operations[worker%3].make(ctx, client); err != nil && ctx.Err() == nil {
					mu.Lock()
					givenUp++
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	return givenUp
}

func (r *quotaRun) read(calls []sandbox.Call, began time.Time) {
	type window struct {
		hour      int
		operation string
	}
	first := map[window]time.Duration{}
	for _, call := range calls {
		since := call.At.Sub(began)
		hour := int(since / time.Hour)
		if hour >= quotaHours {
			continue // cancelled while it was on its way
		}
		r.Requests++
		switch call.Status {
		case http.StatusOK:
			r.Done[call.Operation]++
		case tooMany:
			r.Refused++
		}
		w := window{hour, call.Operation}
		if late, seen := first[w]; !seen || since%time.Hour < late {
			first[w] = since % time.Hour
		}
	}
	for w, late := range first {
		if w.hour > 0 {
			r.Late = max(r.Late, late)
		}
	}
}

func quotaSection(runs []quotaRun) section {
	s := section{
		Title: "Three hours of quota",
		About: fmt.Sprintf(quotaAbout, quotaWorkers, quotaHours, quotaPerHour, quotaService),
	}
	t := table{Head: []string{"", "requests sent", "getChat done", "sendMessageToChat done", "createChat done",
		"answered 420", "calls given up", "start of a new window"}}
	for _, r := range runs {
		row := []string{r.Name, fmt.Sprint(r.Requests)}
		for _, op := range operations {
			row = append(row, fmt.Sprint(r.Done[op.id]))
		}
		t.Rows = append(t.Rows, append(row, fmt.Sprint(r.Refused), fmt.Sprint(r.GivenUp), "+"+r.Late.String()))
	}
	s.Tables = []table{t}
	w := runs[0]
	for _, op := range operations {
		s.Goals = append(s.Goals, sameCount(op.id+" done", []int{w.Done[op.id]}, quotaHours*quotaPerHour))
	}
	s.Goals = append(s.Goals, sameCount("answered 420", []int{w.Refused}, 0),
		sameCount("calls given up", []int{w.GivenUp}, 0),
		goal{"first request of a new window after its start", "< 1s", w.Late.String(), w.Late < time.Second})
	return s
}

const quotaAbout = "" +
	"On virtual time, so these are counts and not times of this machine: %d goroutines call the sandbox without a " +
	"pause for %d hours, each one of the three operations. It allows %d requests an hour of each and 4 at once, " +
	"takes %v for an answer, and counts a 420 against the quota, as the Market does. The wrapper has " +
	"`RetryPolicy{MaxDelay: 2 * time.Hour}`, and no call has a deadline. Beside it stands the generated client " +
	"over retryablehttp, with its own pauses, which repeats a 420 as it would a 500."
