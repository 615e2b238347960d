package fleet

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

const patient = 60 * time.Second // for what has to happen, on a machine that is busy with other things

// server is a Redis or Valkey of the test's own.
type server struct {
	t       *testing.T
	program string
	args    []string
	address string // a socket's path, or host:port
	process *exec.Cmd
	ended   chan struct{}
}

// programs are the servers that are installed.
func programs(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			found = append(found, path)
		}
	}
	if len(found) == 0 {
		t.Skip("skipped: neither redis-server nor valkey-server is installed; apt-get install redis-server")
	}
	return found
}

// onEach runs a test with each server that is installed.
func onEach(t *testing.T, test func(t *testing.T, s *server)) {
	for _, program := range programs(t) {
		t.Run(filepath.Base(program), func(t *testing.T) { test(t, start(t, program)) })
	}
}

// onOne runs it with the first one.
func onOne(t *testing.T, args ...string) *server {
	t.Helper()
	return start(t, programs(t)[0], args...)
}

// start starts a server on a socket in a directory with a short name: that of a socket has an end.
func start(t *testing.T, program string, args ...string) *server {
	t.Helper()
	dir, err := os.MkdirTemp("", "fleet")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	own := []string{"--port", "0", "--unixsocket", socket, "--dir", dir, "--save", "", "--loglevel", "warning"}
	s := &server{t: t, program: program, args: append(own, args...), address: socket}
	s.run()
	t.Cleanup(s.kill)
	return s
}

// run starts the process, and waits until it answers.
func (s *server) run() {
	s.t.Helper()
	s.process = exec.Command(s.program, s.args...)
	require.NoError(s.t, s.process.Start())
	s.ended = make(chan struct{})
	go func(p *exec.Cmd, ended chan struct{}) { p.Wait(); close(ended) }(s.process, s.ended)
	rdb := s.admin()
	defer rdb.Close()
	eventually(s.t, "the server answers", func() bool {
		err := rdb.Ping(context.Background()).Err()
		return err == nil || redis.HasErrorPrefix(err, "NOAUTH")
	})
}

func (s *server) signal(what syscall.Signal) {
	s.t.Helper()
	require.NoError(s.t, s.process.Process.Signal(what))
}

func (s *server) kill() {
	_ = s.process.Process.Signal(syscall.SIGKILL)
	<-s.ended
}

func (s *server) network() string {
	if filepath.IsAbs(s.address) {
		return "unix"
	}
	return "tcp"
}

// admin is a client that is not that of a fleet.
func (s *server) admin() *redis.Client {
	return redis.NewClient(&redis.Options{Network: s.network(), Addr: s.address, MaxRetries: -1, DialerRetries: 1})
}

func (s *server) do(args ...any) any {
	s.t.Helper()
	rdb := s.admin()
	defer rdb.Close()
	said, err := rdb.Do(context.Background(), args...).Result()
	if err != nil && err != redis.Nil {
		require.NoError(s.t, err, "%v", args)
	}
	return said
}

// client is one that a test gives to a Fleet.
func (s *server) client(t *testing.T) *redis.Client {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Network: s.network(), Addr: s.address})
	t.Cleanup(func() { rdb.Close() })
	return rdb
}

// eventually waits for what has to become true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patient); !is(); time.Sleep(5 * time.Millisecond) {
		require.True(t, time.Now().Before(end), "it never came to be that %s", what)
	}
}

// checkKeys checks that every key expires, and that nothing stands in Redis but ids, operations, names of processes and
// numbers.
func (s *server) checkKeys() {
	s.t.Helper()
	rdb := s.admin()
	defer rdb.Close()
	checkKeys(s.t, rdb)
}

func checkKeys(t *testing.T, rdb redis.Cmdable) {
	t.Helper()
	ctx := context.Background()
	keys, err := rdb.Keys(ctx, "*").Result()
	require.NoError(t, err)
	for _, key := range keys {
		require.Regexp(t, `^ymchats:\{\d+\}(:queue|:seen)?$`, key)
		left, err := rdb.PTTL(ctx, key).Result()
		require.NoError(t, err)
		require.NotEqual(t, time.Duration(-1), left, "%s has no expiry", key)
		kind, err := rdb.Type(ctx, key).Result()
		require.NoError(t, err)
		switch kind {
		case "hash":
			for field, value := range rdb.HGetAll(ctx, key).Val() {
				require.Regexp(t, `^(s:[123]|b:busy|f:forget|(l:[-_A-Za-z0-9]+:[A-Z0-9]{16}\.[0-9a-z]+\.|q:)(createChat|sendMessageToChat|getChat))$`, field)
				require.Regexp(t, `^\d+( \d+)?$`, value)
			}
		case "zset":
			for _, lease := range rdb.ZRange(ctx, key, 0, -1).Val() {
				require.Regexp(t, `^[-_A-Za-z0-9]+:[A-Z0-9]{16}\.[0-9a-z]+\.(createChat|sendMessageToChat|getChat)$`, lease)
			}
		}
	}
}

// leases counts those of a cabinet that Redis knows and that have not ended.
func (s *server) leases(cabinet int64) int {
	s.t.Helper()
	rdb := s.admin()
	defer rdb.Close()
	return countLeases(s.t, rdb, cabinet)
}

