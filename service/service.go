package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/idrange"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/planner"
)

// The times that one operation may take, however slow the host is.
const (
	startTimeout = 60 * time.Second
	endTimeout   = 30 * time.Second
	freezeLimit  = 10 * time.Second
	// systemd waits this much longer than the service for a scope to end: its SIGKILL is for a stop without
	// a daemon.
	grace = 5 * time.Second
	// The limit for a supervisor to answer a new daemon: all other containers wait meanwhile. It is also the
	// limit for a supervisor to end after its container's processes: it still writes the exit status.
	supervisorLimit = 5 * time.Second
	attachPause     = 10 * time.Second // the longest pause between two attempts to reach a supervisor
)

// Deps is everything that the service works with. Only Reached may be nil.
type Deps struct {
	Definitions Definitions
	Runs        Runs
	Scopes      Scopes
	Machines    Machines
	Cgroups     Cgroups
	Supervisors Supervisors
	Observer    Observer
	HostIDs     HostIDs
	Node        Node
	Resources   Resources
	Audit       Audit
	HostDevices HostDevices
	Disks       Disks
	Links       Links
	Bridges     Bridges
	Labels      Labels
	Forwards    Forwards
	Trees       Trees
	NewUUID     func() domain.UUID
	Now         func() time.Time
	Log         *slog.Logger
	Host        planner.Host
	IDRange     idrange.Span  // ids for containers are chosen from this range
	StopTimeout time.Duration // how long init may take when systemd orders a stop
	Confinement Confinement
	// Reached, if set, is called at each point between two parts of a run. It is for tests.
	Reached func(point string) error
}

// Service is the registry of containers and carries out all operations on them.
type Service struct {
	Deps
	mu      sync.RWMutex
	byUUID  map[domain.UUID]*container
	byName  map[string]*container
	entries uint64     // of containers, so far; guarded by mu
	telling sync.Mutex // held while the observer is told; guards seq
	seq     uint64     // of the last event
	active  atomic.Int64
	trees   treeClaims
	// Trees of containers that are off, which are being restored.
	restoring atomic.Int64
	// Containers that this boot has still to start.
	autostarts atomic.Int64
	bad        map[string]Unreadable // stored definitions by name; guarded by mu
	claims     sync.Mutex            // one choice of ids at a time; never held over a call that can block
	work       sync.WaitGroup        // goroutines that wait for the end of a run

	changing  map[string]bool // units whose limits are being read, and whether they have changed again meanwhile; guarded by mu
	forwarded forwarded
	queues    Queues
	processes processes
}

// New returns an empty service, which Recover fills. It returns an error if a field of d is missing.
func New(d Deps) (*Service, error) {
	for name, missing := range map[string]bool{
		"Definitions": d.Definitions == nil, "Runs": d.Runs == nil, "Scopes": d.Scopes == nil,
		"Machines": d.Machines == nil, "Cgroups": d.Cgroups == nil, "Supervisors": d.Supervisors == nil,
		"Observer": d.Observer == nil, "HostIDs": d.HostIDs == nil, "Node": d.Node == nil, "Resources": d.Resources == nil,
		"Audit":       d.Audit == nil,
		"HostDevices": d.HostDevices == nil, "Disks": d.Disks == nil,
		"Links": d.Links == nil, "Bridges": d.Bridges == nil, "Labels": d.Labels == nil, "Forwards": d.Forwards == nil, "Trees": d.Trees == nil,
		"NewUUID": d.NewUUID == nil, "Now": d.Now == nil, "Log": d.Log == nil,
	} {
		if missing {
			return nil, fmt.Errorf("service: no %s", name)
		}
	}
	return &Service{Deps: d, byUUID: map[domain.UUID]*container{}, byName: map[string]*container{}, changing: map[string]bool{}}, nil
}

// Active counts the containers that are not shut off.
func (s *Service) Active() int { return int(s.active.Load()) }

// Busy counts what the daemon must not end for while nobody calls it: containers that are not shut off, trees of others
// that are being restored, and containers that are about to start with the host.
func (s *Service) Busy() int {
	return s.Active() + int(s.restoring.Load()) + int(s.autostarts.Load())
}

// Counts returns how many containers there are in each state.
func (s *Service) Counts() map[State]int {
	counts := map[State]int{}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, c := range s.byUUID {
		c.mu.Lock()
		counts[c.snap.State]++
		c.mu.Unlock()
	}
	return counts
}

// List returns all containers, in no particular order.
func (s *Service) List() []Snapshot {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := make([]Snapshot, 0, len(s.byUUID))
	for _, c := range s.byUUID {
		list = append(list, c.snapshot())
	}
	return list
}

// ByName returns the container with a name. It returns ErrNoContainer if there is none, and ErrUnreadable if
// its stored definition cannot be read.
func (s *Service) ByName(name string) (Snapshot, error) {
	s.mu.RLock()
	c := s.byName[name]
	s.mu.RUnlock()
	if c == nil {
		return Snapshot{}, s.unknown(name)
	}
	return c.snapshot(), nil
}

