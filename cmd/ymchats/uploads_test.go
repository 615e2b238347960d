package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// uploaders send a file by each of the names in NAMES, JSON, in other languages: of each the command line, to which the
// address and the path of the file are added.
var uploaders = map[string][]string{
	"curl": {"python3", "-c", `
import json, os, subprocess, sys
address, path = sys.argv[1:]
for name in json.loads(os.environ["NAMES"]):
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    subprocess.run(["curl", "-fsS", "-H", "Api-Key: key", "-F", 'file=@%s;filename="%s"' % (path, quoted), address], check=True)
`},
	"Python requests": {"python3", "-c", `
import json, os, sys
import requests
address, path = sys.argv[1:]
for name in json.loads(os.environ["NAMES"]):
    with open(path, "rb") as file:
        requests.post(address, files={"file": (name, file)}, headers={"Api-Key": "key"}).raise_for_status()
`},
	"Node": {"node", "--input-type=module", "-e", `
import { readFileSync } from 'node:fs'
const [address, path] = process.argv.slice(-2)
for (const name of JSON.parse(process.env.NAMES)) {
  const body = new FormData()
  body.append('file', new Blob([readFileSync(path)]), name)
  const answer = await fetch(address, { method: 'POST', body, headers: { 'Api-Key': 'key' } })
  if (!answer.ok) throw new Error(await answer.text())
}
`},
}

// uploadedNames are what a file may be called.
var uploadedNames = []string{
	"a.pdf", "Счёт №1.pdf", "и\u0306.pdf", "й.pdf", `"a" 'b'.pdf`, "a\r\nX-Injected: 1\r\n\r\nb.pdf", "../../etc/passwd",
	`C:\dir\a.pdf`, "a;b=c.pdf", "100%.pdf", "%22.pdf", "a\u202efdp.exe", "😀.png", " .pdf", strings.Repeat("ё", 255),
}

// What clients in other languages upload is what the sandbox keeps, and a recording of it keeps the contract.
func TestUploads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	content := []byte("--b\r\n\x00\xff\r\n\r\n--\n")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	names, err := json.Marshal(uploadedNames)
	require.NoError(t, err)
	for client, command := range uploaders {
		t.Run(client, func(t *testing.T) {
			findUploader(t, client, command[0])
			m := sandbox.New()
			chat, err := m.Ask(12345, wrapper.Order(5), "Where is it?")
			require.NoError(t, err)
			recorded := &recorder{next: m}
			server := httptest.NewServer(recorded)
			defer server.Close()
			address := fmt.Sprintf("%s/v2/businesses/12345/chats/file/send?chatId=%d", server.URL, chat)
			process := exec.Command(command[0], append(command[1:], address, path)...)
			process.Env = append(os.Environ(), "NAMES="+string(names))
			said, err := process.CombinedOutput()
			require.NoError(t, err, string(said))

			kept := m.Messages(chat)[1:]
			require.Len(t, kept, len(uploadedNames))
			for n, name := range uploadedNames {
				if name == "%22.pdf" {
					name = `".pdf` // nobody escapes the percent sign
				}
				assert.Equal(t, name, kept[n].Files[0].Name)
				assert.Equal(t, len(content), kept[n].Files[0].Size)
			}
			for _, call := range m.Calls() {
				assert.NoError(t, call.Verdict)
			}
			for notices, entries := range map[string][]string{"notices 0": recorded.exact, fmt.Sprint("notices ", len(kept)): recorded.lossy} {
				har := `{"log":{"entries":[` + strings.Join(entries, ",") + `]}}`
				code, out, complaint := check(t, har, "--base-url", server.URL+"/v2", "-")
				assert.Zero(t, code, out+complaint)
				assert.Contains(t, out, fmt.Sprintf("checked %d, violations 0", len(kept)))
				if notices != "notices 0" {
					assert.Contains(t, out, notices)
				}
			}
		})
	}
}

// findUploader skips the test where a client is not there. Where everything is to be tested, it has to be.
func findUploader(t *testing.T, client, program string) {
	t.Helper()
	needed := map[string][]string{
		"curl":            {"curl", "--version"},
		"Python requests": {program, "-c", "import requests"},
		"Node":            {program, "-e", "new FormData()"},
	}[client]
	for _, command := range [][]string{{program, "--version"}, needed} {
		if err := exec.Command(command[0], command[1:]...).Run(); err == nil {
			continue
		}
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not there", client)
		}
		t.Skipf("%s is not there", client)
	}
}

// recorder keeps each request as an entry of a HAR file: with the bytes of its body, and as a recorder of text does.
type recorder struct {
	next         http.Handler
	exact, lossy []string
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	req.Body = io.NopCloser(bytes.NewReader(body))
	var headers []map[string]string
	for name, values := range req.Header {
		for _, value := range values {
			headers = append(headers, map[string]string{"name": name, "value": value})
		}
	}
	entry := func(text, encoding string) string {
		written, _ := json.Marshal(map[string]any{
			"request": map[string]any{
				"method": req.Method, "url": "http://" + req.Host + req.URL.String(), "headers": headers, "bodySize": len(body),
				"postData": map[string]any{"mimeType": req.Header.Get("Content-Type"), "text": text, "encoding": encoding},
			},
			"response": map[string]any{"status": 0},
		})
		return string(written)
	}
	r.exact = append(r.exact, entry(base64.StdEncoding.EncodeToString(body), "base64"))
	r.lossy = append(r.lossy, entry(strings.ToValidUTF8(string(body), "\ufffd"), ""))
	r.next.ServeHTTP(w, req)
}
