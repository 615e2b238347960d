package fleet

import (
	"time"

	"github.com/ymarket-go/chats/wrapper"
)

// untold is what Redis has to be told once it is back.
type untold struct {
	gone    map[string]time.Time // leases that Redis may know of, since when they are over
	windows map[string]wrapper.Quota
}

func (u *untold) add(news report, now time.Time) {
	if u.gone == nil {
		u.gone, u.windows = map[string]time.Time{}, map[string]wrapper.Quota{}
	}
	for _, lease := range news.gone {
		u.gone[lease] = now
	}
	for operation, q := range news.windows {
		u.windows[operation] = newest(u.windows[operation], q)
	}
}

// sameWindow is more than the ends differ that answers tell of one window.
const sameWindow = 20 * time.Second

// newest is what is known of a window after an answer: of a later window what the answer says, of the same one the
// lowest figure and the earliest end.
func newest(known, said wrapper.Quota) wrapper.Quota {
	switch later := said.Until.Sub(known.Until); {
	case later > sameWindow:
		return said
	case later >= -sameWindow:
		known.Remaining = min(known.Remaining, said.Remaining)
		known.Until = known.Until.Add(min(later, 0))
	}
	return known
}

// report lists what is to be told. A lease that is over for so long has ended in Redis too.
func (u *untold) report(now time.Time, duration time.Duration) report {
	news := report{windows: map[string]wrapper.Quota{}}
	for lease, since := range u.gone {
		if now.Sub(since) > duration+commandTime {
			delete(u.gone, lease)
			continue
		}
		news.gone = append(news.gone, lease)
	}
	for operation, q := range u.windows {
		news.windows[operation] = q
	}
	return news
}

// told removes what Redis knows now.
func (u *untold) told(news report) {
	for _, lease := range news.gone {
		delete(u.gone, lease)
	}
	for operation, q := range news.windows {
		if u.windows[operation] == q {
			delete(u.windows, operation)
		}
	}
}

func (u *untold) empty() bool { return len(u.gone)+len(u.windows) == 0 }
