package tests

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// parity makes requests at random, many of them at a bound of the contract.
type parity struct{ *rand.Rand }

func (p parity) id() int64 {
	return pick(p.Rand, 0, 1, 2, -1, math.MaxInt64, math.MaxInt64-1, math.MinInt64, 1<<53, 1<<53+1, p.Int64(), -p.Int64(), p.Int64N(10)-5)
}

func (p parity) about() gen.ChatContextDTO {
	kind := pick(p.Rand, "ORDER", "RETURN", "ORDER", "RETURN", "DIRECT", "", "order", "ORDER ", "Return", "CHAT")
	return gen.ChatContextDTO{Type: gen.ChatContextIdentifiableType(kind), ID: p.id()}
}

func (p parity) text() string {
	length := pick(p.Rand, 0, 1, 2, 4095, 4096, 4097, 4098, 8192, p.IntN(5000))
	letter := pick(p.Rand, "x", "ж", "中", "😀", "\u0000", "\u2028", " ", "\n", `"`, "<", "e\u0301", "\ufffd", "\U0010ffff")
	text := strings.Repeat(letter, length)
	switch p.IntN(8) {
	case 0:
		text += pick(p.Rand, "\xff", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\xaf") // not UTF-8
	case 1:
		text = strings.TrimSpace(text)
	}
	return text
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// The wrapper refuses before sending exactly what the contract forbids. The judge is the contract: what the generated
// client makes of the same arguments, which validates nothing, goes through the Validator. Only what is not UTF-8 it cannot
// see: encoding/json has replaced it by then, and the buyer would read something else than was sent.
func TestParity(t *testing.T) {
	const cases = 6000
	contract, err := api.NewValidator(api.WithBasePaths("/v2"))
	require.NoError(t, err)
	market := sandbox.New(sandbox.WithQuota(10 * cases))
	client, err := wrapper.New(business, wrapper.APIKey("key"), wrapper.WithHTTPClient(&http.Client{Transport: contract.Transport(market.RoundTripper())}))
	require.NoError(t, err)

	seed := rand.Uint64()
	if given := os.Getenv("SEED"); given != "" {
		seed, err = strconv.ParseUint(given, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("once more with SEED=%d", seed)
	p := parity{rand.New(rand.NewPCG(seed, 0))}
	forbidden := 0
	for range cases {
		id, about, text := p.id(), p.about(), p.text()
		var unchecked *http.Request
		var sent error
		var what string
		operation := p.IntN(3)
		switch operation {
		case createChat:
			what = fmt.Sprintf("createChat %+v", about)
			unchecked, err = gen.NewCreateChatRequest(gen.ServerURL+"/", business, gen.CreateChatRequest{Context: &about})
			_, sent = client.CreateChat(t.Context(), about)
		case sendMessage:
			what = fmt.Sprintf("sendMessageToChat %d, %d bytes: %.20q", id, len(text), text)
			unchecked, err = gen.NewSendMessageToChatRequest(gen.ServerURL+"/", business, &gen.SendMessageToChatParams{ChatID: id}, gen.SendMessageToChatRequest{Message: text})
			sent = client.SendMessage(t.Context(), id, text)
		default:
			what = fmt.Sprintf("getChat %d", id)
			unchecked, err = gen.NewGetChatRequest(gen.ServerURL+"/", business, &gen.GetChatParams{ChatID: id})
			_, sent = client.GetChat(t.Context(), id)
		}
		require.NoError(t, err)
		unchecked.Header.Set("Api-Key", "key")
		allowed := contract.Request(unchecked) == nil && (operation != sendMessage || utf8.ValidString(text))
		if !allowed {
			forbidden++
		}
		refused := errors.Is(sent, wrapper.ErrInvalidRequest)
		require.Equal(t, allowed, !refused, "%s: the wrapper says %v", what, sent)
		require.Empty(t, api.Violations(sent), "%s: what was sent keeps the contract", what)
	}
	assert.Greater(t, forbidden, cases/10, "requests that the contract forbids")
	assert.Greater(t, cases-forbidden, cases/10, "requests that it allows")
	t.Logf("cases: %d, of them forbidden: %d", cases, forbidden)
}

const createChat, sendMessage = 0, 1
