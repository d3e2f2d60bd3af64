package remote

import (
	"context"
	"math"
	"slices"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/internal/remote/xdr"
	"github.com/berthd/berth/service"
)

// The events that containers have, by the numbers of libvirt's callbacks. Clients register for others too, which never
// come.
const (
	eventLifecycle     = 0
	eventReboot        = 1
	eventDeviceRemoved = 15
	eventDeviceAdded   = 19
	eventMetadata      = 23
	lastEvent          = 27
)

// messageOf gives the procedure of the messages about an event.
func messageOf(event int32) int32 {
	return map[int32]int32{eventLifecycle: 318, eventReboot: 319, eventDeviceRemoved: 333, eventDeviceAdded: 354, eventMetadata: 379}[event]
}

// maxNews bounds the events that wait for a client: more than all starts of a burst make. A client that is not told in
// time is dropped, since it would miss some.
const maxNews = 8192

// callback is what a client has registered.
type callback struct {
	event int32
	only  *domain.UUID // nil is every container
}

// mostText is the longest text that an event carries, in bytes: who sets the metadata of his container must not fill
// the queues of all who watch it. The namespace of an element of <metadata> that is longer is left out.
const mostText = 4 << 10

func eventText(s string) string {
	if len(s) > mostText {
		return ""
	}
	return s
}

// happening is one event, and the container as it is then. All who hear of it have the same one.
type happening struct {
	event   int32
	subject service.Subject
	about   xdr.Domain
	numbers [2]int32
	text    string
}

func eventProcedures() []*procedure {
	return []*procedure{
		free(316, "virConnectDomainEventRegisterAny", openAsks, registerEvent),
		free(317, "virConnectDomainEventDeregisterAny", openAsks, deregisterEvent),
	}
}

func registerEvent(_ context.Context, c *call) error {
	event := c.in.I32()
	about, one := c.in.OptionalDomain()
	switch {
	case c.in.Err() != nil:
		return c.badArguments()
	case event < 0 || event > lastEvent:
		return wrong(codeInternal, domainRemote, "unsupported event ID %d", event)
	}
	k := callback{event: event}
	if one {
		u := domain.UUID(about.UUID)
		k.only = &u
	}
	n, ok := c.conn.register(k)
	if !ok {
		return wrong(codeResourceBusy, domainRemote, "the connection has %d callbacks", maxCallbacks)
	}
	c.out.I32(n)
	return nil
}

// register enters a callback and returns its number. It returns false if the client has too many.
func (c *conn) register(k callback) (int32, bool) {
	c.mu.Lock()
	if len(c.callbacks) >= maxCallbacks {
		c.mu.Unlock()
		return 0, false
	}
	if c.callbacks == nil {
		c.callbacks = map[int32]callback{}
	}
	n := c.nextCallback()
	c.callbacks[n] = k
	c.mu.Unlock()
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if _, there := c.server.connections[c]; there {
		c.server.listening[c] = struct{}{}
	}
	return n, true
}

// nextCallback returns a number that no callback has. Numbers begin anew after the largest: none is below 0. The caller
// holds mu.
func (c *conn) nextCallback() int32 {
	for {
		n := c.last
		c.last = (c.last + 1) & math.MaxInt32
		if _, taken := c.callbacks[n]; !taken {
			return n
		}
	}
}

func deregisterEvent(_ context.Context, c *call) error {
	n := c.in.I32()
	if c.in.Err() != nil {
		return c.badArguments()
	}
	c.conn.mu.Lock()
	defer c.conn.mu.Unlock()
	if _, known := c.conn.callbacks[n]; !known {
		return wrong(codeInternal, domainRemote, "domain event callback %d not registered", n)
	}
	delete(c.conn.callbacks, n)
	return nil
}

// Changed implements a part of service.Observer. It does not wait.
func (s *Server) Changed(before, after *service.Snapshot, event *events.Event) {
	if event != nil {
		s.guarded(nil, func() { s.changed(before, after, event) })
	}
}

func (s *Server) changed(before, after *service.Snapshot, event *events.Event) {
	now := after
	if now == nil {
		now = before
	}
	h := happening{subject: now.Subject(), about: domainOf(now)}
	if event.Kind == events.Rebooted {
		h.event = eventReboot
	} else {
		kind, detail, known := lifecycle(event)
		if !known {
			return
		}
		h.numbers = [2]int32{kind, detail}
	}
	s.tell(h)
}

