package wrapper

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"reflect"
	"strings"

	"github.com/ymarket-go/chats/gen"
)

// content is what the body of an answer is.
type content int

const (
	blank    content = iota // there is none
	cutOff                  // it ended too early
	promised                // what the contract promises
	apiError                // the Market says what is wrong
	mixed                   // the Market says OK and what is wrong
	foreign                 // anything else
)

// fromMarket: it has the form that the Market gives to its errors.
func (c content) fromMarket() bool { return c == apiError || c == mixed }

// envelope is what every answer of the Market is wrapped in. Its status may be missing, as in older answers, or one
// that this version does not know.
type envelope struct {
	Status gen.APIResponseStatusType `json:"status"`
	Errors json.RawMessage           `json:"errors"`
	Error  json.RawMessage           `json:"error"`
	Result any                       `json:"result"`
}

var (
	errUnknownStatus = fmt.Errorf("%w: the contract knows no such status", ErrInvalidResponse)
	errCutOff        = fmt.Errorf("%w: the JSON stops in the middle", ErrInvalidResponse)
	errNotJSON       = fmt.Errorf("%w: the body is not the promised JSON object", ErrInvalidResponse)
	errMixed         = fmt.Errorf("%w: the body says OK, and has errors", ErrInvalidResponse)
	errNotOK         = fmt.Errorf("%w: the body does not say OK", ErrInvalidResponse)
	errNoResult      = fmt.Errorf("%w: there is no result, or not of the chat that was asked for", ErrInvalidResponse)
)

// openEnvelope reads the body of an answer, with its result into result, which is nil where the contract promises
// none. The error says what is wrong with a body that is not as promised. What encoding/json says is left out: it
// quotes what it cannot read, and that may be the buyer's name.
func openEnvelope(body []byte, result any, asPromised func() bool) (content, error) {
	body = trim(body)
	if len(body) == 0 {
		return blank, errNotJSON
	}
	if result != nil {
		reflect.ValueOf(result).Elem().SetZero() // of an earlier answer nothing remains
	}
	e := envelope{Result: result}
	err := json.Unmarshal(body, &e)
	hasErrors := len(readErrors(e.Errors)) > 0 || len(readErrors(e.Error)) > 0
	switch {
	case body[0] != '{':
		return foreign, errNotJSON
	case err != nil && isCutOff(body):
		return cutOff, errCutOff
	case e.Status == gen.APIResponseStatusTypeError:
		return apiError, nil
	case hasErrors && e.Status != gen.APIResponseStatusTypeOK:
		return apiError, nil
	case err != nil:
		return foreign, notAsPromised(body, result)
	case hasErrors:
		return mixed, errMixed
	case result != nil && !asPromised():
		return foreign, errNoResult
	case result == nil && e.Status != gen.APIResponseStatusTypeOK:
		return foreign, errNotOK
	}
	return promised, nil
}

// notAsPromised tells which field of a body cannot be read. encoding/json names none where a date is at fault.
func notAsPromised(body []byte, result any) error {
	field := unreadable(body, reflect.TypeFor[envelope](), "")
	if field == "" && result != nil {
		var e struct{ Result json.RawMessage }
		_ = json.Unmarshal(body, &e)
		field = unreadable(e.Result, reflect.TypeOf(result), "result")
	}
	if field == "" {
		return errNotJSON
	}
	return fmt.Errorf("%w: the field %s cannot be read", ErrInvalidResponse, field)
}

// unreadable gives the name of what cannot be read of a value, as the contract has it; empty: all of it can.
func unreadable(value json.RawMessage, as reflect.Type, name string) string {
	if json.Unmarshal(value, reflect.New(as).Interface()) == nil {
		return ""
	}
	for as.Kind() == reflect.Pointer {
		as = as.Elem()
	}
	if as.Kind() == reflect.Slice {
		var list []json.RawMessage
		_ = json.Unmarshal(value, &list)
		for _, element := range list {
			if found := unreadable(element, as.Elem(), name); found != "" {
				return found
			}
		}
		return name
	}
	var members map[string]json.RawMessage
	if as.Kind() != reflect.Struct || json.Unmarshal(value, &members) != nil {
		return name
	}
	for i := range as.NumField() {
		member, _, _ := strings.Cut(as.Field(i).Tag.Get("json"), ",")
		if value, there := members[member]; there {
			path := strings.TrimPrefix(name+"."+member, ".")
			if found := unreadable(value, as.Field(i).Type, path); found != "" {
				return found
			}
		}
	}
	return name
}

