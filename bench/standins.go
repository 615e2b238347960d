package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/internal/fast"
)

const (
	standInRounds = 20
	standInCalls  = 20_000
)

// standIn is a function of internal/fast beside the one that it stands for.
type standIn struct {
	what, standard string
	times          [2]func() error // the standard one, and the fast one
}

func standIns(options) (section, error) {
	s := section{title: "The stand-ins", about: fmt.Sprintf(standInsAbout, standInRounds, standInCalls)}
	t := table{head: []string{"", "stands for", "µs, standard", "µs, fast", "fast by standard", "allocations, standard", "fast"}}
	all, err := listStandIns()
	if err != nil {
		return s, err
	}
	for _, one := range all {
		var measured [2]series
		for round := -1; round < standInRounds; round++ { // the first one warms up
			for _, i := range shuffled(len(measured), round+1) {
				if err := measured[i].measure(round >= 0, standInCalls, one.times[i]); err != nil {
					return s, fmt.Errorf("%s: %w", one.what, err)
				}
			}
		}
		standard, fast := measured[0], measured[1]
		t.rows = append(t.rows, []string{one.what, "`" + one.standard + "`",
			spreadOf(standard.nanoseconds).by(1e3).String(), spreadOf(fast.nanoseconds).by(1e3).String(),
			ratio(fast.nanoseconds, standard.nanoseconds).String(), whole(standard.allocs), whole(fast.allocs)})
	}
	s.tables = []table{t}
	return s, nil
}

func listStandIns() ([]standIn, error) {
	requests, err := finished()
	if err != nil {
		return nil, err
	}
	send := requests[1]
	copied := fast.NewRequest(send)
	header := (&answers{}).fresh("")
	date := time.Now().UTC().Format(http.TimeFormat)
	parse := fast.Remember(http.ParseTime)
	more := strings.TrimSuffix(chatAnswer, "}}") + `,"more":"text"}}`
	list := strings.TrimSuffix(chatAnswer, "}}") + `,"list":[]}}`
	message, order := gen.SendMessageToChatRequest{Message: text}, aboutOrder()
	return []standIn{
		{"answer of getChat", "json.Unmarshal", unmarshal[gen.GetChatResponse](chatAnswer)},
		{"the same with one property more", "json.Unmarshal", unmarshal[gen.GetChatResponse](more)},
		{"the same with a list more, which is handed on", "json.Unmarshal", unmarshal[gen.GetChatResponse](list)},
		{"answer of createChat", "json.Unmarshal", unmarshal[gen.CreateChatResponse](openAnswer)},
		{"request of sendMessageToChat", "json.Marshal", [2]func() error{
			func() error { _, err := json.Marshal(message); return err },
			func() error { _, err := fast.Marshal(message); return err },
		}},
		{"request of createChat", "json.Marshal", [2]func() error{
			func() error { _, err := json.Marshal(order); return err },
			func() error { _, err := fast.Marshal(order); return err },
		}},
		{"a request", "http.Request.Clone", [2]func() error{
			func() error { return unused(send.Clone(context.Background())) },
			func() error { return unused(copied.Copy(context.Background(), send.URL.RawQuery, nil)) },
		}},
		{"body of getChat's answer", "io.ReadAll", [2]func() error{
			func() error { _, err := io.ReadAll(io.LimitReader(body(), 1<<20)); return err },
			func() error { _, err := fast.ReadAll(body(), int64(len(chatAnswer)), 1<<20); return err },
		}},
		{"the date of the answer before", "http.ParseTime", [2]func() error{
			func() error { _, err := http.ParseTime(date); return err },
			func() error { _, err := parse(date); return err },
		}},
		{"a header", "http.Header.Get", [2]func() error{
			func() error { return unused(header.Get("X-Ratelimit-Resource-Remaining")) },
			func() error { return unused(fast.Get(header, "X-Ratelimit-Resource-Remaining")) },
		}},
	}, nil
}

func unmarshal[T any](answer string) [2]func() error {
	data := []byte(answer)
	return [2]func() error{
		func() error { return json.Unmarshal(data, new(T)) },
		func() error { return fast.Unmarshal(data, new(T)) },
	}
}

func body() io.Reader { return &answerBody{strings.NewReader(chatAnswer)} }

// unused keeps a compiler from leaving out what nobody uses.
func unused(result any) error {
	runtime.KeepAlive(result)
	return nil
}

const standInsAbout = "" +
	"What `internal/fast` has for the usual case of some functions, each beside the one that it stands for; the case " +
	"that is not usual is handed on, and then costs more. %d rounds of %d calls each."
