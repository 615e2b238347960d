package main

import (
	"net/http/httptest"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

// The completion offers what there is: the operations of the contract, and the kinds of the control API.
func TestFaultsThatThereAre(t *testing.T) {
	assert.ElementsMatch(t, operationIDs(t), faultOperations)
	spec, err := openapi3.NewLoader().LoadFromFile("../../sandbox/control.yaml")
	require.NoError(t, err)
	var kinds []string
	for _, kind := range spec.Components.Schemas["Fault"].Value.Properties["kind"].Value.Enum {
		kinds = append(kinds, kind.(string))
	}
	require.NotEmpty(t, kinds)
	assert.Equal(t, kinds, kindNames())
}

// Each kind that is offered may stand alone, and the sandbox tells people which one is set.
func TestFaultOfAKindAlone(t *testing.T) {
	for _, kind := range faultKinds {
		market := sandbox.New()
		require.NoError(t, setFault(market, sandbox.OperationGetChat, kind.name), kind.name)
		assert.NotEmpty(t, kind.does)
		listed := httptest.NewRecorder()
		market.Control().ServeHTTP(listed, httptest.NewRequest("GET", "http://localhost/_sandbox/faults", nil))
		want := `"kind":"` + kind.name + `"`
		if kind.name == "none" {
			want = "[]" // it takes away what was set
		}
		assert.Contains(t, listed.Body.String(), want)
	}
}
