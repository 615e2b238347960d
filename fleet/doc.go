// Package fleet lets several processes share the limits of one cabinet of the Market: 4 requests at once, and the
// quota of each operation. Redis or Valkey counts for all of them.
//
//	shared, err := fleet.New(redis.NewClient(&redis.Options{Addr: "redis:6379"}))
//	defer shared.Close()
//	err = shared.Check(ctx) // what is wrong with Redis
//	limiter, err := shared.Limiter(12345)
//	client, err := wrapper.New(12345, wrapper.APIKey(key), wrapper.WithLimiter(limiter))
//
// A request needs one of four leases, which Redis grants in order of arrival, over all processes. A lease lasts 3 s. It
// is renewed while its request runs, the first time after a second, and lasts 15 s from then on, WithLease; it is given
// back when the request ends. The leases of a process that was killed or stands still end by themselves. What an answer
// says of its window holds for all processes: once a quota is used up, none starts a request of that operation before
// the window ends, and none asks Redis until then. A 420 that says "too many at once" comes of a program outside of the
// fleet: it takes one of the four leases away for 2 s; see WithSlots.
//
// # While Redis is away
//
// Any error of Redis, and an answer that takes longer than WithTimeout, means that Redis is away. Requests of a
// process then go one at a time, WithAlone, with pauses once the Market says that too many run at once; WithStrict
// lets them wait instead. Redis is tried again three to four times a second; once it answers it learns which requests
// run, which ones have ended, and what answers said. No call fails or hangs because Redis is away, unless WithStrict is
// given.
//
// # What is not promised
//
// A lease is a limit and not a lock. More than 4 requests may run at once for as long as a request takes: while Redis
// is away, after it came back without its data, after a process stood still for longer than its lease, and after a
// process was killed within the first second of a request, on which the Market still works. The Market answers these
// with 420, and a Client repeats them.
//
// Redis 7.0 and Valkey 8.0, alone or as a cluster, are tested. Redis 6.2 is served by a form of the script that was
// tried on newer servers only. A redis.Ring is refused: its shards do not share their messages.
//
// In Redis stand ids of cabinets, names of operations, names of processes (WithName), and numbers, under keys that
// all expire.
package fleet
