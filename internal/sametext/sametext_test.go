package sametext_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ymarket-go/chats/internal/sametext"
)

func TestFold(t *testing.T) {
	for text, want := range map[string]string{
		"Your order 4711 is LATE.": "yourorder4711islate",
		"Ваш заказ — Ёлка №5!":     "вашзаказёлка5",
		"A &amp; B":                "ab",
		"… !":                      "…!",
		" &#128077;\n":             "👍",
		" ":                        " ",
		"":                         "",
	} {
		assert.Equal(t, want, sametext.Fold(text))
	}
}
