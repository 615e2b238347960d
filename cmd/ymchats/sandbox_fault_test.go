package main

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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

// Each kind that is offered may stand alone.
func TestParseFault(t *testing.T) {
	for _, kind := range faultKinds {
		short, err := parseFault(kind.name)
		require.NoError(t, err, kind.name)
		assert.Equal(t, kind.name == "none", short == nil, kind.name)
		assert.NotEmpty(t, kind.does)
	}
}
