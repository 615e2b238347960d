package fast

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
)

const (
	openAnswer = `{"status":"OK","result":{"chatId":7000001}}`
	chatAnswer = `{"status":"OK","result":{"chatId":7000001,"context":{"type":"ORDER","customer":` +
		`{"name":"Имя Покупателя","publicId":"3k7q0vxm9hdz"},"campaignId":21098765,"orderId":987654321},"type":"CHAT",` +
		`"status":"WAITING_FOR_PARTNER","createdAt":"2026-09-09T15:18:24.123+03:00","updatedAt":"2026-09-10T11:02:07Z"}}`
)

var (
	message = gen.SendMessageToChatRequest{Message: "Здравствуйте! Ваш заказ собран и завтра приедет в пункт выдачи."}
	order   = gen.CreateChatRequest{Context: &gen.ChatContextDTO{Type: gen.ChatContextIdentifiableTypeOrder, ID: 987654321}}
)

// What goes to and fro all day must not be handed on: that would be right, and slow.
func TestTheUsualIsPlain(t *testing.T) {
	more := strings.NewReplacer(`"OK"`, `"OK","errors":null`, `21098765`, `null`, `"CHAT"`, `"CHAT","more":"a","count":0,"seen":true`).
		Replace(chatAnswer)
	for answer, into := range map[string]any{
		openAnswer: new(gen.CreateChatResponse), chatAnswer: new(gen.GetChatResponse), more: new(gen.GetChatResponse),
	} {
		r := reader{answer}
		to := reflect.ValueOf(into).Elem()
		assert.True(t, r.object(to, propertiesOf(to.Type())), answer)
		assert.Empty(t, r.rest)
	}
	for _, request := range []any{message, order} {
		var w writer
		from := reflect.ValueOf(request)
		assert.True(t, w.object(from, propertiesOf(from.Type())), "%+v", request)
	}
}

// Each of these differs from chatAnswer, or is no JSON at all.
func TestUnmarshal(t *testing.T) {
	for _, change := range []struct{ from, to string }{
		{"", ""},
		{`{"status"`, ` {"status"`},
		{`}}`, "}}\n"},
		{`}}`, `}}}`},
		{`}}`, `}`},
		{`}}`, `,}}`},
		{`{"status"`, `{,"status"`},
		{`{"status"`, `{status"`},
		{`{"status":"OK","result":`, `{"result":`},
		{`"OK"`, `OK`},
		{`"OK"`, `"OK`},
		{`"OK"`, `null`},
		{`"OK"`, `7`},
		{`"OK"`, `""`},
		{`"status":"OK"`, `"status":"OK","status":"ERROR"`},
		{`"status":"OK"`, `"status":"OK","Status":"ERROR"`},
		{`"status":"OK"`, `"":"OK"`},
		{`"status":"OK"`, `"status":"OK","errors":[{"code":"A"}]`},
		{`"status":"OK"`, `"status":"OK","errors":null`},
		{`"status":"OK"`, `"status":"OK","more":"a"`},
		{`"status":"OK"`, `"status":"OK","more":"a \"b\""`},
		{`"status":"OK"`, `"status":"OK","more":"\"5`},
		{`"status":"OK"`, "\"status\":\"OK\",\"more\":\"line\nbreak\""},
		{`"status":"OK"`, `"status":"OK","more":5`},
		{`"status":"OK"`, `"status":"OK","more":0`},
		{`"status":"OK"`, `"status":"OK","more":05null`},
		{`"status":"OK"`, `"status":"OK","more":5.5`},
		{`"status":"OK"`, `"status":"OK","more":true`},
		{`"status":"OK"`, `"status":"OK","more":false`},
		{`"status":"OK"`, `"status":"OK","more":nul`},
		{`"status":"OK"`, `"status":"OK","more":nulltrue`},
		{`"status":"OK"`, `"status":"OK","more":"a"5`},
		{`"status":"OK"`, `"status":"OK","more":`},
		{`"status":"OK"`, `"status":"OK","more":{"status":"ERROR"}`},
		{`"status":"OK"`, `"status":"OK","ſtatus":"ERROR"`},
		{`7000001`, `null`},
		{`"orderId":987654321`, `"orderId":null`},
		{`"orderId":987654321`, `"orderId":987654321,"orderId":null`},
		{`"CHAT"`, `null`},
		{`"2026-09-10T11:02:07Z"`, `null`},
		{`"2026-09-10T11:02:07Z"`, `"2026-09-10T11:02:07Z","updatedAt":null`},
		{`"status":`, `"status"`},
		{`"OK","result"`, `"OK""result"`},
		{`7000001`, `0`},
		{`7000001`, `-1`},
		{`7000001`, `07`},
		{`7000001`, `-07`},
		{`7000001`, `7.0`},
		{`7000001`, `7e3`},
		{`7000001`, ``},
		{`7000001`, `"7"`},
		{`7000001`, `9223372036854775807`},
		{`7000001`, `9223372036854775808`},
		{`{"type":"ORDER",`, `{"type":"A type of tomorrow",`},
		{`"context":{`, `"context":{"orderId":5,"returnId":6},"context":{`},
		{`"context":{`, `"context":{},"context":{`},
		{`"customer":{`, `"customer":null,"customer":{`},
		{`"customer":{`, `"customer":{"publicId":"another"},"customer":{`},
		{`"name":"Имя Покупателя",`, `"name":"Имя Покупателя"},"customer":{`},
		{`"name":"Имя Покупателя",`, ``},
		{`"name":"Имя Покупателя",`, `"name":"one","name":"two",`},
		{`"name":"Имя Покупателя","publicId":"3k7q0vxm9hdz"`, ``},
		{`Имя`, `\u0418\u043c\u044f`},
		{`Имя`, `a \"b\" \\ \n`},
		{`Имя`, "line\nbreak"},
		{`Имя`, "\xd0"},
		{`Имя`, "\xff\xfe"},
		{`Имя`, "\xed\xa0\x80"},
		{`Имя`, "\u2028 € 日本 \U0001F600 \ufffd"},
		{`Имя`, "<b> & </b>"},
		{`2026-09-09T15`, `2026-02-30T15`},
		{`2026-09-09T15`, `2026-09-09 15`},
		{`15:18:24.123+03:00`, `15:18:24.123`},
		{`"createdAt":"2026-09-09T15:18:24.123+03:00",`, `"createdAt":5,`},
		{chatAnswer, ``}, {chatAnswer, `{}`}, {chatAnswer, `{`}, {chatAnswer, `}`}, {chatAnswer, `null`}, {chatAnswer, `[]`},
		{chatAnswer, `{"result":}}`}, {chatAnswer, `{"result":{}`}, {chatAnswer, `"status"`},
	} {
		t.Run(change.to, func(t *testing.T) {
			require.Contains(t, chatAnswer, change.from)
			sameUnmarshal[gen.GetChatResponse](t, strings.Replace(chatAnswer, change.from, change.to, 1))
		})
	}
}

