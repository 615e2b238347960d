package sandbox

import (
	"fmt"
	"iter"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ymarket-go/chats/api"
)

// pageCalls is what the page shows of calls.
type pageCalls struct {
	List      []pageCall // the newest first
	Pager     pager      // of those that the filter lets through
	Forgotten int        // calls that are no longer kept
}

type pageCall struct {
	Call
	Number     int    // of all calls, from 1
	Address    string // path and query
	Meaning    string // of the status
	Good       bool   // the status is a success
	Violations []*api.Violation
	More       int // violations that are not shown
	Remembered bool
	Sent       pageBody
	Answered   pageBody
	Curl       string
	NoCurl     string // why there is no curl
}

// pageBody is a body as the page shows it.
type pageBody struct {
	Type string // media type
	Text string
	Note string // what is not shown of it
	Cut  bool   // the call that is shown alone shows more of it
}

// Of each call the page shows so many violations, and so many bytes of a body where all calls are shown.
const (
	pageViolations = 10
	briefBody      = 2 << 10
)

func (m *Market) pageCalls(v pageView, base string) pageCalls {
	parts, total := m.callParts(math.MaxInt)
	shown := pageCalls{Forgotten: total}
	for _, part := range parts {
		shown.Forgotten -= len(part)
	}
	fitting := 0
	for range v.calls(parts, total) {
		fitting++
	}
	pager, skip := newPager(v, "calls", fitting)
	shown.Pager = pager
	for number, c := range v.calls(parts, total) {
		if skip--; skip >= 0 {
			continue
		}
		if len(shown.List) == pageRows {
			break
		}
		shown.List = append(shown.List, m.pageCall(v, number, *c, base))
	}
	return shown
}

// calls goes through those calls that the view lets through, the newest first, each with its number.
func (v pageView) calls(parts [][]Call, total int) iter.Seq2[int, *Call] {
	return func(yield func(int, *Call) bool) {
		number := total
		for _, part := range slices.Backward(parts) {
			for i := len(part) - 1; i >= 0; i-- {
				if v.lets(number, &part[i]) && !yield(number, &part[i]) {
					return
				}
				number--
			}
		}
	}
}

// lets is true for a call that is shown. A view of one call shows it, whatever the filter is.
func (v pageView) lets(number int, c *Call) bool {
	switch {
	case v.Call != 0:
		return number == v.Call
	case v.Violations && c.Verdict == nil:
		return false
	case v.Operation == noOperation && c.Operation != "":
		return false
	case v.Operation != "" && v.Operation != noOperation && v.Operation != c.Operation:
		return false
	default:
		return v.letsStatus(c.Status)
	}
}

func (v pageView) letsStatus(status int) bool {
	class, isClass := strings.CutSuffix(v.Status, "xx")
	switch {
	case v.Status == "":
		return true
	case v.Status == statusCut:
		return status == 0
	case isClass:
		return strconv.Itoa(status/100) == class
	default:
		return strconv.Itoa(status) == v.Status
	}
}

func (m *Market) pageCall(v pageView, number int, c Call, base string) pageCall {
	all := api.Violations(c.Verdict)
	p := pageCall{
		Call:    c,
		Number:  number,
		Address: c.Path,
		Meaning: meaningOf(c.Status),
	}
	p.Good = c.Status >= 200 && c.Status < 300
	p.Violations = all[:min(len(all), pageViolations)]
	p.More = len(all) - len(p.Violations)
	details, ok := m.detailsOf(number)
	if !ok {
		return p
	}
	p.Remembered = true
	if details.query != "" {
		p.Address += "?" + details.query
	}
	size := briefBody
	if v.Call != 0 {
		size = maxKeptBody
	}
	p.Sent = newPageBody(details.request, details.requestType, size)
	p.Answered = newPageBody(details.answer, details.answerType, size)
	if p.Sent.Cut {
		p.NoCurl = "the whole call has it"
		return p
	}
	p.Curl, p.NoCurl = curlOf(base, c, details)
	return p
}

// meaningOf says what a status means, in a word or two.
func meaningOf(status int) string {
	switch status {
	case 0:
		return "cut before an answer"
	case statusMethodFailure:
		return "Limit Reached"
	default:
		return http.StatusText(status)
	}
}

// newPageBody shows the first bytes of a body.
func newPageBody(k keptBody, mediaType string, size int) pageBody {
	p := pageBody{Type: mediaType}
	text := string(k.text)
	if k.size > len(k.text) {
		text = strings.ToValidUTF8(text, "") // it may end within a character
	}
	switch {
	case k.size == 0:
		p.Note = "empty"
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		p.Note = fmt.Sprintf("%d bytes that are no text", k.size)
	case len(text) > size:
		p.Text, p.Cut = shorten(text, size), true
		p.Note = fmt.Sprintf("the first %d of %d bytes", size, k.size)
	case k.size > maxKeptBody:
		p.Text, p.Note = text+"…", fmt.Sprintf("the first %d of %d bytes; more is not kept", maxKeptBody, k.size)
	default:
		p.Text = text
	}
	return p
}

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
