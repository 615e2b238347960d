package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/ymarket-go/chats/api"
)

// statusMethodFailure is the Market's answer to a request beyond one of its limits.
const statusMethodFailure = 420

// guarded lets a request through to its operation when the Market would: it is authorized, within the limits, and it
// fits the contract.
func (m *Market) guarded(x *exchange, operation http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		cabinet := r.PathValue("businessId")
		scopes := contractOperations()[x.operation].Scopes
		switch {
		case m.unauthorized(w, r.Header):
		case !m.serves(cabinet):
			fail(w, http.StatusForbidden, "FORBIDDEN", "Access denied to businessId "+cabinet)
		case !m.hasOneOf(scopes):
			message := fmt.Sprintf("Access denied: the token needs one of the scopes %v", scopes)
			fail(w, http.StatusForbidden, "FORBIDDEN", message)
		case x.ticket.tooMany:
			fail(w, statusMethodFailure, "METHOD_FAILURE", tooManyText(m.limits.parallel, cabinet))
		case x.ticket.usedUp:
			fail(w, statusMethodFailure, "METHOD_FAILURE", usedUpText(x.ticket.window.limit, x.operation, cabinet))
		case x.verdict != nil:
			x.refuse(w, r, api.Violations(x.verdict)...)
		default:
			operation(w, r)
		}
	}
}

func tooManyText(parallel int, cabinet string) string {
	return fmt.Sprintf("Hit rate limit of %d parallel requests for businessId %s", parallel, cabinet)
}

func usedUpText(perHour int, operation, cabinet string) string {
	return fmt.Sprintf("Hit rate limit of '%d' requests per 'hour' for resource '%s' for businessId %s",
		perHour, operation, cabinet)
}

// unauthorized answers a request whose key or token is not good; true: it did.
func (m *Market) unauthorized(w http.ResponseWriter, header http.Header) bool {
	key, token := header.Get("Api-Key"), bearer(header)
	switch {
	case key == "" && token == "":
		fail(w, http.StatusUnauthorized, "UNAUTHORIZED", "Api-Key token is missing")
	case key != "" && m.key != "" && key != m.key:
		fail(w, http.StatusUnauthorized, "UNAUTHORIZED", "Api-Key token is invalid")
	case key == "" && m.key != "" && token != m.key:
		fail(w, http.StatusForbidden, "FORBIDDEN", "OAuth token is invalid")
	default:
		return false
	}
	return true
}

// hasOneOf is true when the key has one of the scopes.
func (m *Market) hasOneOf(scopes []string) bool {
	return m.scopes == nil || slices.ContainsFunc(scopes, func(s string) bool { return slices.Contains(m.scopes, s) })
}

func (m *Market) serves(cabinet string) bool {
	id, err := strconv.ParseInt(cabinet, 10, 64)
	return err != nil || m.cabinets == nil || slices.Contains(m.cabinets, id)
}

func bearer(header http.Header) string {
	scheme, token, _ := strings.Cut(header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return token
}
