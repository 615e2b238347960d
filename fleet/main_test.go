package fleet

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
)

// The test binary is also the worker that tests start several times.
func TestMain(m *testing.M) {
	redis.SetLogger(silence{}) // go-redis writes to standard error whenever a dial fails
	slog.SetDefault(slog.New(slog.DiscardHandler))
	if task := os.Getenv(taskVariable); task != "" {
		work(task)
		os.Exit(0)
	}
	flag.Parse()
	if flag.Lookup("test.parallel").Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		_ = flag.Set("test.parallel", "6") // these tests wait more than they work
	}
	code := m.Run()
	// A command that nobody waits for any more ends within go-redis' own limits.
	for end := time.Now().Add(30 * time.Second); code == 0; time.Sleep(100 * time.Millisecond) {
		leak := goleak.Find()
		if leak == nil {
			break
		}
		if time.Now().After(end) {
			println(leak.Error())
			code = 1
		}
	}
	os.Exit(code)
}

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}
