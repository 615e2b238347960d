// Command nethttp is a program that uses net/http and encoding/json, and ends before it has used them.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
)

func main() {
	client := &http.Client{}
	if len(os.Args) < 2 { // as it is measured
		return
	}
	resp, err := client.Get(os.Args[1])
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	var answer struct{ Status string }
	fmt.Println(json.NewDecoder(resp.Body).Decode(&answer), answer)
}