// ByUUID returns the container with a uuid. It returns ErrNoContainer if there is none.
func (s *Service) ByUUID(u domain.UUID) (Snapshot, error) {
	c, err := s.find(u)
	if err != nil {
		return Snapshot{}, err
	}
	return c.snapshot(), nil
}

// ByID returns the container that is on and has this id: init's pid, libvirt's domain id. It returns
// ErrNoContainer if there is none.
func (s *Service) ByID(id uint32) (Snapshot, error) {
	for _, snap := range s.List() {
		if snap.ID == id && id != 0 {
			return snap, nil
		}
	}
	return Snapshot{}, fmt.Errorf("%w with id %d", ErrNoContainer, id)
}

// ByLeader returns the container whose init has this pid on the host. It returns ErrNoContainer if
// there is none.
func (s *Service) ByLeader(pid uint32) (Snapshot, error) {
	for _, snap := range s.List() {
		if snap.Leader == pid && pid != 0 {
			return snap, nil
		}
	}
	return Snapshot{}, fmt.Errorf("%w with leader %d", ErrNoContainer, pid)
}

// XML returns the live definition of a running container. It returns the stored one if the container is
// off or inactive is true. A transient container has only a live definition. It returns ErrNoContainer if
// there is no container with this uuid.
func (s *Service) XML(u domain.UUID, inactive bool) (string, error) {
	c, err := s.find(u)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	def := c.definition(inactive)
	if def == c.live && !inactive {
		return def.Format(domain.FormatOptions{Live: &domain.Live{ID: c.snap.ID, Bridges: c.bridges, Label: c.snap.Label.live()}})
	}
	return def.Format(domain.FormatOptions{})
}

// Plan returns, as JSON, what a start would do inside the container, and what its scope and its interfaces would get.
// The definition is that of XML. It returns ErrNoContainer if there is no container with this uuid, and a *domain.Error
// if the host lacks a device.
func (s *Service) Plan(ctx context.Context, u domain.UUID, inactive bool) (string, error) {
	c, err := s.find(u)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	def := c.definition(inactive)
	c.mu.Unlock()
	ctx, cancel := limited(ctx, startTimeout)
	defer cancel()
	devices, err := s.HostDevices.Find(ctx, def)
	if err != nil {
		return "", timedOut(ctx, err)
	}
	p := struct {
		*plan.Plan
		Scope   plan.Scope `json:"scope"`
		Network string     `json:"network"` // whose it is
		Net     plan.Net   `json:"net,omitzero"`
		Owners  rootOwners `json:"root_owners,omitzero"`
	}{planner.Build(def, s.Host), planner.Scope(def), def.Network(), planner.Net(def), s.ownersOfRoot(ctx, def)}
	planner.AddDevices(p.Plan, devices)
	planner.ShowDevices(&p.Scope, devices)
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false) // people read it
	e.SetIndent("", "  ")
	err = e.Encode(p)
	return text.String(), err
}

// Console returns the last output of a console, also after the run has ended. device is the console's
// alias; "" means the first one. It returns ErrNoConsole if the container has no such console.
func (s *Service) Console(_ context.Context, u domain.UUID, device string) ([]byte, error) {
	c, err := s.find(u)
	if err != nil {
		return nil, err
	}
	n, err := consoleNumber(c.snapshot().Consoles, device)
	if err != nil {
		return nil, err
	}
	return s.printed(u, n)
}

// printed returns the output of a console in this run. It returns that of the previous run if this one
// has none.
func (s *Service) printed(u domain.UUID, n int) ([]byte, error) {
	for _, dir := range []string{s.Runs.Dir(u), s.Runs.LastDir(u)} {
		output, err := s.Supervisors.Console(dir, n)
		if !errors.Is(err, fs.ErrNotExist) {
			return output, err
		}
	}
	return nil, nil
}

// unknown returns the error for a name that no container has: ErrUnreadable if there is a stored definition that
// cannot be read, otherwise ErrNoContainer.
func (s *Service) unknown(name string) error {
	s.mu.RLock()
	bad, found := s.bad[name]
	s.mu.RUnlock()
	if found {
		return fmt.Errorf("%w: %w", ErrUnreadable, bad.Err)
	}
	return fmt.Errorf("%w with name '%s'", ErrNoContainer, name)
}

func (s *Service) find(u domain.UUID) (*container, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if c := s.byUUID[u]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("%w with uuid %s", ErrNoContainer, u)
}

// detached returns the context of work for which no caller waits: the end of a run, a stop ordered by
// systemd, the clean-up after a failure.
func detached() context.Context {
	return context.Background() //nolint:forbidigo // the one place where the service acts by itself
}

// limited sets a time limit for an operation. Its cause is an ErrTimeout that names the limit.
func limited(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("%w after %v", ErrTimeout, limit))
}

// timedOut puts the context's cause before err if the deadline has passed.
func timedOut(ctx context.Context, err error) error {
	if err != nil && errors.Is(err, context.DeadlineExceeded) {
		if cause := context.Cause(ctx); cause != nil {
			return fmt.Errorf("%w: %w", cause, err)
		}
	}
	return err
}
