package wrapper

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ymarket-go/chats/gen"
)

const (
	maxFile     = 5 << 20 // bytes of a file: the maxLength of the contract
	maxFileName = 255     // characters, as file systems have it
)

// SendFile sends a file to the buyer: up to 5,242,880 bytes, under a name of 1 to 255 characters. The content must not
// change before the call returns; it is not copied. chatID is 1 or more.
//
// What is said of SendMessage holds for a file, too. A file is in the chat if a message of the shop has its name and
// its size; names count as equal if their letters and digits are. A message that has one of the two may be the file,
// changed by the Market: the outcome is unknown then. Once takes an equal name and size for the same file, so give each
// version of a file a name of its own.
//
// An attempt has 15 s, and 1 s more for each 64 KiB of the file.
func (c *Client) SendFile(ctx context.Context, chatID int64, name string, content []byte, opts ...CallOption) error {
	invalid := checkID("chatId", chatID)
	if invalid == nil {
		invalid = checkFile(name, len(content))
	}
	call := c.newCall(gen.OperationSendFileToChat, fmt.Sprint("chatId=", chatID), nil, invalid, opts)
	call.message.chatID = chatID
	call.setFile(name, content)
	return c.do(ctx, call)
}

// setFile makes the form that has a file. Only its head and its end are made: between them stands the content itself.
func (c *call) setFile(name string, file []byte) {
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	_, _ = parts.CreatePart(textproto.MIMEHeader{ // it writes into memory
		"Content-Disposition": {`form-data; name="file"; filename="` + strings.ReplaceAll(name, `"`, "%22") + `"`},
		"Content-Type":        {fileType(name)},
	})
	head := form.Len()
	_ = parts.Close()
	c.body = body{form.Bytes()[:head], file, form.Bytes()[head:]}
	c.request = c.request.Clone(context.Background())
	c.request.Header.Set("Content-Type", parts.FormDataContentType())
	c.message.content = messageContent{isFile: true, name: name, size: len(file)}
	c.message.file = file
}

// fileOf reads the name and the size of the file in a form.
func fileOf(contentType string, form []byte) (file messageContent, ok bool) {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return messageContent{}, false
	}
	parts := multipart.NewReader(bytes.NewReader(form), params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err != nil {
			return messageContent{}, false
		}
		if _, said, err := mime.ParseMediaType(part.Header.Get("Content-Disposition")); err == nil && said["name"] == "file" {
			size, err := io.Copy(io.Discard, part)
			return messageContent{isFile: true, name: said["filename"], size: int(size)}, err == nil && said["filename"] != ""
		}
	}
}

// CheckFile gives the error with which SendFile would refuse a file, which is ErrInvalidRequest; nil: it would not. The
// error does not show the name.
func CheckFile(name string, size int) error {
	if err := checkFile(name, size); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidRequest, err)
	}
	return nil
}

func checkFile(name string, size int) error {
	isNoCharacter := func(r rune) bool { return !unicode.IsGraphic(r) } // control characters, and marks of direction
	switch n := utf8.RuneCountInString(name); {
	case !utf8.ValidString(name):
		return fmt.Errorf("the name of the file is not valid UTF-8, allowed is UTF-8 of 1 to %d characters", maxFileName)
	case n < 1 || n > maxFileName:
		return fmt.Errorf("the name of the file has %d characters, allowed is 1 to %d", n, maxFileName)
	case strings.ContainsAny(name, `/\`):
		return fmt.Errorf(`the name of the file has a / or a \, allowed is a name without directories`)
	case strings.ContainsFunc(name, isNoCharacter):
		return fmt.Errorf("the name of the file has a character that cannot be printed, allowed are those that can")
	case size < 0 || size > maxFile:
		return fmt.Errorf("the file has %d bytes, allowed is 0 to %d", size, maxFile)
	}
	return nil
}

// fileType is the type of a file by the end of its name.
func fileType(name string) string {
	if known, ok := fileTypes[strings.ToLower(path.Ext(name))]; ok {
		return known
	}
	return "application/octet-stream"
}

// fileTypes are the same on every machine, which those of package mime are not.
var fileTypes = map[string]string{
	".csv":  "text/csv",
	".doc":  "application/msword",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".gif":  "image/gif",
	".heic": "image/heic",
	".jpeg": "image/jpeg",
	".jpg":  "image/jpeg",
	".mov":  "video/quicktime",
	".mp4":  "video/mp4",
	".pdf":  "application/pdf",
	".png":  "image/png",
	".txt":  "text/plain",
	".webp": "image/webp",
	".xls":  "application/vnd.ms-excel",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".zip":  "application/zip",
}
