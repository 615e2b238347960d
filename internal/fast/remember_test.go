package fast

import (
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestRemember(t *testing.T) {
	asked := map[string]int{}
	parse := Remember(func(text string) (int, error) { asked[text]++; return strconv.Atoi(text) })
	for _, text := range []string{"1", "1", "2", "2", "x", "x", "2", "1", ""} {
		got, gotErr := parse(text)
		want, wantErr := strconv.Atoi(text)
		assert.Equal(t, want, got, text)
		assert.Equal(t, wantErr, gotErr, text)
	}
	assert.Equal(t, map[string]int{"1": 2, "2": 1, "x": 2, "": 1}, asked, "an error is not kept, nor does it push out a value")
}

func TestRememberFromManyGoroutines(t *testing.T) {
	parse := Remember(http.ParseTime)
	began := time.Date(2026, 9, 9, 15, 18, 0, 0, time.UTC)
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for n := range 1000 {
				want := began.Add(time.Duration(n*g%3) * time.Second)
				got, err := parse(want.Format(http.TimeFormat))
				if err != nil || !got.Equal(want) {
					t.Errorf("%v, %v, want %v", got, err, want)
					return
				}
			}
		})
	}
	all.Wait()
}
