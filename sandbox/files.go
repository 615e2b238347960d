package sandbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/internal/formdata"
	"github.com/ymarket-go/chats/sandbox/internal/control"
)

// File is a file of a message.
type File struct {
	Name   string // as it was sent, or as WithFiles changes it
	Size   int    // bytes, as getChatHistory has it
	SHA256 string // of the content that was sent, in hexadecimal digits
}

// maxFile is the largest file in bytes: the maxLength of the contract.
const maxFile = 5 << 20

// maxContentBytes bounds what the sandbox remembers of the contents of files. The oldest go first; names stay.
const maxContentBytes = 64 << 20

// fileBytes is about what a file takes of memory beyond its name and its content.
const fileBytes = 200

// sentFile is a file on its way into a message.
type sentFile struct {
	File
	content []byte
}

// newFile is a file as the Market keeps it: see WithFiles.
func (m *Market) newFile(name string, content []byte) sentFile {
	hash := sha256.Sum256(content)
	sent := sentFile{File{name, len(content), hex.EncodeToString(hash[:])}, bytes.Clone(content)}
	if m.changeFile != nil {
		sent.Name, sent.Size = m.changeFile(sent.Name, sent.Size)
	}
	return sent
}

// contents are what the sandbox remembers of the contents of files.
type contents struct {
	newest recent[fileContent]
	byFile map[fileKey][]byte
}

// fileKey is the place of a file in the payload of a message.
type fileKey struct {
	message int64
	number  int
}

type fileContent struct {
	fileKey
	size int
}

func (c *contents) add(file fileKey, content []byte) {
	c.byFile[file] = content
	for _, old := range c.newest.add(fileContent{file, len(content)}) {
		delete(c.byFile, old.fileKey)
	}
}

func (c *contents) reset() {
	c.newest.reset()
	c.byFile = map[fileKey][]byte{}
}

func (m operations) SendFileToChat(
	w http.ResponseWriter, r *http.Request, cabinet gen.BusinessID, params gen.SendFileToChatParams,
) {
	x := exchangeOf(r)
	name, content, ok := x.file(r.Header)
	if !ok {
		m.unreadable(w, r, nil)
		return
	}
	message := Message{At: m.now(), Sender: gen.ChatMessageSenderTypePartner}
	id, err := m.store.write(params.ChatID, message, cabinet, m.newFile(name, content))
	x.answerSend(w, params.ChatID, id, err)
}

// file reads the file of the request. Where requests are checked it cannot fail.
func (x *exchange) file(header http.Header) (name string, content []byte, ok bool) {
	if x.unread() {
		return "", nil, false
	}
	return fileOf(header, x.body)
}

// fileOf finds the file of a form.
func fileOf(header http.Header, body []byte) (name string, content []byte, ok bool) {
	boundary, ok := formdata.Boundary(header.Get("Content-Type"))
	if !ok {
		return "", nil, false
	}
	for parts := formdata.Scan(body, boundary); ; {
		part, ok := parts.Next()
		if !ok {
			return "", nil, false
		}
		if said, ok := part.Disposition(); ok && said.Name == "file" {
			return fileNames.Replace(said.FileName), part.Content, true
		}
	}
}

// fileNames undoes what browsers write in the place of what would end a quoted name.
var fileNames = strings.NewReplacer("%22", `"`, "%0D", "\r", "%0A", "\n")

// file gives a file and its content, if that is remembered.
func (s *store) file(at fileKey) (file File, content []byte, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if content, ok = s.contents.byFile[at]; !ok {
		return File{}, nil, false
	}
	c := s.chats[at.message/messagesOfChat]
	return c.messages[c.placeOf(at.message)].Files[at.number], content, true
}

// filePath is where files are fetched.
const filePath = "/_files/"

// payload are the files of a message as the Market gives them. Their URLs have the host that the request names.
func (m Message) payload(r *http.Request) (files []gen.ChatMessagePayloadDTO) {
	for number, file := range m.Files {
		files = append(files, gen.ChatMessagePayloadDTO{
			Name: file.Name,
			URL:  m.fileURL(r, number),
			Size: int32(file.Size),
		})
	}
	return files
}

// filePathOf is the path of a URL.
func (m Message) filePathOf(number int) string { return fmt.Sprintf("%s%d/%d", filePath, m.ID, number) }

func (m Message) fileURL(r *http.Request, number int) string { return baseOf(r) + m.filePathOf(number) }

// serveFile answers a request for a file. A browser saves it and shows nothing of it: a page that somebody uploaded
// would have the rights of the sandbox's own page.
func (m *Market) serveFile(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	message, number, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, filePath), "/")
	messageID, err := strconv.ParseInt(message, 10, 64)
	place, numberErr := strconv.ParseUint(number, 10, 31)
	file, content, ok := m.store.file(fileKey{messageID, int(place)})
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		http.Error(w, "a file can be fetched only", http.StatusMethodNotAllowed)
	case err != nil || numberErr != nil || !ok:
		http.Error(w, "there is no such file, or its content is forgotten", http.StatusNotFound)
	default:
		header.Set("Content-Type", "application/octet-stream")
		header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file.Name}))
		header.Set("Content-Length", strconv.Itoa(len(content)))
		_, _ = w.Write(content) // fails when the client is gone
	}
}

// files are those of a message as the control API gives them; nil: it has none.
func (m Message) files(r *http.Request) *[]control.File {
	if m.Files == nil {
		return nil
	}
	var files []control.File
	for number, file := range m.Files {
		files = append(files, control.File{
			Name:   file.Name,
			Size:   file.Size,
			Sha256: file.SHA256,
			URL:    m.fileURL(r, number),
		})
	}
	return &files
}

// postedFile reads the file that is posted to the control API: as it is, without a name, or in a form.
func postedFile(w http.ResponseWriter, r *http.Request) (name string, content []byte, err error) {
	most := contractOperations()[OperationSendFileToChat].MaxRequest
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		return "", nil, fmt.Errorf("the body broke off or is too large, allowed are %d bytes", most)
	}
	if mediaType(r.Header) != formdata.MediaType {
		return "", body, nil
	}
	name, content, ok := fileOf(r.Header, body)
	if !ok {
		return "", nil, errors.New("the form cannot be read, allowed is one with the file in the part file")
	}
	return name, content, nil
}

// SendFile sends a file into a chat as the shop, its buyer, the Market or the Market's support, in a message without a
// text. The name is UTF-8 of 1 byte and more, the content has up to 5 MiB. The errors are those of Write.
func (m *Market) SendFile(chatID int64, sender gen.ChatMessageSenderType, name string, content []byte) error {
	return ofPackage(m.sendFile(chatID, sender, name, content))
}

func (m *Market) sendFile(chatID int64, sender gen.ChatMessageSenderType, name string, content []byte) error {
	switch {
	case name == "" || !utf8.ValidString(name):
		return errors.New("the name of the file is empty or not UTF-8, allowed is UTF-8 of 1 byte and more")
	case len(content) > maxFile:
		return fmt.Errorf("the file has %d bytes, allowed are %d", len(content), maxFile)
	}
	return m.write(chatID, sender, "", m.newFile(name, content))
}
