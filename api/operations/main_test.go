package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats"
)

// A contract that lacks a fact of an operation gives no list, and the error names the operation.
func TestMissingFacts(t *testing.T) {
	for fact, row := range map[string]struct{ cut, instead, said string }{
		"no quota":         {"x-quota: 1000\n", "x-other: 1000\n", "x-quota is no whole number"},
		"half a request":   {"x-quota: 1000\n", "x-quota: 1000.5\n", "x-quota is no whole number"},
		"quota as a text":  {"x-quota: 1000\n", "x-quota: many\n", "x-quota is no whole number"},
		"no size":          {"x-max-request: 524288\n", "x-other: 1\n", "x-max-request is no whole number"},
		"size of nothing":  {"x-max-request: 524288\n", "x-max-request: 0\n", "x-max-request is no whole number"},
		"no scopes":        {"x-scopes: [communication, all-methods]", "x-other: []", "x-scopes is no list"},
		"empty scopes":     {"x-scopes: [communication, all-methods]", "x-scopes: []", "x-scopes is no list"},
		"scopes by number": {"x-scopes: [communication, all-methods]", "x-scopes: [1]", "x-scopes is no list"},
		"no operationId":   {"operationId: createChat\n", "x-other: 1\n", "it has no operationId"},
		"two content types": {
			"required: true\n        content:\n", "required: true\n        content:\n          text/plain: {schema: {type: string}}\n",
			"more than one content type",
		},
	} {
		t.Run(fact, func(t *testing.T) {
			broken := strings.Replace(string(chats.Spec), row.cut, row.instead, 1)
			require.NotEqual(t, string(chats.Spec), broken)
			_, err := generate([]byte(broken))
			require.ErrorContains(t, err, row.said)
			assert.ErrorContains(t, err, "/businesses/{businessId}/chats/new")
		})
	}
}
