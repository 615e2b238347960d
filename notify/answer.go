package notify

import (
	"encoding/json"
	"net/http"
	"time"
)

// outcome is what came of a request.
type outcome struct {
	status  int
	kind    NotificationAPIErrorType // of an answer that is not 200
	message string                   // for the sender and the log: words of this package, and none of a function or a body
	repeat  bool                     // the event is known already
	cause   error                    // its type is for the log
}

var (
	taken     = outcome{status: http.StatusOK}
	refused   = failure(http.StatusForbidden, "the sender is not allowed")
	notPost   = failure(http.StatusMethodNotAllowed, "the method is not allowed, allowed is POST")
	brokenOff = failure(http.StatusInternalServerError, "the body broke off, or came too slowly")
)

func failure(status int, message string) outcome {
	return outcome{status: status, kind: NotificationAPIErrorTypeUnknown, message: message}
}

// malformed is of use only for what a repetition cannot mend, as there is none.
func malformed(err error) outcome {
	return outcome{status: http.StatusBadRequest, kind: NotificationAPIErrorTypeWrongEventFormat, message: err.Error()}
}

// answer writes what the contract asks for. Without a Content-Type net/http would call it text/plain, and the Market
// would take it for a failure.
func (h *handler) answer(w http.ResponseWriter, began time.Time, o outcome) {
	var body any = SendNotificationResponse{Name: h.name, Version: h.version, Time: began.UTC()}
	if o.status != http.StatusOK {
		body = SendNotificationErrorResponse{Error: &NotificationAPIErrorDTO{Type: &o.kind, Message: &o.message}}
	}
	text, _ := json.Marshal(body) // these types cannot fail
	w.Header().Set("Content-Type", "application/json")
	if o.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	w.WriteHeader(o.status)
	_, _ = w.Write(text) // fails when the sender is gone
}
