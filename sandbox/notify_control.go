package sandbox

import (
	"errors"
	"net/http"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/sandbox/internal/control"
)

func (m controls) BeginChat(w http.ResponseWriter, r *http.Request) {
	var beginning control.Beginning
	if !readControl(w, r, "Beginning", &beginning) {
		return
	}
	chat, err := m.Direct(beginning.BusinessID, beginning.Text)
	if err != nil {
		refuseControl(w, http.StatusBadRequest, err)
		return
	}
	writeControl(w, http.StatusCreated, control.Begun{ChatID: chat})
}

func (m controls) StartDispute(w http.ResponseWriter, _ *http.Request, chatID int64) {
	answerDispute(w, m.Market.StartDispute(chatID))
}

func (m controls) FinishDispute(w http.ResponseWriter, _ *http.Request, chatID int64) {
	answerDispute(w, m.Market.FinishDispute(chatID))
}

func answerDispute(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, errNoChat):
		refuseControl(w, http.StatusNotFound, err)
	case err != nil:
		refuseControl(w, http.StatusConflict, err)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func (m controls) ListDeliveries(w http.ResponseWriter, _ *http.Request) {
	list := []control.Delivery{}
	for _, d := range tail(m.Deliveries(), listedCalls) {
		shown := control.Delivery{At: d.At, BusinessID: d.BusinessID, Type: string(d.Type), Body: d.Body, Attempt: d.Attempt,
			Status: d.Status, Taken: d.Taken, Violations: d.violations()}
		if !d.Again.IsZero() {
			shown.Again = &d.Again
		}
		list = append(list, shown)
	}
	writeControl(w, http.StatusOK, list)
}

// violations lists what was wrong with an answer, or why there was none.
func (d Delivery) violations() []string {
	list := []string{}
	for _, v := range api.Violations(d.Verdict) {
		list = append(list, v.Where+": "+v.Rule)
	}
	if d.Verdict != nil && len(list) == 0 {
		list = append(list, d.Verdict.Error())
	}
	return list
}
