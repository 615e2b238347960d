package wrapper

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/ymarket-go/chats/gen"
)

// The Market, or a proxy before it, may bring back what was sent: the text of a message, and in the worst case the
// token. Both are cut out of whatever is shown.

var (
	rejectedValue = lazily(`(?is)\s*(\(?rejected value|\(…:).*`)
	quoted        = lazily(`(?s)"(?:[^"\\]|\\.)*"?|\bline: .*`)
	inJSON        = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`)
)

// lazily compiles when it is first needed: a program that starts has no error to show yet.
func lazily(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

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
		if secret = strings.TrimSpace(secret); secret != "" && len(secret) <= len(said) { // no form is shorter
			said = strings.NewReplacer(url.QueryEscape(secret), "…", url.PathEscape(secret), "…",
				html.EscapeString(secret), "…", inJSON.Replace(secret), "…", secret, "…").Replace(said)
		}
	}
	return said
}

// secrets are the text of a message, and what Auth has put into the headers.
func (a *attempt) secrets(c *call) []string {
	secrets := []string{c.text}
	for name, values := range a.signed.Header { // Get would miss a name that Auth wrote in another case
		if value := strings.Join(values, ""); value != strings.Join(c.request.Header[name], "") {
			secrets = append(secrets, value[strings.LastIndex(value, " ")+1:])
		}
	}
	return secrets
}

// attemptKey finds the attempt in the context of its request.
type attemptKey struct{}
