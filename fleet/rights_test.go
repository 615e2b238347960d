package fleet

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// right is one of docs/fleet.md.
type right struct {
	name    string
	rules   []string // of ACL SETUSER, that give it
	without string   // what the fleet does without it
	says    string   // what Check says
	cluster bool     // it is needed in a cluster alone
}

var quoted = regexp.MustCompile("`([^`]+)`")

// documentedRights reads the table of docs/fleet.md.
func documentedRights(t *testing.T) (all []right) {
	t.Helper()
	text, err := os.ReadFile("../docs/fleet.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(text), "| right | without it | `Check` says |\n|---|---|---|\n")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n\n")
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		for _, name := range quoted.FindAllStringSubmatch(cells[1], -1) {
			r := right{name: name[1], without: strings.TrimSpace(cells[2]), cluster: strings.Contains(cells[1], "in a cluster")}
			switch says := strings.TrimSpace(cells[3]); says {
			case "the command":
				r.says = r.name + ": ERR "
			case "nothing":
			default:
				r.says = strings.Trim(says, "`")
			}
			r.rules = []string{"+" + strings.ReplaceAll(strings.ToLower(r.name), " ", "|")}
			switch {
			case strings.Contains(cells[1], "the keys"):
				r.rules = []string{"~%s*"}
			case strings.Contains(cells[1], "the channels"):
				r.rules = []string{"&%swake:*"}
			}
			all = append(all, r)
		}
	}
	return all
}

// TestRights takes away each right alone. The fleet does what the table says, and Check says what is missing.
func TestRights(t *testing.T) {
	beside(t)
	rights := documentedRights(t)
	require.Len(t, rights, 19)
	for _, protocol := range []int{2, 3} {
		t.Run(fmt.Sprint("one server, RESP", protocol), func(t *testing.T) {
			beside(t)
			s := onOne(t)
			alone := slices.DeleteFunc(slices.Clone(rights), func(r right) bool { return r.cluster })
			takeAway(t, alone, []*server{s}, func(user string) redis.UniversalClient {
				return redis.NewClient(&redis.Options{Network: s.network(), Addr: s.address, Username: user, Password: "p",
					Protocol: protocol})
			})
		})
	}
	t.Run("cluster", func(t *testing.T) {
		beside(t)
		c := startCluster(t)
		for _, protocol := range []int{2, 3} {
			takeAway(t, rights, c.nodes, func(user string) redis.UniversalClient {
				return redis.NewClusterClient(&redis.ClusterOptions{Addrs: slices.Clone(c.addrs[:3]), Username: user, Password: "p",
					Protocol: protocol})
			})
		}
	})
}

// takeAway lets a fleet of two processes work for each right that it lacks, all of them at the same time.
func takeAway(t *testing.T, rights []right, servers []*server, client func(user string) redis.UniversalClient) {
	t.Helper()
	var crews []*crewWithout
	for i := range append([]right{{name: "none"}}, rights...) {
		missing := right{name: "none", without: "works"}
		if i > 0 {
			missing = rights[i-1]
		}
		user := fmt.Sprint("without", i)
		prefix := user + ":"
		rules := []any{"ACL", "SETUSER", user, "reset", "on", ">p"}
		for _, r := range rights {
			for _, rule := range r.rules {
				if r.name != missing.name {
					rules = append(rules, strings.ReplaceAll(rule, "%s", prefix))
				}
			}
		}
		for _, s := range servers {
			s.do(rules...)
		}
		crews = append(crews, newCrewWithout(t, missing, prefix, func() redis.UniversalClient { return client(user) }))
	}
	time.Sleep(2 * time.Second)
	for _, c := range crews {
		c.check(t)
	}
	for _, s := range servers[:(len(servers)+1)/2] { // the masters
		for _, key := range s.do("KEYS", "*:check*").([]any) {
			assert.NotEqualValues(t, -1, s.do("PTTL", key), "%s has no expiry", key)
		}
	}
}

// crewWithout is a fleet whose user lacks a right, and its callers.
type crewWithout struct {
	missing right
	log     lines
	members []*Limiter
	stop    context.CancelFunc
	callers sync.WaitGroup

	calls, running, most atomic.Int64
}

func newCrewWithout(t *testing.T, missing right, prefix string, client func() redis.UniversalClient) *crewWithout {
	t.Helper()
	c := &crewWithout{missing: missing}
	ctx, stop := context.WithCancel(background)
	c.stop = stop
	t.Cleanup(func() { stop(); c.callers.Wait() })
	for range 2 {
		rdb := client()
		t.Cleanup(func() { rdb.Close() })
		_, l := memberOver(t, rdb, WithPrefix(prefix), WithLogger(c.log.logger()),
			WithTimeout(slow))
		c.members = append(c.members, l)
		for range 4 {
			c.callers.Go(func() { c.call(ctx, l) })
		}
	}
	return c
}

func (c *crewWithout) call(ctx context.Context, l *Limiter) {
	for {
		release, err := l.Acquire(ctx, "getChat")
		if err != nil {
			return
		}
		c.most.Store(max(c.most.Load(), c.running.Add(1)))
		_ = sleep(ctx, 100*time.Millisecond)
		c.running.Add(-1)
		c.calls.Add(1)
		release(left(900, time.Hour))
	}
}

func (c *crewWithout) check(t *testing.T) {
	t.Helper()
	name := "without " + c.missing.name
	works := strings.HasPrefix(c.missing.without, "works")
	away := func() bool { return isAway(c.members[0]) || isAway(c.members[1]) }
	if !works && c.missing.name != "EVAL" { // a process that is alone may never have to queue
		eventually(t, name+": Redis is away for one", away)
	}
	c.stop()
	c.callers.Wait()
	err := c.members[0].fleet.Check(background)
	t.Logf("%-22s %3d calls, %d at once; Check: %v; lines: %q", name, c.calls.Load(), c.most.Load(), err, c.log.String())
	if c.missing.says == "" {
		assert.NoError(t, err, name)
	} else {
		assert.ErrorContains(t, err, c.missing.says, name)
	}
	assert.NotContains(t, c.log.String(), "Redis is back", name+": it must not flap")
	assert.NotZero(t, c.calls.Load(), name)
	if c.missing.name == "EVAL" { // others have filled the cache
		return
	}
	if !works {
		assert.True(t, away(), name)
		assert.Contains(t, c.log.String(), "Redis is away", name)
		return
	}
	assert.NotContains(t, c.log.String(), "Redis is away", name)
	slower := strings.Contains(c.missing.without, "slower")
	assert.Equal(t, slower, strings.Contains(c.log.String(), "refuses messages"), name)
	assert.LessOrEqual(t, c.most.Load(), int64(4), name)
}

// Check tries each command of the script, but for messages, which it sends and receives itself, and for a command that
// the script does without.
func TestCheckTriesTheCommandsOfTheScript(t *testing.T) {
	called := regexp.MustCompile(`redis\.p?call\('([A-Z]+)'`)
	tried := regexp.MustCompile(`try\('([A-Z]+)'`)
	names := func(text string, pattern *regexp.Regexp) (all []string) {
		for _, match := range pattern.FindAllStringSubmatch(text, -1) {
			all = append(all, match[1])
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	want := slices.DeleteFunc(names(scriptText+plain, called), func(name string) bool {
		return name == "PUBLISH" || name == "PUBSUB"
	})
	assert.Equal(t, want, names(checkText, tried))
}