// sameUnmarshal compares with encoding/json. What is left of a value after an error is of no interest to anybody.
func sameUnmarshal[T any](t *testing.T, data string) {
	t.Helper()
	var got, want T
	gotErr, wantErr := Unmarshal([]byte(data), &got), json.Unmarshal([]byte(data), &want)
	require.Equal(t, wantErr, gotErr, data)
	if wantErr == nil {
		require.Equal(t, want, got, data)
	}
}

// odd has what plain structs do not have.
type odd struct {
	Plain    string     `json:"plain,omitempty"`
	Number   int64      `json:"number"`
	Twice    **int64    `json:"twice,omitempty"`
	Quoted   int64      `json:"quoted,string"`
	Hidden   string     `json:"-"`
	Accented string     `json:"имя"`
	Small    int32      `json:"small"`
	List     []string   `json:"list,omitempty"`
	Pair     [2]int64   `json:"pair,omitempty"`
	Any      any        `json:"any"`
	Inner    inner      `json:"inner,omitempty"`
	At       time.Time  `json:"at,omitempty"`
	Since    *time.Time `json:"since,omitempty"`
	Shouted  shouted    `json:"shouted"`
	Pointed  *pointed   `json:"pointed,omitempty"`
	Untagged string
	inner
}

// chain may hold itself, which encoding/json notices when it writes.
type chain struct {
	Text string `json:"text"`
	Next *chain `json:"next,omitempty"`
}

type inner struct {
	Text string `json:"text"`
}

// shouted and pointed read and write themselves.
type shouted string

func (s shouted) MarshalText() ([]byte, error) { return []byte(strings.ToUpper(string(s))), nil }

type pointed struct {
	Text string `json:"text"`
}

func (p *pointed) UnmarshalJSON(data []byte) error {
	if p.Text = string(data); p.Text == "5" {
		return errors.New("five")
	}
	return nil
}

func TestUnmarshalOddStructs(t *testing.T) {
	for _, value := range []string{`"text"`, `"5"`, `5`, `{"text":"a"}`, `["a"]`, `[1,2]`, `null`, `"2026-09-09T15:18:24Z"`} {
		for _, name := range []string{"plain", "number", "twice", "quoted", "-", "имя", "small", "list", "pair", "any", "inner",
			"at", "since", "shouted", "pointed", "Untagged", "untagged", "text", "Hidden", ""} {
			sameUnmarshal[odd](t, `{"`+name+`":`+value+`}`)
			sameUnmarshal[odd](t, `{"number":7,"`+name+`":`+value+`}`)
		}
	}
	sameUnmarshal[pointed](t, `{"text":"a"}`)
	sameUnmarshal[chain](t, `{"text":"a","next":{"text":"b","next":{"text":"c"}}}`)
}

