package sandbox

import (
	"net/http"
	"time"

	"github.com/ymarket-go/chats/sandbox/internal/control"
)

// ParseFault reads a Fault as control.yaml describes it: {"kind":"fail","status":500,"commit":true}. The error names
// the place and what is allowed. A Fault of kind none is nil.
func ParseFault(text []byte) (Fault, error) {
	var f control.Fault
	if err := decodeControl("Fault", text, &f); err != nil {
		return nil, err
	}
	return makeFault(f), nil
}

// EveryDescribed is Every with a Fault as ParseFault reads it. The page and the control API show such a description,
// and of another Fault only that there is one. The error is that of ParseFault, or says that operation is no
// operationId of the contract.
func (m *Market) EveryDescribed(operation string, text []byte) error {
	var f control.Fault
	if err := decodeControl("Fault", text, &f); err != nil {
		return err
	}
	return m.setDescribed(control.Faults{Operation: operation, Every: &f})
}

// makeFault puts together what a checked description asks for.
func makeFault(f control.Fault) Fault {
	fault := kindOf(f)
	if f.DelayMs != nil {
		fault = Delay(time.Duration(*f.DelayMs)*time.Millisecond, fault)
	}
	if orElse(f.Commit, false) && fault != nil {
		fault = CommitThen(fault) // outside of the delay: the answer waits, not what happens
	}
	if f.Probability != nil {
		fault = Sometimes(*f.Probability, uint64(orElse(f.Seed, 0)), fault)
	}
	if f.After != nil {
		fault = After(*f.After, fault)
	}
	return fault
}

func kindOf(f control.Fault) Fault {
	status := orElse(f.Status, http.StatusInternalServerError)
	switch f.Kind {
	case control.FaultKindAnswer:
		header := http.Header{}
		for name, value := range orElse(f.Headers, nil) {
			header.Set(name, value)
		}
		return Answer(status, header, orElse(f.Body, ""))
	case control.FaultKindFail:
		return Fail(status, orElse(f.Code, "INTERNAL_ERROR"), orElse(f.Message, "Something went wrong, try again later"))
	case control.FaultKindHTML:
		return HTML(status)
	case control.FaultKindRedirect:
		return Redirect(orElse(f.URL, "https://example.com/"))
	case control.FaultKindQuota:
		return QuotaUsedUp(time.Duration(orElse(f.Seconds, 1)) * time.Second)
	case control.FaultKindParallel:
		return TooMany()
	case control.FaultKindAbort:
		return Abort()
	case control.FaultKindTruncate:
		return Truncate(orElse(f.Bytes, 10))
	case control.FaultKindDrip:
		return Drip(time.Duration(orElse(f.EveryMs, 100)) * time.Millisecond)
	case control.FaultKindGzipBomb:
		return GzipBomb(orElse(f.Bytes, 64<<20))
	case control.FaultKindContentType:
		return ContentType(orElse(f.ContentType, "text/plain"))
	case control.FaultKindUnknown:
		return Unknown()
	case control.FaultKindDuplicateKeys:
		return DuplicateKeys()
	case control.FaultKindCloseAfter:
		return CloseAfter()
	default:
		return kindBetween(f)
	}
}

// kindBetween makes what stands between a shop and the Market.
func kindBetween(f control.Fault) Fault {
	switch f.Kind {
	case control.FaultKindResetStream:
		return ResetStream(streamErrors[orElse(f.StreamError, control.FaultStreamErrorPROTOCOLERROR)])
	case control.FaultKindGoAway:
		return GoAway()
	case control.FaultKindProxy:
		status := orElse(f.Status, http.StatusBadGateway)
		return Proxy(status, orElse(f.Body, ProxyPage(status)))
	case control.FaultKindCached:
		return Cached(time.Duration(orElse(f.Seconds, 60)) * time.Second)
	case control.FaultKindLagging:
		return Lagging(time.Duration(orElse(f.Seconds, 60)) * time.Second)
	default:
		return nil
	}
}

var streamErrors = map[control.FaultStreamError]StreamError{
	control.FaultStreamErrorPROTOCOLERROR:   ProtocolError,
	control.FaultStreamErrorINTERNALERROR:   InternalError,
	control.FaultStreamErrorREFUSEDSTREAM:   RefusedStream,
	control.FaultStreamErrorCANCEL:          Cancel,
	control.FaultStreamErrorENHANCEYOURCALM: EnhanceYourCalm,
}

func orElse[T any](given *T, otherwise T) T {
	if given == nil {
		return otherwise
	}
	return *given
}
