package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ymarket-go/chats/gen"
)

func TestContextWords(t *testing.T) {
	one, two := int64(1), int64(2)
	for says, about := range map[string]gen.ChatFullContextDTO{
		"about order 1":                               {Type: gen.ChatContextTypeOrder, OrderID: &one},
		"about an unnamed order":                      {Type: gen.ChatContextTypeOrder},
		"about return 2 of order 1":                   {Type: gen.ChatContextTypeReturn, OrderID: &one, ReturnID: &two},
		"about an unnamed return of an unnamed order": {Type: gen.ChatContextTypeReturn},
		"started by the buyer":                        {Type: gen.ChatContextTypeDirect},
		"about CONSULTATION":                          {Type: "CONSULTATION"},
		"about ODD�[31m":                              {Type: "ODD\x1b[31m"},
	} {
		assert.Equal(t, says, contextWords(about))
	}
}

// Every value of the contract has words, others are shown as they are; nobody's name steers the terminal.
func TestChatWords(t *testing.T) {
	for _, status := range []gen.ChatStatusType{"NEW", "WAITING_FOR_CUSTOMER", "WAITING_FOR_PARTNER", "WAITING_FOR_ARBITER", "WAITING_FOR_MARKET", "FINISHED"} {
		assert.True(t, status.Valid())
		assert.NotEmpty(t, statusWords[status])
		assert.Len(t, statusWords, 6)
	}
	assert.Len(t, typeWords, 2)
	name := "Мария\x1b]0;\a"
	at := time.Date(2026, 9, 9, 12, 0, 0, 0, time.FixedZone("", 3*60*60))
	chat := &gen.GetChatInfoDTO{ChatID: 7, Type: "ARBITRAGE", Status: "PAUSED", CreatedAt: at, UpdatedAt: at,
		Context: gen.ChatFullContextDTO{Type: "DIRECT", Customer: &gen.ChatCustomerDTO{Name: &name}}}
	here := at.Local().Format("2006-01-02 15:04:05 MST")
	assert.Equal(t, `Chat 7, started by the buyer
  kind          a dispute
  status        PAUSED
  buyer         Мария�]0;�
  created       `+here+`
  last message  `+here, chatWords(chat))
	chat.Context.Customer = nil
	assert.NotContains(t, chatWords(chat), "buyer  ")
}