func TestMarshal(t *testing.T) {
	five, at := int64(5), time.Date(2026, 9, 9, 15, 18, 24, 0, time.UTC)
	fiveTwice := &five
	for _, v := range []any{
		message, order,
		gen.SendMessageToChatRequest{},
		gen.CreateChatRequest{}, gen.CreateChatRequest{OrderID: &five}, gen.CreateChatRequest{Context: &gen.ChatContextDTO{ID: -1}},
		gen.ChatFullContextDTO{Customer: &gen.ChatCustomerDTO{}}, gen.GetChatInfoDTO{CreatedAt: at},
		odd{}, odd{Twice: &fiveTwice}, odd{At: at, Since: &at}, odd{Pointed: &pointed{"a"}},
		struct{}{}, shoutedWhole{"a"}, chain{"a", &chain{"b", nil}},
	} {
		sameMarshal(t, v)
	}
	itself := &chain{Text: "a"}
	itself.Next = itself
	_, err := Marshal(*itself)
	assert.ErrorContains(t, err, "cycle")
	for _, zero := range []any{inner{}, &inner{}, [2]int64{}, time.Time{}, shouted("loud"), "", int64(0), int32(0), (*int64)(nil)} {
		for _, tag := range []string{"a", "a,omitempty", "a,omitzero", "a,string", "-", "-,", "a'b", "", ",omitempty"} {
			sameMarshal(t, structOf(zero, tag).Interface())
		}
	}
	for _, text := range []string{"", "plain", "имя €", `"`, `\`, "\n", "\x00", "\x1f", "\x7f", "<", ">", "&", "\u2028", "\u2029", "\u2027",
		"\xff", "\xd0", "а\xd0", "\xc1\x80", "\xe0\x80\x80", "\ufffd", "\U0001F600", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe0\xa0a"} {
		sameMarshal(t, gen.SendMessageToChatRequest{Message: text})
	}
}

// structOf makes a struct with a field that has this tag, after one that is always written.
func structOf(value any, tag string) reflect.Value {
	v := reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: "First", Type: reflect.TypeFor[string](), Tag: `json:"first"`},
		{Name: "Second", Type: reflect.TypeOf(value), Tag: reflect.StructTag(`json:"` + tag + `"`)},
	})).Elem()
	v.Field(1).Set(reflect.ValueOf(value))
	return v
}

// encoding/json passes over a field that is not exported, tag or no tag.
func TestUnmarshalUnexported(t *testing.T) {
	v := reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: "Known", Type: reflect.TypeFor[string](), Tag: `json:"known"`},
		{Name: "hidden", PkgPath: "fast", Type: reflect.TypeFor[string](), Tag: `json:"hidden"`},
	}))
	require.NoError(t, Unmarshal([]byte(`{"known":"a","hidden":"b"}`), v.Interface()))
	assert.Equal(t, "a", v.Elem().Field(0).String())
	assert.Empty(t, v.Elem().Field(1).String())
}

// shoutedWhole writes itself as a whole.
type shoutedWhole struct {
	Text string `json:"text"`
}

func (s shoutedWhole) MarshalJSON() ([]byte, error) { return json.Marshal(strings.ToUpper(s.Text)) }

func sameMarshal(t *testing.T, v any) {
	t.Helper()
	got, gotErr := Marshal(v)
	want, wantErr := json.Marshal(v)
	require.Equal(t, wantErr, gotErr)
	require.Equal(t, string(want), string(got), "%+v", v)
}

func FuzzUnmarshal(f *testing.F) {
	for _, seed := range []string{chatAnswer, openAnswer, `{"status":"OK"}`, `{"plain":"a","number":5,"twice":7}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data string) {
		sameUnmarshal[gen.GetChatResponse](t, data)
		sameUnmarshal[odd](t, data)
	})
}

func FuzzMarshal(f *testing.F) {
	f.Add("Здравствуйте", int64(5), true)
	f.Add("\xd0<\u2028", int64(-1), false)
	f.Fuzz(func(t *testing.T, text string, number int64, full bool) {
		sameMarshal(t, gen.SendMessageToChatRequest{Message: text})
		c := gen.ChatFullContextDTO{Type: gen.ChatContextType(text)}
		if full {
			c.OrderID, c.Customer = &number, &gen.ChatCustomerDTO{Name: &text}
		}
		sameMarshal(t, c)
	})
}
