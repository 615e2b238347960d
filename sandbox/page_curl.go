package sandbox

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/ymarket-go/chats/internal/formdata"
)

// keyVariable stands for the key in what is copied from the page.
const keyVariable = "$YM_API_KEY"

// curlOf writes a call as a command for a shell that makes it once more. The key is not in it. Where there is no such
// command, it says why.
func curlOf(base string, c Call, d callDetails) (command, why string) {
	body := string(d.request.text)
	switch {
	case d.request.size > maxKeptBody:
		return "", "the request is too long to be kept"
	case !utf8.ValidString(body) || strings.ContainsRune(body, 0):
		return "", "the request is no text"
	case d.requestType == formdata.MediaType:
		return "", "it is a form, whose boundary is not kept"
	case d.query != c.Query || len(c.Path) >= maxPath:
		return "", "its address is not kept whole, as a value may be a secret"
	}
	words := []string{"curl"}
	if strings.Contains(c.Path, "/.") {
		words = append(words, "--path-as-is")
	}
	switch c.Method {
	case http.MethodGet:
	case http.MethodHead:
		words = append(words, "--head")
	default:
		words = append(words, "-X", quoted(c.Method))
	}
	address := base + (&url.URL{Path: c.Path}).EscapedPath()
	if d.query != "" {
		address += "?" + d.query
	}
	words = append(words, quoted(address))
	switch d.keyHeader {
	case "Api-Key":
		words = append(words, "-H", `"Api-Key: `+keyVariable+`"`)
	case "Authorization":
		words = append(words, "-H", `"Authorization: Bearer `+keyVariable+`"`)
	}
	if d.requestType != "" {
		words = append(words, "-H", quoted("Content-Type: "+d.requestType))
	}
	if body != "" {
		words = append(words, "--data-raw", quoted(body))
	}
	return strings.Join(words, " "), ""
}

var plainWord = regexp.MustCompile(`^[A-Za-z]+$`)

// quoted is a text as a shell takes it for one word.
func quoted(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
