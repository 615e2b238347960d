package world

import (
	"reflect"
	"time"
	"unsafe"

	"github.com/ymarket-go/chats/wrapper"
)

// marketGivesUp is how long the Market of these tests works on a request at most, instead of 10 s: what it has not
// stored by then it never stores. latest is what it needs in truth, and leaves room for a machine that is busy.
const (
	marketGivesUp = 2 * time.Second
	latest        = 500 * time.Millisecond
)

// shorten tells a client of marketGivesUp.
func shorten(client *wrapper.Client) {
	field := reflect.ValueOf(client).Elem().FieldByName("marketGivesUp")
	*(*time.Duration)(unsafe.Pointer(field.UnsafeAddr())) = marketGivesUp
}
