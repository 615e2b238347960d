package tests

import (
	"reflect"
	"time"
	"unsafe"

	"github.com/ymarket-go/chats/wrapper"
)

// shortenMarket has a client take it that the Market gives up after 20 ms instead of 10 s. No option says so, as no
// program may: it would send messages twice.
func shortenMarket(client *wrapper.Client) {
	field := reflect.ValueOf(client).Elem().FieldByName("marketGivesUp")
	*(*time.Duration)(unsafe.Pointer(field.UnsafeAddr())) = 20 * time.Millisecond
}
