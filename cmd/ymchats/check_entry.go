package main

import (
	"net/http"
	"strings"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/cmd/ymchats/internal/har"
)

// damaged is the place of a finding where an entry cannot be read.
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

func (c *checkedEntry) violate(template finding, where, rule string) {
	c.violations = append(c.violations, template.with(where, rule))
}

// entry checks one entry. An error means that the file cannot be read.
func (c *checker) entry(e *har.Entry) (checkedEntry, error) {
	at := c.servers.locate(e, c.contract)
	found := checkedEntry{kind: at.kind, host: at.host}
	if at.kind == otherHost {
		return found, nil
	}
	if at.kind == ours {
		if err := e.Check(); err != nil {
			return found, err
		}
	}
	template := finding{Entry: e.Number, Line: e.Line, Part: "request"}
	template.Method, template.Path = shownMethod(at.method), shownPath(at.path)
	if started := e.Started(); !started.IsZero() {
		template.Time = started.Format("2006-01-02T15:04:05.000Z07:00")
	}
	if at.kind == ours {
		found.operation = at.route.Operation()
		template.Operation, template.Path = found.operation, at.server.Path+c.paths[found.operation]
	}
	if rule := openKey(at, e); rule != "" {
		found.violate(template, "scheme", rule)
	}
	if at.kind == sameHost {
		c.otherRequest(at, template, &found)
		return found, nil
	}
	if c.side != "response" {
		c.request(e, at, template, &found)
	}
	if c.side != "request" {
		c.response(e, at, template, &found)
	}
	return found, nil
}

// otherRequest lists what is no operation of the contract, or makes a violation of it: with --strict, and where it is
// below the contract's own paths. A browser asks by OPTIONS whether it may ask, and a proxy learns by CONNECT where to
// connect: these are nobody's mistakes.
func (c *checker) otherRequest(at located, template finding, found *checkedEntry) {
	f := template.with("path", at.rule)
	if at.rule == wrongMethod {
		f.Where = "method"
	}
	preparation := template.Method == http.MethodOptions || template.Method == http.MethodConnect
	if (c.strict || at.mistyped) && !preparation {
		found.violations = append(found.violations, f)
		return
	}
	found.other = &f
}

func (c *checker) request(e *har.Entry, at located, template finding, found *checkedEntry) {
	req, recorded, err := e.Request(at.to)
	if err != nil {
		found.violate(template, damaged, err.Error())
		return
	}
	found.checked = append(found.checked, "request")
	found.notRecorded += missing(recorded, req.Method != http.MethodGet)
	for _, v := range api.Violations(at.route.Request(req)) {
		if !unknown(v, recorded) && !(c.ignoreAuth && v.Where == "header Api-Key") {
			found.violate(template, v.Where, v.Rule)
		}
	}
	if recorded.Names {
		const rule = "the file is not in the recording: of its form the names of the parts are checked"
		found.notices = append(found.notices, template.with("body", rule))
	}
}

func (c *checker) response(e *har.Entry, at located, template finding, found *checkedEntry) {
	template.Part = "response"
	resp, recorded, err := e.Response()
	if err != nil {
		found.violate(template, damaged, err.Error())
		return
	}
	if resp == nil {
		return // no answer came
	}
	found.checked = append(found.checked, "response")
	found.notRecorded += missing(recorded, true)
	template.Status = resp.StatusCode
	notices, err := at.route.Response(resp)
	for _, v := range api.Violations(err) {
		if !unknown(v, recorded) {
			found.violate(template, v.Where, v.Rule)
		}
	}
	for _, v := range notices {
		found.notices = append(found.notices, template.with(v.Where, v.Rule))
	}
}

// unknown is whether a violation is of something that was not recorded. That there is a body where none belongs is
// seen without it, and the content type stands beside the body too.
func unknown(v *api.Violation, recorded har.Recorded) bool {
	isBody := v.Where == "body" || strings.HasPrefix(v.Where, "body ")
	switch {
	case v.Where == "header Content-Type":
		return !recorded.Type
	case strings.HasPrefix(v.Where, "header "):
		return !recorded.Headers
	case isBody && v.Rule == "none is declared":
		return false
	case isBody && recorded.Cut:
		return v.Rule == "is not JSON" || v.Rule == "is not UTF-8"
	}
	return isBody && !recorded.Body
}

// missing counts what was not recorded of a message.
func missing(recorded har.Recorded, hasBody bool) int {
	count := 0
	if !recorded.Headers {
		count++
	}
	if hasBody && (!recorded.Body || recorded.Cut || recorded.Names) {
		count++
	}
	return count
}
