package tests

import (
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
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

// filter has each list at random: none, one value, and several, which may be no values of the contract, or equal.
func (p parity) filter() (filter gen.GetChatsRequest) {
	for range p.IntN(3) {
		filter.OrderIds = append(filter.OrderIds, p.Int64N(3)-1)
	}
	for range p.IntN(3) {
		filter.Contexts = append(filter.Contexts, gen.ChatContextDTO{Type: pick(p.Rand, gen.ChatContextIdentifiableTypeOrder, "RETURN", "ORDER", "DIRECT"), ID: p.Int64N(8)})
	}
	for range p.IntN(3) {
		filter.ContextTypes = append(filter.ContextTypes, pick(p.Rand, gen.ChatContextTypeOrder, "RETURN", "DIRECT", "DIRECT", "order"))
	}
	for range p.IntN(3) {
		filter.Types = append(filter.Types, pick(p.Rand, gen.ChatTypeChat, "ARBITRAGE", "CHAT", "ARBITRAGE", "chat"))
	}
	for range p.IntN(3) {
		filter.Statuses = append(filter.Statuses, pick(p.Rand, gen.ChatStatusTypeNew, "FINISHED", "WAITING_FOR_PARTNER", "WAITING_FOR_MARKET", "WAITING"))
	}
	return filter
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
	client := newClient(t, sandbox.New(sandbox.WithQuota(10*cases)).RoundTripper())
	p := parity{rand.New(rand.NewPCG(seed(t, rand.Uint64()), 0))}
	ops := slices.Sorted(maps.Keys(operations))
	forbidden, allowed := map[string]int{}, map[string]int{}
	for range cases {
		op := pick(p.Rand, ops...)
		c := operations[op].random(p)
		unchecked, err := c.request()
		require.NoError(t, err)
		unchecked.Header.Set("Api-Key", "key")
		keeps := contract().Request(unchecked) == nil && utf8.ValidString(c.text)
		if keeps {
			allowed[op]++
		} else {
			forbidden[op]++
		}
		sent := c.call(t.Context(), client)
		refused := errors.Is(sent, wrapper.ErrInvalidRequest)
		require.Equal(t, keeps, !refused, "%s %s: the wrapper says %v", op, c.what, sent)
		require.Empty(t, api.Violations(sent), "%s %s: what was sent keeps the contract", op, c.what)
	}
	for _, op := range ops {
		assert.Greater(t, forbidden[op], cases/len(ops)/10, "%s: requests that the contract forbids", op)
		assert.Greater(t, allowed[op], cases/len(ops)/10, "%s: requests that it allows", op)
	}
	t.Logf("of %d cases forbidden: %v, allowed: %v", cases, forbidden, allowed)
}
