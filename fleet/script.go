package fleet

import (
	"context"
	_ "embed"
	"strings"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

//go:embed script.lua
var scriptText string

// Since Redis 7 a script that declares its flags is refused as a whole where it may not write: with too little
// memory, or at a replica.
const declared = "#!lua\n"

// Before, a script that has written may go on writing; so the first thing that this form does is a write that is
// refused as long as memory is too little.
const plain = "redis.call('HSET', KEYS[1], 'w', '1') redis.call('HDEL', KEYS[1], 'w')\n"

// script runs the script of the package in the form that the server understands.
type script struct {
	declared, plain *redis.Script
	old             atomic.Bool // the server does not know the declared form
}

func newScript() *script {
	return &script{declared: redis.NewScript(declared + scriptText), plain: redis.NewScript(plain + scriptText)}
}

func (s *script) run(ctx context.Context, rdb redis.Scripter, keys []string, args []any) (any, error) {
	if s.old.Load() {
		return s.plain.Run(ctx, rdb, keys, args...).Result()
	}
	answer, err := s.declared.Run(ctx, rdb, keys, args...).Result()
	if err != nil && strings.Contains(err.Error(), "compiling script") {
		s.old.Store(true)
		return s.plain.Run(ctx, rdb, keys, args...).Result()
	}
	return answer, err
}
