package sandbox

import (
	"fmt"
	"strings"
	"time"

	"github.com/ymarket-go/chats/sandbox/internal/control"
)

// consequence says in words what a fault does to a request of an operation: "answer 500, message is stored".
func (f setFault) consequence(operation string) string {
	switch {
	case f.described != nil:
		return consequenceOf(operation, *f.described)
	case f.fault == nil:
		return "true answer"
	default:
		return "set by a program"
	}
}

func consequenceOf(operation string, f control.Fault) string {
	words := []string{actOf(f)}
	if orElse(f.Commit, false) && f.Kind != control.FaultKindNone {
		stored := "the request happens"
		if operation == OperationSendMessageToChat || operation == OperationSendFileToChat {
			stored = "message is stored"
		}
		words = append(words, stored)
	}
	if by := orElse(f.DelayMs, 0); by > 0 {
		words = append(words, "after "+spoken(time.Duration(by)*time.Millisecond))
	}
	return strings.Join(words, ", ")
}

// actOf is what a fault does by its kind.
func actOf(f control.Fault) string {
	switch f.Kind {
	case control.FaultKindNone:
		return "true answer"
	case control.FaultKindAnswer, control.FaultKindFail:
		return fmt.Sprintf("answer %d", errorStatus(f))
	case control.FaultKindHTML:
		return fmt.Sprintf("HTML page with %d", errorStatus(f))
	case control.FaultKindRedirect:
		return "302, redirect to another address"
	case control.FaultKindQuota:
		return "420, quota used up"
	case control.FaultKindParallel:
		return "420, too many at once"
	case control.FaultKindAbort:
		return "connection cut before the answer"
	case control.FaultKindTruncate:
		return "connection cut in the middle of the answer"
	case control.FaultKindDrip:
		return "answer comes byte by byte"
	case control.FaultKindGzipBomb:
		return "answer unpacks to many bytes"
	case control.FaultKindContentType:
		return "answer with another Content-Type"
	case control.FaultKindUnknown:
		return "unknown values in the answer"
	case control.FaultKindDuplicateKeys:
		return "every name of the answer twice"
	case control.FaultKindCloseAfter:
		return "connection closed after the answer"
	case control.FaultKindResetStream:
		return "HTTP/2 stream reset"
	case control.FaultKindGoAway:
		return "HTTP/2 connection ended"
	case control.FaultKindProxy:
		return fmt.Sprintf("proxy's page with %d", proxyStatus(f))
	case control.FaultKindCached:
		return "answer from a cache, " + spoken(ageOf(f)) + " old"
	case control.FaultKindLagging:
		return "answer " + spoken(ageOf(f)) + " old"
	case control.FaultKindChanged:
		if f.Status != nil {
			return fmt.Sprintf("answer %d, message is stored with another text", *f.Status)
		}
		return "message is stored with another text"
	case control.FaultKindCloseSilently:
		return "connection closed silently after the answer"
	default:
		return string(f.Kind)
	}
}

// spoken is a time in its two largest units: "2 h", "1 d 3 h", "500 ms".
func spoken(d time.Duration) string {
	units := []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}, {time.Millisecond, "ms"}}
	var parts []string
	for _, unit := range units {
		n := d / unit.size
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, unit.name))
			d -= n * unit.size
		}
		if len(parts) == 2 || n == 0 && len(parts) == 1 {
			break
		}
	}
	if parts == nil {
		return "0 s"
	}
	return strings.Join(parts, " ")
}
