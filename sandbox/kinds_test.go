package sandbox

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// control.yaml is what go generate makes of Kinds, and has each field that a kind reads.
func TestControlYAMLHasTheKinds(t *testing.T) {
	fault := controlSchemas()["Fault"].Value
	kind := fault.Properties["kind"].Value
	var names []any
	for _, k := range Kinds {
		names = append(names, k.Name)
		line := fmt.Sprintf("- `%s`: %s", k.Name, k.Does)
		assert.Contains(t, kind.Description, line, "go generate ./sandbox writes it anew")
		for _, field := range k.Fields {
			assert.Contains(t, fault.Properties, field)
			assert.Contains(t, kind.Description, "`"+field+"`")
		}
	}
	assert.Equal(t, names, kind.Enum, "go generate ./sandbox writes it anew")
}
