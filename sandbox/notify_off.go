package sandbox

import (
	"errors"
	"slices"
	"time"
)

// NotificationsOff gives the time, by the sandbox's clock, at which the notifications of a shop were switched off,
// because one of them was not taken for 14 days; of several shops it is the earliest time. It is zero when no shop's
// notifications are off.
func (m *Market) NotificationsOff() time.Time {
	_, since := m.notifier.off()
	return since
}

// SwitchNotificationsOn switches the notifications on again that NotificationsOff tells of. As Notify does, it posts a
// PING to each shop first: the notifications of a shop that does not take it stay off, and the error says why. There is
// an error, too, when none are off. What happened while they were off is not posted.
func (m *Market) SwitchNotificationsOn() error { return ofPackage(m.switchNotificationsOn()) }

func (m *Market) switchNotificationsOn() error {
	shops, _ := m.notifier.off()
	if len(shops) == 0 {
		return errors.New("no shop's notifications are off")
	}
	var refused []error
	for _, s := range shops {
		if err := s.ping(); err != nil {
			refused = append(refused, err)
			continue
		}
		m.notifier.switchOn(s)
	}
	return errors.Join(refused...)
}

// ObserveNotifications calls see with the time at which a shop's notifications are switched off, and with the zero time
// when they are on again. The sandbox waits for it, so it must neither call the sandbox nor wait. It takes the place of
// the one before. A nil see ends that.
func (m *Market) ObserveNotifications(see func(offSince time.Time)) {
	m.notifier.mu.Lock()
	defer m.notifier.mu.Unlock()
	m.notifier.observer = see
}

// off lists the shops whose notifications are off, and gives the earliest time at which some were switched off.
func (n *notifier) off() (shops []*subscription, since time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.subscriptions {
		if s.ended() || !s.off() {
			continue
		}
		if shops = append(shops, s); len(shops) == 1 || s.offSince.Before(since) {
			since = s.offSince
		}
	}
	return shops, since
}

// switchOff ends a shop's notifications, and drops those that wait, of other cabinets too. It is for the queue whose
// notification was given up; a queue that was dropped meanwhile ends nothing.
func (n *notifier) switchOff(of *queue, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s := of.subscription; !of.dropped {
		s.drop()
		n.setOff(s, now)
		n.wakeLocked()
	}
}

func (n *notifier) switchOn(s *subscription) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s.off() {
		n.setOff(s, time.Time{})
	}
}

// replaceOff forgets a shop whose notifications are off when another one takes its place. The notifier is locked.
func (n *notifier) replaceOff(by *subscription) {
	n.subscriptions = slices.DeleteFunc(n.subscriptions, func(s *subscription) bool {
		replaced := s.off() && s.url == by.url
		if replaced {
			n.setOff(s, time.Time{})
		}
		return replaced
	})
}

// setOff tells the observer. The notifier is locked.
func (n *notifier) setOff(s *subscription, since time.Time) {
	s.offSince = since
	if n.observer != nil {
		n.observer(since)
	}
}
