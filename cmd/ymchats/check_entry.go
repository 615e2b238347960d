package main

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/cmd/ymchats/internal/har"
)

// damaged is where a finding is that tells what of an entry cannot be read.
const damaged = "entry"

// checkedEntry is what came of an entry.
type checkedEntry struct {
	kind        kind
	host        string   // of a request to another host
	operation   string   // of the contract
	checked     []string // "request", "response"
	violations  []finding
	notices     []finding
	other       *finding // another request to the same host, to be listed
	notRecorded int      // headers and bodies that the file does not hold, or not whole
}

// entry checks one entry.
func (c *checker) entry(e *har.Entry) checkedEntry {
	at := c.servers.locate(e, c.contract)
	found := checkedEntry{kind: at.kind, host: at.host}
	if at.kind == otherHost {
		return found
	}
	template := finding{Entry: e.Number, Line: e.Line, Part: "request"}
	template.Method, template.Path = shownMethod(e.Method()), shownPath(at.path)
	if !e.Started.IsZero() {
		template.Time = e.Started.Format("2006-01-02T15:04:05.000Z07:00")
	}
	if at.kind == ours {
		asked := &http.Request{Method: e.Method(), URL: at.relative}
		found.operation = c.contract.Operation(asked)
		template.Operation, template.Path = found.operation, at.server.Path+c.paths[found.operation]
	}
	if rule := openKey(at, e.Header()); rule != "" {
		found.violations = append(found.violations, template.with("scheme", rule))
	}
	if at.kind == sameHost {
		c.otherRequest(at, template, &found)
		return found
	}
	if c.side != "response" {
		c.request(e, at.relative, template, &found)
	}
	if c.side != "request" {
		c.response(e, at.relative, template, &found)
	}
	return found
}

// otherRequest lists what is no operation of the contract, or makes a violation of it. A browser asks by OPTIONS
// whether it may ask, and a proxy is told by CONNECT where to: these are nobody's mistakes.
func (c *checker) otherRequest(at located, template finding, found *checkedEntry) {
	f := template.with("path", at.rule)
	if at.rule == wrongMethod {
		f.Where = "method"
	}
	if c.strict && template.Method != http.MethodOptions && template.Method != http.MethodConnect {
		found.violations = append(found.violations, f)
		return
	}
	found.other = &f
}

func (c *checker) request(e *har.Entry, to *url.URL, template finding, found *checkedEntry) {
	req, known, err := e.Request(to)
	if err != nil {
		found.violations = append(found.violations, template.with(damaged, err.Error()))
		return
	}
	found.checked = append(found.checked, "request")
	found.notRecorded += missing(known, req.Method != http.MethodGet)
	for _, v := range api.Violations(c.contract.Request(req)) {
		if !unknown(v, known) && !(c.ignoreAuth && v.Where == "header Api-Key") {
			found.violations = append(found.violations, template.with(v.Where, v.Rule))
		}
	}
}

func (c *checker) response(e *har.Entry, to *url.URL, template finding, found *checkedEntry) {
	template.Part = "response"
	resp, known, err := e.Response()
	if err != nil {
		found.violations = append(found.violations, template.with(damaged, err.Error()))
		return
	}
	if resp == nil {
		return // no answer came
	}
	found.checked = append(found.checked, "response")
	found.notRecorded += missing(known, true)
	template.Status = resp.StatusCode
	asked := &http.Request{Method: e.Method(), URL: to}
	for _, v := range api.Violations(c.contract.Response(asked, resp)) {
		if !unknown(v, known) {
			found.violations = append(found.violations, template.with(v.Where, v.Rule))
		}
	}
	for _, v := range c.contract.Notices(asked, resp) {
		found.notices = append(found.notices, template.with(v.Where, v.Rule))
	}
}

// unknown tells that a violation is of something that was not recorded. That there is a body where none belongs is
// known without it, and the content type stands beside the body too.
func unknown(v *api.Violation, known har.Known) bool {
	isBody := v.Where == "body" || strings.HasPrefix(v.Where, "body ")
	switch {
	case strings.HasPrefix(v.Where, "header ") && v.Where != "header Content-Type":
		return !known.Headers
	case isBody && v.Rule == "none is declared":
		return false
	case isBody && known.Cut:
		return v.Rule == "is not JSON" || v.Rule == "is not UTF-8"
	}
	return isBody && !known.Body
}

// missing counts what was not recorded of a message.
func missing(known har.Known, hasBody bool) int {
	count := 0
	if !known.Headers {
		count++
	}
	if hasBody && (!known.Body || known.Cut) {
		count++
	}
	return count
}
