package chats_test

import (
	"fmt"
	"strings"

	"github.com/ymarket-go/chats"
)

// The contracts can be given to any tool that reads OpenAPI.
func Example() {
	for _, contract := range [][]byte{chats.Spec, chats.NotificationsSpec} {
		firstLine, _, _ := strings.Cut(string(contract), "\n")
		fmt.Println(firstLine)
	}
	// Output:
	// openapi: 3.0.3
	// openapi: 3.0.3
}
