package main

import (
	"errors"
	"net/http"

	"github.com/ymarket-go/chats/wrapper"
)

// cause is what a call has failed for.
type cause int

const (
	theMoment cause = iota // the Market, a proxy or the network is in trouble: later it may go well
	theSend                // nobody knows whether the message is in the chat
	theAnswer              // the message was refused, but not by the Market: the chat tells whether it is there
	theRow                 // the Market will not have it, today or tomorrow
	theWorker              // its key or its address is wrong, which no row is to blame for
)

// blame tells what a call has failed for. Only the Market's own word condemns a row: a 4xx in the form of its errors.
// Whatever else comes with a 4xx is from somebody in between, who knows nothing of the order.
func blame(err error, isSend bool) cause {
	var e *wrapper.Error
	isError := errors.As(err, &e)
	switch {
	case errors.Is(err, wrapper.ErrOutcomeUnknown): // first: another class may be true as well
		return theSend
	case errors.Is(err, wrapper.ErrInvalidRequest): // the contract forbids it
		return theRow
	case !isError || e.StatusCode < 400 || e.StatusCode >= 500 || errors.Is(err, wrapper.ErrRateLimited):
		return theMoment
	case len(e.Errors) == 0 && isSend:
		return theAnswer
	case len(e.Errors) == 0:
		return theMoment
	case errors.Is(err, wrapper.ErrUnauthorized) || isWrongAddress(e):
		return theWorker
	case errors.Is(err, wrapper.ErrForbidden): // it changes when somebody changes the key's accesses
		return theMoment
	}
	return theRow
}

// isWrongAddress tells the 404 of a path that the Market does not know from that of an order.
func isWrongAddress(e *wrapper.Error) bool {
	message := e.Errors[0].Message
	return e.StatusCode == http.StatusNotFound && message != nil && *message == "Resource not found"
}
