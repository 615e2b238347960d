package tests

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var varnames = regexp.MustCompile(`schemas\.(\w+)\n +update:\n +x-enum-varnames: \[(.+)\]`)

// Each enum has Go names in its overlay: for each value its own, WaitingForCustomer for WAITING_FOR_CUSTOMER. What else
// makes bad Go of a valid contract scripts/lint looks for.
func TestEnumsHaveGoNames(t *testing.T) {
	for name, doc := range map[string]*openapi3.T{"overlay": load(t), "overlay-notify": loadNotifications(t)} {
		overlay, err := os.ReadFile("../api/" + name + ".yaml")
		require.NoError(t, err)
		named := map[string][]string{}
		for _, action := range varnames.FindAllSubmatch(overlay, -1) {
			named[string(action[1])] = strings.Split(string(action[2]), ", ")
		}
		for schema, ref := range doc.Components.Schemas {
			values := ref.Value.Enum
			require.Len(t, named[schema], len(values), "%s: Go names in %s.yaml", schema, name)
			for i, value := range values {
				want := strings.ReplaceAll(fmt.Sprint(value), "_", "")
				assert.True(t, strings.EqualFold(want, named[schema][i]), "%s: the value %v has the Go name %s", schema, value, named[schema][i])
			}
		}
	}
}
