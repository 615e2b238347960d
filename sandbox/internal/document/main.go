// Command document writes the kinds of faults into control.yaml, from sandbox.Kinds.
package main

import (
	"fmt"
	"log"
	"os"
	"regexp"
	"strings"

	"github.com/ymarket-go/chats/sandbox"
)

// kindProperty is the property kind of the schema Fault, up to the next property.
var kindProperty = regexp.MustCompile(`(?s)        kind:\n.*?\n(        status:)`)

func main() {
	const file = "control.yaml"
	text, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	text = kindProperty.ReplaceAll(text, []byte(property(sandbox.Kinds)+"$1"))
	if err := os.WriteFile(file, text, 0o600); err != nil {
		log.Fatal(err)
	}
}

func property(kinds []sandbox.Kind) string {
	var text strings.Builder
	text.WriteString("        kind:\n          description: |-\n")
	for _, kind := range kinds {
		fmt.Fprintf(&text, "            - `%s`: %s", kind.Name, kind.Does)
		if len(kind.Fields) > 0 {
			fmt.Fprintf(&text, "; it takes `%s`", strings.Join(kind.Fields, "`, `"))
		}
		text.WriteString("\n")
	}
	text.WriteString("          type: string\n          enum:\n")
	for _, kind := range kinds {
		fmt.Fprintf(&text, "            - %s\n", kind.Name)
	}
	return text.String()
}