func countLeases(t *testing.T, rdb redis.Cmdable, cabinet int64) int {
	t.Helper()
	return len(leasesLeft(t, rdb, cabinet))
}

// leasesLeft lists the leases of a cabinet that have not ended, and how long they last.
func leasesLeft(t *testing.T, rdb redis.Cmdable, cabinet int64) map[string]time.Duration {
	t.Helper()
	now, err := rdb.Time(context.Background()).Result()
	require.NoError(t, err)
	fields, err := rdb.HGetAll(context.Background(), fmt.Sprintf("ymchats:{%d}", cabinet)).Result()
	require.NoError(t, err)
	left := map[string]time.Duration{}
	for field, value := range fields {
		ends, _ := strconv.ParseInt(value[strings.LastIndex(value, " ")+1:], 10, 64)
		if lease, isLease := strings.CutPrefix(field, "l:"); isLease && ends > now.UnixMilli() {
			left[lease] = time.UnixMilli(ends).Sub(now)
		}
	}
	return left
}

// holders counts the leases of each process.
func (s *server) holders() map[string]int {
	s.t.Helper()
	rdb := s.admin()
	defer rdb.Close()
	count := map[string]int{}
	for lease := range leasesLeft(s.t, rdb, cabinet) {
		process, _, _ := strings.Cut(lease, ".")
		count[process]++
	}
	return count
}

// freePort is one that nobody listens on now. Another program may take it before it is used, so who uses it tries
// again.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// nodeTimeout is when a cluster takes a node for dead, in milliseconds. A busy machine needs its time.
const nodeTimeout = "2000"

// cluster is three masters, and after these a replica for each.
type cluster struct {
	nodes []*server
	addrs []string
}

func startCluster(t *testing.T) *cluster {
	t.Helper()
	program := programs(t)[0]
	c := &cluster{}
	for range 6 {
		s := startNode(t, program)
		c.nodes, c.addrs = append(c.nodes, s), append(c.addrs, s.address)
	}
	c.join(t)
	return c
}

func startNode(t *testing.T, program string) *server {
	t.Helper()
	dir, err := os.MkdirTemp("", "fleet")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	for range 10 {
		port, bus := freePort(t), freePort(t)
		s := &server{t: t, program: program, address: fmt.Sprintf("127.0.0.1:%d", port), args: []string{
			"--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--cluster-port", strconv.Itoa(bus),
			"--cluster-enabled", "yes", "--cluster-node-timeout", nodeTimeout, "--dir", dir, "--save", "",
			"--loglevel", "warning"}}
		s.process = exec.Command(program, s.args...)
		require.NoError(t, s.process.Start())
		s.ended = make(chan struct{})
		go func(p *exec.Cmd, ended chan struct{}) { p.Wait(); close(ended) }(s.process, s.ended)
		t.Cleanup(s.kill)
		if s.answersOrEnds() {
			return s
		}
	}
	require.Fail(t, "no free port")
	return nil
}

func (s *server) answersOrEnds() bool {
	rdb := s.admin()
	defer rdb.Close()
	for end := time.Now().Add(patient); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		select {
		case <-s.ended:
			return false
		default:
			if rdb.Ping(context.Background()).Err() == nil {
				return true
			}
		}
	}
	return false
}

// join makes a cluster of the nodes: the first three are masters.
func (c *cluster) join(t *testing.T) {
	t.Helper()
	ids := make([]string, len(c.nodes))
	for i, node := range c.nodes {
		ids[i] = fmt.Sprint(node.do("CLUSTER", "MYID"))
		if i < 3 {
			node.do("CLUSTER", "ADDSLOTSRANGE", 16384*i/3, 16384*(i+1)/3-1)
			node.do("CLUSTER", "SET-CONFIG-EPOCH", i+1)
		}
		if i > 0 {
			host, port, _ := net.SplitHostPort(c.nodes[0].address)
			bus := c.nodes[0].args[5]
			node.do("CLUSTER", "MEET", host, port, bus)
		}
	}
	for i, node := range c.nodes[3:] {
		rdb := node.admin()
		eventually(t, "the replica knows its master", func() bool {
			return rdb.ClusterReplicate(context.Background(), ids[i]).Err() == nil
		})
		rdb.Close()
	}
	for i, node := range c.nodes {
		rdb := node.admin()
		eventually(t, "the cluster is whole", func() bool {
			info, _ := rdb.ClusterInfo(context.Background()).Result()
			shards, _ := rdb.ClusterShards(context.Background()).Result()
			whole := len(shards) == 3
			for _, shard := range shards {
				whole = whole && len(shard.Nodes) == len(c.nodes)/3
			}
			linked := i < 3
			if !linked {
				role, _ := rdb.Info(context.Background(), "replication").Result()
				linked = contains(role, "master_link_status:up")
			}
			return whole && linked && contains(info, "cluster_state:ok")
		})
		rdb.Close()
	}
}

func (c *cluster) client(t *testing.T) *redis.ClusterClient {
	t.Helper()
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: slices.Clone(c.addrs)})
	t.Cleanup(func() { rdb.Close() })
	return rdb
}
