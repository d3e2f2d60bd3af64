package dbusapi

import (
	"context"
	"sync"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// A signal on a bus goes to all who want it, and the bus knows root from others only. So the policy of the bus lets
// root alone hear the signals, and one who is not root has those that he may see relayed to him (org.berth1.Watch).

const (
	maxHeard    = 10000 // signals that may wait for one watcher
	maxWatchers = 16    // of one user
)

// heard is one signal, and what it is about.
type heard struct {
	path          dbus.ObjectPath
	iface, member string
	body          []any
	about         about
}

// about is what a signal tells of. The zero value is something that root alone hears.
type about struct {
	subject service.Subject // a container; if only its uuid is known, the one that has it when somebody may hear of it
	network string          // or a network of the host
}

// watcher is one connection that has subscribed.
type watcher struct {
	by     service.Caller
	of     *caller // what it does not read counts
	cancel context.CancelFunc

	mu    sync.Mutex // guards the fields below
	queue []heard
	lost  bool
	wake  chan struct{} // one token: the queue grew
}

// hear queues a signal. It never blocks. A watcher for whom too many wait loses them all.
func (w *watcher) hear(h heard) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lost = w.lost || len(w.queue) >= maxHeard; w.lost {
		w.queue = nil
	} else {
		w.queue = append(w.queue, h)
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *watcher) take() (queue []heard, lost bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	queue, w.queue = w.queue, nil
	return queue, w.lost
}

func watchIface() *iface {
	const why = "each signal asks for itself"
	return newIface(contract.WatchInterface, nil,
		&method{name: "Subscribe", in: "a{sv}", open: why, doing: "subscribe", run: subscribe},
		&method{name: "Unsubscribe", in: "a{sv}", open: why, doing: "unsubscribe", run: unsubscribe},
	)
}

func subscribe(ctx context.Context, s *Server, c *call) ([]any, error) {
	ctx, cancel := context.WithCancel(ctx) // of the caller's life
	w := &watcher{by: c.by, of: c.caller, cancel: cancel, wake: make(chan struct{}, 1)}
	w.by.Interactive = false
	fresh, err := s.signals.watch(c.sender, w)
	if !fresh {
		cancel()
		return nil, err
	}
	go s.relay(ctx, c.sender, w)
	return nil, nil
}

func unsubscribe(_ context.Context, s *Server, c *call) ([]any, error) {
	s.signals.unwatch(c.sender, nil)
	return nil, nil
}

// watch enters a watcher. It returns false if the connection has one, or its user has too many.
func (s *Signals) watch(sender dbus.Sender, w *watcher) (fresh bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watchers[sender] != nil {
		return false, nil
	}
	same := 0
	for _, other := range s.watchers {
		if other.by.UID == w.by.UID {
			same++
		}
	}
	if same >= maxWatchers && !w.by.Root() {
		return false, stdError(contract.ErrorLimitsExceeded, "user %d has %d subscriptions already", w.by.UID, same)
	}
	if s.watchers == nil {
		s.watchers = make(map[dbus.Sender]*watcher)
	}
	s.watchers[sender] = w
	return true, nil
}

// unwatch ends a subscription: that of a watcher, or any of the connection if w is nil.
func (s *Signals) unwatch(sender dbus.Sender, w *watcher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.watchers[sender]; now != nil && (w == nil || w == now) {
		now.cancel()
		delete(s.watchers, sender)
	}
}

// relay sends one watcher what he may see, in order, until he leaves.
func (s *Server) relay(ctx context.Context, sender dbus.Sender, w *watcher) {
	defer s.signals.unwatch(sender, w)
	for {
		select {
		case <-w.wake:
		case <-ctx.Done():
			return
		}
		queue, lost := w.take()
		for _, h := range queue {
			if !s.mayHear(ctx, w, &h) {
				continue
			}
			if lost = lost || s.leavesUnread(ctx, w.of.account); lost {
				break
			}
			args := make([]dbus.Variant, len(h.body))
			for i, v := range h.body {
				args[i] = dbus.MakeVariant(v)
			}
			s.unicast(sender, w.of, "Relayed", h.path, h.iface, h.member, args)
		}
		if lost {
			s.unicast(sender, w.of, "Lost")
			return
		}
	}
}

// mayHear asks whether a watcher may know of a signal. Without an answer he may not.
func (s *Server) mayHear(ctx context.Context, w *watcher, h *heard) bool {
	q := service.Question{Caller: w.by, Action: contract.ActionRead, Verb: h.member, Subject: h.about.subject, Network: h.about.network}
	if ctx.Err() != nil {
		return false
	}
	if q.Subject.Name == "" && !q.Subject.UUID.IsZero() {
		q.Subject = s.core.Subject(q.Subject.UUID)
	}
	sees, err := s.access.Sees(ctx, q)
	return sees && err == nil
}

// unicast sends a signal of the watch interface to one connection, and counts it until that has read it.
func (s *Server) unicast(to dbus.Sender, of *caller, member string, body ...any) {
	msg, err := s.signals.addressed(to, member, body...)
	if err != nil {
		s.log.Error("signal not relayed", "op", member, "err", err)
		return
	}
	size := Backlog{len(msg), 0}
	s.inbound.count(of, size, func(m *mail) *Backlog { return &m.queued })
	s.signals.out.put(outgoing{msg: msg, to: s.inbound.payer(of), sent: func() {
		s.inbound.count(of, size, func(m *mail) *Backlog { return &m.written })
	}})
}

// addressed encodes a signal of the watch interface to one connection.
func (s *Signals) addressed(to dbus.Sender, member string, body ...any) ([]byte, error) {
	return encode(&dbus.Message{Type: dbus.TypeSignal, Body: body, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldDestination: dbus.MakeVariant(string(to)),
		dbus.FieldPath:        dbus.MakeVariant(rootPath),
		dbus.FieldInterface:   dbus.MakeVariant(contract.WatchInterface),
		dbus.FieldMember:      dbus.MakeVariant(member),
	}}, s.serials.GetSerial())
}

// tell hands a signal to all watchers. The caller holds mu.
func (s *Signals) tell(h heard) {
	if h.about == (about{}) {
		if _, u := parsePath(h.path); u != (domain.UUID{}) {
			h.about.subject.UUID = u
		}
	}
	for _, w := range s.watchers {
		if h.about != (about{}) || w.by.Root() {
			w.hear(h)
		}
	}
}
