package wrapper_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

func TestAdvice(t *testing.T) {
	text := "Can't find order by id: '7'"
	notFound := []gen.APIErrorDTO{{Code: "NOT_FOUND", Message: &text}}
	wrongPath := "Resource not found"
	refused := fmt.Errorf("%w: the id is 0", wrapper.ErrInvalidRequest)
	badToken := wrapper.APIKey("two words")(context.Background(), nil)
	rows := map[string]struct {
		e    *wrapper.Error
		want wrapper.Advice
	}{
		"none":                         {nil, wrapper.RetryLater},
		"no answer":                    {&wrapper.Error{Outcome: wrapper.Rejected}, wrapper.RetryLater},
		"it may have arrived":          {&wrapper.Error{StatusCode: 500, Outcome: wrapper.Unknown}, wrapper.Look},
		"unknown, and then no key":     {&wrapper.Error{StatusCode: 401, Errors: notFound, Outcome: wrapper.Unknown}, wrapper.Look},
		"the contract forbids it":      {&wrapper.Error{Err: refused}, wrapper.GiveUp},
		"a token that is none":         {&wrapper.Error{Err: badToken}, wrapper.Stop},
		"a 200 that is an error":       {&wrapper.Error{StatusCode: 200, Errors: notFound}, wrapper.GiveUp},
		"a 200 that says ERROR alone":  {&wrapper.Error{StatusCode: 200, Body: []byte(`{"status":"ERROR"}`)}, wrapper.GiveUp},
		"a 200 of another service":     {&wrapper.Error{StatusCode: 200, Body: []byte(`{"error":"Not Found"}`)}, wrapper.RetryLater},
		"a 200 of somebody else":       {&wrapper.Error{StatusCode: 200, Err: wrapper.ErrInvalidResponse}, wrapper.RetryLater},
		"a 299":                        {&wrapper.Error{StatusCode: 299, Err: wrapper.ErrInvalidResponse}, wrapper.RetryLater},
		"a 100":                        {&wrapper.Error{StatusCode: 100}, wrapper.RetryLater},
		"a redirect":                   {&wrapper.Error{StatusCode: 300}, wrapper.Stop},
		"another redirect":             {&wrapper.Error{StatusCode: 399}, wrapper.Stop},
		"a proxy's 413 to a file":      {&wrapper.Error{StatusCode: 413, Operation: "sendFileToChat"}, wrapper.GiveUp},
		"a proxy's 413 to a text":      {&wrapper.Error{StatusCode: 413, Operation: "sendMessageToChat"}, wrapper.RetryLater},
		"the Market's 400":             {&wrapper.Error{StatusCode: 400, Errors: notFound}, wrapper.GiveUp},
		"the Market's 404":             {&wrapper.Error{StatusCode: 404, Errors: notFound}, wrapper.GiveUp},
		"a 404 without a text":         {&wrapper.Error{StatusCode: 404, Errors: []gen.APIErrorDTO{{Code: "X"}}}, wrapper.GiveUp},
		"a 404 in HTML":                {&wrapper.Error{StatusCode: 404}, wrapper.RetryLater},
		"a 404 of a gateway":           {&wrapper.Error{StatusCode: 404, Errors: []gen.APIErrorDTO{{Message: &wrongPath}}}, wrapper.RetryLater},
		"a path that is none":          {&wrapper.Error{StatusCode: 404, Errors: []gen.APIErrorDTO{{Code: "NOT_FOUND", Message: &wrongPath}}}, wrapper.Stop},
		"a 400 with the words of that": {&wrapper.Error{StatusCode: 400, Errors: []gen.APIErrorDTO{{Code: "BAD_REQUEST", Message: &wrongPath}}}, wrapper.GiveUp},
		"401":                          {&wrapper.Error{StatusCode: 401, Errors: notFound}, wrapper.Stop},
		"403":                          {&wrapper.Error{StatusCode: 403, Errors: notFound}, wrapper.Stop},
		"a page with 403":              {&wrapper.Error{StatusCode: 403}, wrapper.RetryLater},
		"408":                          {&wrapper.Error{StatusCode: 408, Errors: notFound}, wrapper.RetryLater},
		"420":                          {&wrapper.Error{StatusCode: 420, Errors: notFound}, wrapper.RetryLater},
		"429":                          {&wrapper.Error{StatusCode: 429, Errors: notFound}, wrapper.RetryLater},
		"499":                          {&wrapper.Error{StatusCode: 499, Errors: notFound}, wrapper.RetryLater},
		"500":                          {&wrapper.Error{StatusCode: 500, Errors: notFound}, wrapper.RetryLater},
	}
	for what, row := range rows {
		assert.Equal(t, row.want, row.e.Advice(), what)
	}
}

// What the Market has answered looks like its errors, or like the beginning of them.
func TestFromMarket(t *testing.T) {
	code := []gen.APIErrorDTO{{Code: "NOT_FOUND"}}
	text := "no chat"
	for what, row := range map[string]struct {
		e    *wrapper.Error
		want bool
	}{
		"none":                  {nil, false},
		"no answer":             {&wrapper.Error{Errors: code}, false},
		"a code":                {&wrapper.Error{StatusCode: 404, Errors: code}, true},
		"a text without a code": {&wrapper.Error{StatusCode: 404, Errors: []gen.APIErrorDTO{{Message: &text}}}, false},
		"ERROR without errors":  {&wrapper.Error{StatusCode: 404, Body: []byte(`{"status":"ERROR","errors":null}`)}, true},
		"OK":                    {&wrapper.Error{StatusCode: 200, Body: []byte(`{"status":"OK"}`)}, true},
		"a byte order mark":     {&wrapper.Error{StatusCode: 401, Body: []byte("\ufeff" + `{"status":"ERROR"}`)}, true},
		"cut off":               {&wrapper.Error{StatusCode: 404, Body: []byte(`{"status":"ERR`)}, true},
		"nothing":               {&wrapper.Error{StatusCode: 404}, false},
		"a page":                {&wrapper.Error{StatusCode: 404, Body: []byte("<html>")}, false},
		"another service":       {&wrapper.Error{StatusCode: 404, Body: []byte(`{"status":404,"path":"/x"}`)}, false},
		"another status":        {&wrapper.Error{StatusCode: 404, Body: []byte(`{"status":"DOWN"}`)}, false},
		"a list":                {&wrapper.Error{StatusCode: 404, Body: []byte(`[]`)}, false},
	} {
		assert.Equal(t, row.want, row.e.FromMarket(), what)
	}
}
