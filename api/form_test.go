package api_test

import (
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
)

const (
	file = "/v2/businesses/1/chats/file/send?chatId=1"

	named   = `Content-Disposition: form-data; name="file"; filename="a.pdf"`
	maxFile = 5_242_880
)

// formRequest makes a request of a form with the boundary b.
func formRequest(t testing.TB, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequest("POST", "https://api.partner.market.yandex.ru"+file, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Api-Key", "canary-key")
	req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	return req
}

// form has one part for each of the heads, each with this content.
func form(content string, heads ...string) string {
	var body strings.Builder
	for _, head := range heads {
		fmt.Fprintf(&body, "--b\r\n%s\r\n\r\n%s\r\n", head, content)
	}
	return body.String() + "--b--\r\n"
}

func TestForms(t *testing.T) {
	disposition := func(rest string) string { return "Content-Disposition: form-data; " + rest }
	unreadable := []string{
		"body /file: required", "body part 1: has a Content-Disposition that is not form-data, or cannot be read",
	}
	nameless := []string{"body /file: has no filename"}
	const noCRLF, noEnd = "body: has a delimiter without CRLF before and after it", "body: has no last delimiter"
	for what, row := range map[string]struct {
		body string
		want []string
	}{
		"a file":                      {form("x", named), nil},
		"an empty one":                {form("", named), nil},
		"the largest":                 {form(strings.Repeat("x", maxFile), named), nil},
		"a byte more":                 {form(strings.Repeat("x", maxFile+1), named), []string{"body /file: maxLength 5242880"}},
		"with a type":                 {form("x", named+"\r\nContent-Type: application/pdf"), nil},
		"without a CRLF at the end":   {strings.TrimSuffix(form("x", named), "\r\n"), nil},
		"line ends in it":             {form("\r\n\n--\r\n--a\r\n\r\n", named), nil},
		"its boundary within a line":  {form("x--b--\r\n --b\r\n", named), nil},
		"header names in lower case":  {form("x", strings.ToLower(named)), nil},
		"as it is, said so":           {form("x", named+"\r\nContent-Transfer-Encoding: binary"), nil},
		"in capital letters":          {form("x", named+"\r\nContent-Transfer-Encoding: BINARY"), nil},
		"without content":             {"--b\r\n" + named + "\r\n\r\n--b--", nil},
		"a name of browsers":          {form("x", disposition(`name="file"; filename="%22Счёт%22 №1.pdf"`)), nil},
		"a name by RFC 5987":          {form("x", disposition(`name="file"; filename*=utf-8''%D0%A1%D1%87.pdf`)), nil},
		"both":                        {form("x", disposition(`name="file"; filename="?"; filename*=UTF-8''%D0%A1.pdf`)), nil},
		"without quotes":              {form("x", disposition(`name=file; filename=a.pdf`)), nil},
		"a quote in it":               {form("x", disposition(`name="file"; filename="a\"b.pdf"`)), nil},
		"255 characters":              {form("x", disposition(`name="file"; filename="`+strings.Repeat("ё", 255)+`"`)), nil},
		"decomposed":                  {form("x", disposition("name=\"file\"; filename=\"и\u0306.pdf\"")), nil},
		"a path":                      {form("x", disposition(`name="file"; filename="C:\dir\a.pdf"`)), nil},
		"no name":                     {form("x", disposition(`name="file"`)), nameless},
		"an empty name":               {form("x", disposition(`name="file"; filename=""`)), nameless},
		"a name in another charset":   {form("x", disposition(`name="file"; filename*=koi8-r''%D3.pdf`)), nameless},
		"a name that is not UTF-8":    {form("x", disposition("name=\"file\"; filename=\"\xd1.pdf\"")), []string{"body /file: has a filename that is not UTF-8"}},
		"letters without quotes":      {form("x", disposition(`name="file"; filename=Счёт.pdf`)), unreadable},
		"a name that does not end":    {form("x", disposition(`name="file"; filename="a`)), unreadable},
		"two names":                   {form("x", disposition(`name="file"; filename="a"; filename="b"`)), unreadable},
		"an attachment":               {form("x", `Content-Disposition: attachment; name="file"; filename="a"`), unreadable},
		"no disposition":              {form("x", "Content-Type: application/pdf"), unreadable},
		"two dispositions":            {form("x", named+"\r\n"+named), unreadable},
		"no head at all":              {"--b\r\n\r\nx\r\n--b--\r\n", unreadable},
		"a head with bare line feeds": {form("x", named+"\nContent-Type: a/b"), unreadable},
		"a head that is none":         {form("x", "canary"), unreadable},
		"a head beyond 16 KiB":        {form("x", named+"\r\nX: "+strings.Repeat("x", 16<<10)), unreadable},
		"base64":                      {form("eA==", named+"\r\nContent-Transfer-Encoding: base64"), []string{"body /file: must be sent as it is, without Content-Transfer-Encoding"}},
		"twice":                       {form("x", named, named), []string{"body /file: comes twice"}},
		"another name":                {form("x", disposition(`name="File"; filename="a"`)), []string{"body /File: is not declared", "body /file: required"}},
		"a name that may be a value":  {form("x", named, disposition(`name="Dear Ivan"`)), []string{"body /…: is not declared"}},
		"no name of the part":         {form("x", named, disposition(`filename="a"`)), []string{"body /…: is not declared"}},
		"a field beside it":           {form("x", named, disposition(`name="chatId"`)), []string{"body /chatId: is not declared"}},
		"100 parts":                   {form("x", slices.Repeat([]string{named}, 100)...), []string{"body /file: comes twice"}},
		"101 parts": {form("x", slices.Repeat([]string{named}, 101)...), []string{"body /file: comes twice",
			"body: has more than 100 parts, the others are not checked"}},
		"no part":                       {"--b--\r\n", []string{"body /file: required"}},
		"no end":                        {strings.TrimSuffix(form("x", named), "--b--\r\n"), []string{noEnd}},
		"no delimiter":                  {"canary", []string{"body /file: required", "body: has bytes before the first delimiter", noEnd}},
		"text before":                   {"canary\r\n" + form("x", named), []string{"body: has bytes before the first delimiter"}},
		"a line before":                 {"\r\n" + form("x", named), []string{"body: has bytes before the first delimiter"}},
		"text after":                    {form("x", named) + "canary", []string{"body: has bytes after the last delimiter"}},
		"two lines after":               {form("x", named) + "\r\n", []string{"body: has bytes after the last delimiter"}},
		"a line feed after":             {strings.TrimSuffix(form("x", named), "\r\n") + "\n", []string{"body: has bytes after the last delimiter"}},
		"another form after":            {form("x", named) + form("x", named), []string{"body: has bytes after the last delimiter"}},
		"bare line feeds":               {strings.ReplaceAll(form("x", named), "\r\n", "\n"), []string{"body /file: required", noCRLF, noEnd}},
		"a bare line feed before":       {strings.Replace(form("x", named), "\r\n--b--", "\n--b--", 1), []string{noCRLF, noEnd}},
		"white space behind":            {strings.Replace(form("x", named), "--b\r\n", "--b \r\n", 1), []string{"body /file: required", noCRLF}},
		"another boundary that extends": {strings.Replace(form("x", named), "\r\n--b--", "\r\n--bb--", 1), []string{noCRLF, noEnd}},
	} {
		t.Run(what, func(t *testing.T) {
			assert.ElementsMatch(t, row.want, places(newValidator(t).Request(formRequest(t, row.body))))
		})
	}
}

func TestContentTypesOfForms(t *testing.T) {
	const wrong = "header Content-Type: must be multipart/form-data, with a boundary"
	for contentType, want := range map[string][]string{
		"Multipart/Form-Data; Boundary=b":                          nil,
		`multipart/form-data; boundary="b"`:                        nil,
		"multipart/form-data; charset=utf-8; boundary=b":           nil,
		"multipart/form-data":                                      {wrong},
		"multipart/form-data; boundary=":                           {wrong},
		`multipart/form-data; boundary="b "`:                       {wrong},
		`multipart/form-data; boundary="b\"c"`:                     {wrong},
		"multipart/form-data; boundary=" + strings.Repeat("b", 71): {wrong},
		"multipart/mixed; boundary=b":                              {wrong},
		"application/json":                                         {wrong},
		"":                                                         {wrong},
	} {
		req := formRequest(t, form("x", named))
		req.Header.Set("Content-Type", contentType)
		assert.Equal(t, want, places(newValidator(t).Request(req)), contentType)
	}
	req := formRequest(t, form("x", named))
	req.Header.Add("Content-Type", req.Header.Get("Content-Type"))
	assert.Equal(t, []string{wrong}, places(newValidator(t).Request(req)), "twice")
}

// A body may have what a file may, and 64 KiB around it.
func TestLargestForm(t *testing.T) {
	around := len(form("", named))
	for size, want := range map[int][]string{
		5_308_416: {"body /file: maxLength 5242880"},
		5_308_417: {"body: has more than 5308416 bytes"},
	} {
		body := form(strings.Repeat("x", size-around), named)
		assert.Equal(t, want, places(newValidator(t).Request(formRequest(t, body))), size)
	}
}

// An empty 200 means sent, as for a message.
func TestEmptyAnswerToAFile(t *testing.T) {
	v := newValidator(t)
	req, resp := formRequest(t, form("x", named)), answer(200, "")
	require.NoError(t, v.Response(req, resp))
	require.Len(t, v.Notices(req, resp), 1)
	assert.Equal(t, "body: is empty, which means sent", v.Notices(req, resp)[0].Where+": "+v.Notices(req, resp)[0].Rule)
}

// No violation shows what a file is called, nor what is in it.
func TestFormsStaySecret(t *testing.T) {
	const secret = "canary"
	for _, body := range []string{
		form(secret, `Content-Disposition: form-data; name="file"; filename="`+secret+"\xff"+`"`),
		form(secret, `Content-Disposition: form-data; name="`+secret+` of"; filename="`+secret+`"`),
		form(secret, secret), secret, secret + form(secret, named) + secret,
		form(secret, named+"\r\nContent-Transfer-Encoding: "+secret),
	} {
		err := newValidator(t).Request(formRequest(t, body))
		require.Error(t, err)
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, api.Violations(err)), secret)
	}
}