// isCutOff tells JSON that stops in the middle from what is no JSON. A connection that is cut before the end of an
// answer without a Content-Length leaves nothing else to tell it by.
func isCutOff(body []byte) bool {
	var value json.RawMessage
	err := json.NewDecoder(bytes.NewReader(body)).Decode(&value)
	return errors.Is(err, io.ErrUnexpectedEOF)
}

// maxErrors is how many errors of an answer are kept.
const maxErrors = 20

// parseErrors reads the API's own errors in each form in which they are met: a list, the object of older answers, a
// message alone, and what gateways say as application/problem+json. What fits none is passed over: half an error text
// is worth more than none.
func parseErrors(body []byte) []gen.APIErrorDTO {
	var answer struct {
		Errors, Error, Message, Title, Detail json.RawMessage
	}
	if json.Unmarshal(trim(body), &answer) != nil {
		return nil
	}
	if errs := readErrors(answer.Errors); len(errs) > 0 {
		return errs
	}
	if errs := readErrors(answer.Error); len(errs) > 0 {
		return errs
	}
	if errs := readErrors(answer.Message); len(errs) > 0 {
		return errs
	}
	title, _ := readText(answer.Title)
	detail, _ := readText(answer.Detail)
	if said := strings.Trim(title+": "+detail, ": "); said != "" {
		return []gen.APIErrorDTO{{Message: &said}}
	}
	return nil
}

// trim takes away white space, and the byte order mark that some proxies put before JSON.
func trim(body []byte) []byte {
	return bytes.TrimSpace(bytes.TrimPrefix(bytes.TrimSpace(body), []byte("\ufeff")))
}

// readErrors reads a list of errors, or one alone.
func readErrors(value json.RawMessage) []gen.APIErrorDTO {
	if len(value) == 0 {
		return nil
	}
	list := []json.RawMessage{value}
	if value[0] == '[' {
		_ = json.Unmarshal(value, &list) // it is valid, as what holds it was
	}
	var errs []gen.APIErrorDTO
	for _, one := range list[:min(len(list), maxErrors)] {
		if e, ok := readError(one); ok {
			errs = append(errs, e)
		}
	}
	return errs
}

// readError reads an error that is an object, or a text.
func readError(value json.RawMessage) (gen.APIErrorDTO, bool) {
	if text, ok := readText(value); ok {
		return gen.APIErrorDTO{Message: &text}, true
	}
	if len(value) == 0 || value[0] != '{' {
		return gen.APIErrorDTO{}, false
	}
	var object struct{ Code, Message json.RawMessage }
	_ = json.Unmarshal(value, &object)
	var e gen.APIErrorDTO
	if code, ok := readText(object.Code); ok {
		e.Code = code
	} else if len(object.Code) > 0 && strings.Contains("-0123456789", string(object.Code[:1])) {
		e.Code = string(object.Code) // a number, as older answers have
	}
	if message, ok := readText(object.Message); ok {
		e.Message = &message
	}
	return e, true
}

func readText(value json.RawMessage) (string, bool) {
	var text string
	if len(value) == 0 || value[0] != '"' || json.Unmarshal(value, &text) != nil {
		return "", false
	}
	return text, true
}

// describe says what a body is that is no JSON object; empty where it is one, or there is none.
func describe(contentType string, body []byte) string {
	body = trim(body)
	if len(body) == 0 || body[0] == '{' {
		return ""
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil || len(media) > 50 {
		media = "of no known type"
	}
	return fmt.Sprintf("the answer is %s, %d bytes", media, len(body))
}

// apiErrors reads the API's own errors, without what repeats a secret of the call.
func (c *call) apiErrors(body []byte) []gen.APIErrorDTO {
	errs := parseErrors(body)
	if len(errs) == 0 {
		return nil
	}
	return redact(errs, c.secrets())
}
