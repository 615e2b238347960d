package wrapper

import (
	"context"
	"errors"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/ymarket-go/chats/gen"
)

// The Market, or a proxy before it, may bring back what was sent: the text of a message, and in the worst case the
// token. Both are cut out of whatever is shown.

// The expressions are compiled when they are first needed: a program that starts has no error to show yet.
var (
	rejectedValue = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?is)\s*(\(?rejected value|\(…:).*`)
	})
	quoted = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?s)"(?:[^"\\]|\\.)*"?|\bline: .*`)
	})
	inJSON = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`)
)

// redact cuts the secrets out of the API's texts, and everything from "(rejected value:" on, which holds the text or a
// part of it; in this order, as a text may hold these words itself. A code like METHOD_FAILURE stays whole even if the
// text is a short one like "E", but not if it is the text.
func redact(errs []gen.APIErrorDTO, secrets []string) []gen.APIErrorDTO {
	for i, e := range errs {
		if strings.Trim(e.Code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" || cut(e.Code, secrets) == "…" {
			errs[i].Code = rejectedValue().ReplaceAllString(cut(e.Code, secrets), "")
		}
		if e.Message != nil {
			said := rejectedValue().ReplaceAllString(cut(*e.Message, secrets), "")
			errs[i].Message = &said
		}
	}
	return errs
}

// cut takes the secrets out of a text: as they may be written in a URL, in HTML or in JSON, and as they are.
func cut(said string, secrets []string) string {
	for _, secret := range secrets {
		secret = strings.TrimSpace(secret)
		if secret == "" || len(secret) > len(said) { // no other form of it is shorter
			continue
		}
		forms := strings.NewReplacer(url.QueryEscape(secret), "…", url.PathEscape(secret), "…",
			html.EscapeString(secret), "…", inJSON.Replace(secret), "…", secret, "…")
		said = forms.Replace(said)
	}
	return said
}

// addedValues are the values of the headers that were added or changed, or what follows the last blank of each.
func addedValues(before, after http.Header) []string {
	var added []string
	for name, values := range after {
		if slices.Equal(values, before[name]) {
			continue
		}
		value := strings.Join(values, "")
		added = append(added, value[strings.LastIndex(value, " ")+1:])
	}
	return added
}

// withoutSecrets gives an error whose text holds neither the secrets nor what it quotes: net/http quotes what it could
// not read. It is not the end of the caller's context either, though net/http says so of timeouts of its own.
func withoutSecrets(err error, secrets []string) error {
	return &safeError{&err, quoted().ReplaceAllString(cut(err.Error(), secrets), `"…"`)}
}

type safeError struct {
	cause *error // a pointer, as %#v would print what it quotes
	text  string
}

func (e *safeError) Error() string { return e.text }

func (e *safeError) As(target any) bool { return errors.As(*e.cause, target) }

func (e *safeError) Is(target error) bool {
	return target != context.Canceled && target != context.DeadlineExceeded && errors.Is(*e.cause, target)
}