// A check takes the body and little more, however many parts it has.
func TestCostOfForms(t *testing.T) {
	v := newValidator(t)
	for what, body := range map[string]string{
		"the largest file": form(strings.Repeat("x", maxFile), named),
		"empty parts":      strings.Repeat("--b\r\n\r\n\r\n", 500_000),
		"parts":            strings.Repeat(strings.TrimSuffix(form("", named), "--b--\r\n"), 60_000),
		"delimiters":       strings.Repeat("\n--b", 1_000_000),
	} {
		require.Less(t, len(body), 5_308_416, what)
		req := formRequest(t, body)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := v.Request(req)
		runtime.ReadMemStats(&after)
		assert.Equal(t, what == "the largest file", err == nil, what)
		assert.LessOrEqual(t, len(api.Violations(err)), 100, what)
		allocated := after.TotalAlloc - before.TotalAlloc
		assert.Less(t, allocated, 20*uint64(len(body)), what)
		t.Logf("%s: %d bytes, allocated %d", what, len(body), allocated)
	}
}

// Whatever is sent: no panic, and the body is left as it was. What passes is one file with a name for mime/multipart,
// too, which takes more than the contract does.
func FuzzForm(f *testing.F) {
	f.Add("b", form("x", named))
	f.Add("b", form("\r\n--", named, named))
	f.Add("b", "--b\r\n"+named+"\r\n\r\n--b--")
	f.Add("b", "--b\r\nContent-Disposition: form-data; name=file; filename*=utf-8''%D0%A1\r\n\r\n--b\r\n--b--\r\n")
	f.Add("b", "\r\n"+form("x", named)+"\n")
	f.Add("a b", strings.ReplaceAll(form("x", named+"\r\n folded: x\r\nContent-Transfer-Encoding: 8bit"), "--b", "--a b"))
	f.Add("-", strings.ReplaceAll(form("---", named), "--b", "---"))
	f.Add("b", strings.ReplaceAll(form("x", named), "\r\n", "\n"))
	v := newValidator(f)
	f.Fuzz(func(t *testing.T, boundary, body string) {
		req := formRequest(t, body)
		req.Header.Set("Content-Type", mime.FormatMediaType("multipart/form-data", map[string]string{"boundary": boundary}))
		err := v.Request(req)
		left, readErr := io.ReadAll(req.Body)
		require.NoError(t, readErr)
		require.Equal(t, body, string(left))
		if err != nil {
			require.NotEmpty(t, api.Violations(err))
			return
		}
		parts := multipart.NewReader(strings.NewReader(body), boundary)
		part, err := parts.NextRawPart()
		require.NoError(t, err)
		content, err := io.ReadAll(part)
		require.NoError(t, err)
		assert.Equal(t, "file", part.FormName())
		assert.NotEmpty(t, part.FileName())
		assert.Contains(t, body, "\r\n"+string(content))
		_, err = parts.NextRawPart()
		require.ErrorIs(t, err, io.EOF)
	})
}