// lifecycle returns libvirt's numbers of an event and its detail.
func lifecycle(e *events.Event) (kind, detail int32, known bool) {
	kind, known = map[events.Kind]int32{
		events.Defined: 0, events.Undefined: 1, events.Started: 2, events.Suspended: 3, events.Resumed: 4, events.Stopped: 5,
	}[e.Kind]
	const renamed = 2
	switch e.Detail {
	case events.Updated, events.Destroyed:
		detail = 1
	case events.Renamed:
		detail = renamed
		if e.Kind == events.Undefined {
			detail = 1
		}
	case events.Failed:
		detail = 5
	}
	return kind, detail, known
}

// DeviceChanged implements a part of service.Observer.
func (s *Server) DeviceChanged(u domain.UUID, alias string, added bool) {
	event := int32(eventDeviceRemoved)
	if added {
		event = eventDeviceAdded
	}
	s.guarded(nil, func() { s.tellOf(u, happening{event: event, text: eventText(alias)}) })
}

// MetadataChanged implements a part of service.Observer.
func (s *Server) MetadataChanged(u domain.UUID, kind domain.MetadataKind, uri string) {
	h := happening{event: eventMetadata, text: eventText(uri)}
	for i, k := range metadataKinds() {
		if k == kind {
			h.numbers[0] = int32(i)
		}
	}
	s.guarded(nil, func() { s.tellOf(u, h) })
}

func (s *Server) tellOf(u domain.UUID, h happening) {
	s.mu.Lock()
	nobody := len(s.listening) == 0
	s.mu.Unlock()
	if nobody {
		return
	}
	snap, err := s.core.ByUUID(u)
	if err != nil {
		return // it is gone, and so is who would ask for it
	}
	h.subject, h.about = snap.Subject(), domainOf(&snap)
	s.tell(h)
}

// tell passes an event to those who listen.
func (s *Server) tell(h happening) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.listening {
		c.hear(&h)
	}
}

// hear queues an event for a client, which may have to be asked about.
func (c *conn) hear(h *happening) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wanted := false
	for _, k := range c.callbacks {
		wanted = wanted || k.wants(h)
	}
	if !wanted || c.ctx.Err() != nil {
		return
	}
	if len(c.news) >= maxNews {
		c.server.log.Warn("a client of libvirt's library does not take its events and is dropped", "uid", c.by.UID, "pid", c.by.Peer.PID)
		c.hangUp()
		return
	}
	c.news = append(c.news, h)
	if !c.telling {
		c.telling = true
		c.begin(c.tellAll)
	}
}

func (k *callback) wants(h *happening) bool {
	return k.event == h.event && (k.only == nil || *k.only == h.subject.UUID)
}

// tellAll tells the client its events, one after the other.
func (c *conn) tellAll() {
	for h := c.nextNews(); h != nil; h = c.nextNews() {
		q := service.Question{Caller: c.by, Action: contract.ActionRead, Verb: "Get", Subject: h.subject}
		if sees, err := c.server.access.Sees(c.ctx, q); err != nil || !sees {
			continue
		}
		for _, n := range c.wanting(h) {
			c.out.tell(h.message(n))
		}
	}
}

// nextNews takes the next event to tell. It returns nil if there is none any more, and the goroutine that asks ends.
func (c *conn) nextNews() *happening {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.news) == 0 || c.ctx.Err() != nil {
		c.news, c.telling = nil, false
		return nil
	}
	h := c.news[0]
	c.news[0] = nil
	c.news = c.news[1:]
	return h
}

// wanting returns the callbacks that an event is for, in their order.
func (c *conn) wanting(h *happening) (list []int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for n, k := range c.callbacks {
		if k.wants(h) {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return list
}

// message is an event for one callback.
func (h *happening) message(callback int32) []byte {
	e := begin(head{program: programRemote, version: version, procedure: messageOf(h.event), kind: typeMessage})
	e.I32(callback)
	e.Domain(h.about)
	switch h.event {
	case eventLifecycle:
		e.I32(h.numbers[0])
		e.I32(h.numbers[1])
	case eventDeviceAdded, eventDeviceRemoved:
		e.Text(h.text)
	case eventMetadata:
		e.I32(h.numbers[0])
		e.OptionalText(h.text)
	}
	return finish(e)
}
