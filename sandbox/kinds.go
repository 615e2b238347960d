package sandbox

import (
	"net/http"
	"time"

	"github.com/ymarket-go/chats/sandbox/internal/control"
)

// Kind is a kind of fault that can be described in JSON: for the control API, the page and the command line.
type Kind struct {
	Name   string   // the field kind of a description
	Does   string   // what a request meets
	Fields []string // the fields of a description that this kind reads, beside those that go with every kind
	fault  func(control.Fault) Fault
}

// Kinds lists all kinds of faults. The control API, control.yaml, the page and the command line take theirs from here.
// It is not to be changed.
var Kinds = []Kind{
	{"none", "the true answer", nil, func(control.Fault) Fault { return nil }},
	{"answer", "an answer of your own", []string{"status", "headers", "body"}, func(f control.Fault) Fault {
		header := http.Header{}
		for name, value := range orElse(f.Headers, nil) {
			header.Set(name, value)
		}
		return Answer(errorStatus(f), header, orElse(f.Body, ""))
	}},
	{"fail", "an error of the Market, 500", []string{"status", "code", "message"}, func(f control.Fault) Fault {
		return Fail(errorStatus(f), orElse(f.Code, "INTERNAL_ERROR"),
			orElse(f.Message, "Something went wrong, try again later"))
	}},
	{"html", "a page instead of JSON, 500", []string{"status"}, func(f control.Fault) Fault {
		return HTML(errorStatus(f))
	}},
	{"redirect", "302 to another address", []string{"url"}, func(f control.Fault) Fault {
		return Redirect(orElse(f.URL, "https://example.com/"))
	}},
	{"quota", "420, the quota is used up", []string{"seconds"}, func(f control.Fault) Fault {
		return QuotaUsedUp(seconds(f, 1))
	}},
	{"parallel", "420, too many requests at once", nil, func(control.Fault) Fault { return TooMany() }},
	{"abort", "the connection is cut before an answer", nil, func(control.Fault) Fault { return Abort() }},
	{"truncate", "the connection is cut within the answer", []string{"bytes"}, func(f control.Fault) Fault {
		return Truncate(orElse(f.Bytes, 10))
	}},
	{"drip", "the answer comes byte by byte", []string{"everyMs"}, func(f control.Fault) Fault {
		return Drip(time.Duration(orElse(f.EveryMs, 100)) * time.Millisecond)
	}},
	{"gzipBomb", "an answer that unpacks to 64 MiB", []string{"bytes"}, func(f control.Fault) Fault {
		return GzipBomb(orElse(f.Bytes, 64<<20))
	}},
	{"contentType", "the true answer as text/plain", []string{"contentType"}, func(f control.Fault) Fault {
		return ContentType(orElse(f.ContentType, "text/plain"))
	}},
	{"unknown", "values and fields that nobody knows", nil, func(control.Fault) Fault { return Unknown() }},
	{"duplicateKeys", "every name of the answer twice", nil, func(control.Fault) Fault { return DuplicateKeys() }},
	{"closeAfter", "the connection is closed after the answer", nil, func(control.Fault) Fault { return CloseAfter() }},
	{"resetStream", "the HTTP/2 stream is reset", []string{"streamError"}, func(f control.Fault) Fault {
		return ResetStream(streamErrors[orElse(f.StreamError, control.FaultStreamErrorPROTOCOLERROR)])
	}},
	{"goAway", "the HTTP/2 connection ends", nil, func(control.Fault) Fault { return GoAway() }},
	{"proxy", "a proxy's page, 502", []string{"status", "body"}, func(f control.Fault) Fault {
		status := proxyStatus(f)
		return Proxy(status, orElse(f.Body, ProxyPage(status)))
	}},
	{"cached", "what there was then, by a cache that says so", []string{"seconds"}, func(f control.Fault) Fault {
		return Cached(ageOf(f))
	}},
	{"lagging", "what there was then, with no sign of it", []string{"seconds"}, func(f control.Fault) Fault {
		return Lagging(ageOf(f))
	}},
	{"changed", "the message is stored with another text", []string{"change", "status"}, func(f control.Fault) Fault {
		var then Fault
		if f.Status != nil {
			then = CommitThen(Fail(*f.Status, "INTERNAL_ERROR", "Something went wrong, try again later"))
		}
		return Changed(changes[orElse(f.Change, control.FaultChangeEscaped)], then)
	}},
	{"closeSilently", "the connection seems kept, and is closed after the answer", []string{"closeMs"},
		func(f control.Fault) Fault {
			return CloseSilently(time.Duration(orElse(f.CloseMs, 0)) * time.Millisecond)
		}},
}

var changes = map[control.FaultChange]func(string) string{
	control.FaultChangeEscaped: Escaped,
	control.FaultChangePadded:  Padded,
	control.FaultChangeMasked:  Masked,
}

var streamErrors = map[control.FaultStreamError]StreamError{
	control.FaultStreamErrorPROTOCOLERROR:   ProtocolError,
	control.FaultStreamErrorINTERNALERROR:   InternalError,
	control.FaultStreamErrorREFUSEDSTREAM:   RefusedStream,
	control.FaultStreamErrorCANCEL:          Cancel,
	control.FaultStreamErrorENHANCEYOURCALM: EnhanceYourCalm,
}

// ParseFault reads a Fault as control.yaml describes it: {"kind":"fail","status":500,"commit":true}. The error names
// the place and what is allowed. A Fault of kind none is nil.
func ParseFault(text []byte) (Fault, error) {
	var f control.Fault
	if err := decodeControl("Fault", text, &f); err != nil {
		return nil, err
	}
	return describedFault(f), nil
}

// describedFault makes the Fault of a description that was checked.
func describedFault(f control.Fault) Fault {
	var fault Fault
	for _, kind := range Kinds {
		if kind.Name == string(f.Kind) {
			fault = kind.fault(f)
		}
	}
	if f.DelayMs != nil {
		fault = Delay(time.Duration(*f.DelayMs)*time.Millisecond, fault)
	}
	if orElse(f.Commit, false) && fault != nil {
		fault = CommitThen(fault) // outside of the delay: the request happens at once, and its answer waits
	}
	if f.Probability != nil {
		fault = Sometimes(*f.Probability, uint64(orElse(f.Seed, 0)), fault)
	}
	if f.After != nil {
		fault = After(*f.After, fault)
	}
	return fault
}

// errorStatus, proxyStatus and ageOf have the settings that a description leaves out.
func errorStatus(f control.Fault) int     { return orElse(f.Status, http.StatusInternalServerError) }
func proxyStatus(f control.Fault) int     { return orElse(f.Status, http.StatusBadGateway) }
func ageOf(f control.Fault) time.Duration { return seconds(f, 60) }

func seconds(f control.Fault, otherwise int) time.Duration {
	return time.Duration(orElse(f.Seconds, otherwise)) * time.Second
}

func orElse[T any](value *T, otherwise T) T {
	if value == nil {
		return otherwise
	}
	return *value
}
