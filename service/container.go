package service

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
)

// container is one entry of the registry. Only the goroutine that has it locked may change it. mu
// guards the fields that readers see. It is never held over a call that can block.
type container struct {
	locked chan struct{} // one slot: the right to change the container
	entry  uint64        // of the registry, never used again; set before others can find the container

	mu       sync.Mutex
	snap     Snapshot
	stored   *domain.Def   // nil for a transient one
	live     *domain.Def   // nil when off
	pending  *domain.Def   // being checked: neither stored nor live yet
	previous *domain.Def   // the live definition of the previous run: its ids are kept for the next run
	groupID  uint64        // of the control group in snap
	news     chan struct{} // closed at the next change; nil if nobody waits for one
	text     string        // of stored, formatted in advance: a start must not wait for that
	// The supervisor through which other containers share namespaces. It is nil unless the container runs
	// and nobody has ordered its end.
	shareable    Supervisor
	notAnswering bool // the supervisor cannot be asked
	// Of the run, until it is over and the next one has begun or will not; nil when off. id is that of Snapshot.
	over <-chan struct{}
	id   uint32
	// The bridges that the host ends of its interfaces are ports of.
	bridges map[string]string
	// The supervisor of the run, nil if there is none or it does not answer, and the version of its protocol.
	supervisor Supervisor
	wire       int
	job        longJob

	// For the goroutine that has the container locked only.
	run      *run
	owner    string // of the run that is starting, and of those that follow it by a restart
	gone     bool
	restarts []time.Time // the latest, for the start limit
	caller   Caller      // for whom the container is locked
	trail    *trail      // of the start that goes on
	binding  string      // the service that ends with the run that is being started
	passing  []Passed    // what the start that goes on passes to init; whoever starts it closes them
}

// run is a container from one start to its end.
type run struct {
	Run
	starting   Starting      // the supervisor until init is executed, nil afterwards
	supervisor Supervisor    // the supervisor from then on; nil while it does not answer this daemon
	over       chan struct{} // closed when all parts are released
	retried    bool          // the processes did not end when they were killed, and retryStop waits for that
	// Why it did not start again, although a life-cycle action or a caller wanted that.
	notRestarted error
	inherited    bool      // an earlier daemon started it, and the supervisor is not known to be gone
	victim       Victim    // of the last OOM kill that was told
	leaving      sync.Once // of machined
	unrecorded   bool      // its note does not say whether the audit log has its start
	refused      bool      // the audit log has it as a start that failed
}

func newContainer() *container {
	return &container{locked: make(chan struct{}, 1)}
}

// lock waits for the right to change the container. It returns the context's cause if ctx ends first.
func (c *container) lock(ctx context.Context) error {
	select {
	case c.locked <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *container) unlock() { <-c.locked }

func (c *container) snapshot() Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.snap
}

// definition returns the live definition. It returns the stored one if there is no live one or inactive
// is true. The caller holds mu.
func (c *container) definition(inactive bool) *domain.Def {
	if c.stored != nil && (inactive || c.live == nil) {
		return c.stored
	}
	return c.live
}

// describe fills in the fields that come from the definition.
func (snap *Snapshot) describe(d *domain.Def) {
	snap.UUID, snap.Name, snap.Title, snap.Description = d.UUID, d.Name, d.Title, d.Description
	snap.OwnedBy, snap.PrivateUsers = ownerOf(d), d.IDMap.ExcludesRoot()
	snap.MachineName, snap.Network = d.MachineName(), d.Network()
	snap.MemoryMax, snap.Limits = limitsOf(d)
	snap.VCPUs = uint32(d.VCPUs)
	snap.Root = "/"
	if root, private := d.Root(); private {
		snap.Root = ""
		if root.Type == domain.FSMount {
			snap.Root = root.Source
		}
	}
	snap.Consoles = make([]string, len(d.Consoles))
	for i := range d.Consoles {
		snap.Consoles[i] = "console" + strconv.Itoa(i)
	}
	snap.Interfaces = interfacesOf(d)
}

// change alters the snapshot and calls the observer. The caller has the container locked.
func (s *Service) change(c *container, event *events.Event, alter func(*Snapshot)) {
	c.mu.Lock()
	before := c.snap
	alter(&c.snap)
	if c.snap.State != before.State && c.snap.StateChanged.Equal(before.StateChanged) {
		c.snap.StateChanged = s.Now()
	}
	after := c.snap
	if c.news != nil {
		close(c.news)
		c.news = nil
	}
	c.mu.Unlock()
	s.count(before.State, after.State)
	s.tell(&before, &after, event)
}

// tell calls the observer. Events are numbered in the order in which it hears of them; an observer does not block.
func (s *Service) tell(before, after *Snapshot, event *events.Event) {
	s.telling.Lock()
	defer s.telling.Unlock()
	if event != nil {
		s.seq++
		event.Seq = s.seq
	}
	s.Observer.Changed(before, after, event)
}

// count keeps the number of containers that are not off.
func (s *Service) count(before, after State) {
	on := func(st State) int64 {
		if st.Active() {
			return 1
		}
		return 0
	}
	s.active.Add(on(after) - on(before))
}

func (*Service) event(k events.Kind, d events.Detail) *events.Event {
	return &events.Event{Kind: k, Detail: d}
}

// textOf returns a definition's canonical text.
func (c *container) textOf(def *domain.Def) (string, error) {
	if def == c.stored && c.text != "" {
		return c.text, nil
	}
	return def.Format(domain.FormatOptions{Run: true})
}
