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
	"github.com/berthd/berth/internal/planner"
)

// The times that one operation may take, however slow the host is.
const (
	startTimeout = 60 * time.Second
	endTimeout   = 30 * time.Second
	freezeLimit  = 10 * time.Second
	// How much longer than the service systemd waits for a scope to end: its own SIGKILL is for when no daemon
	// is there.
	grace = 5 * time.Second
	// How long a supervisor may take to answer a new daemon, which all other containers wait for, and to
	// end after its container's processes were killed: it writes the status.
	supervisorLimit = 5 * time.Second
	attachPause     = 10 * time.Second // between two attempts that fail, at most
)

// Deps is everything that the service works with. None may be nil but Reached.
type Deps struct {
	Definitions Definitions
	Runs        Runs
	Scopes      Scopes
	Machines    Machines
	Cgroups     Cgroups
	Supervisors Supervisors
	Observer    Observer
	HostIDs     HostIDs
	NewUUID     func() domain.UUID
	Now         func() time.Time
	Log         *slog.Logger
	Host        planner.Host
	IDRange     idrange.Span  // where ids are chosen from
	StopTimeout time.Duration // how long init may take when systemd orders a stop
	// Reached, if any, hears of each point between two parts of a run that is reached: for tests.
	Reached func(point string) error
}

// Service is the registry of containers and what is done to them.
type Service struct {
	Deps
	mu     sync.RWMutex
	byUUID map[domain.UUID]*container
	byName map[string]*container
	seq    atomic.Uint64
	active atomic.Int64
	bad    map[string]Unreadable // stored definitions by name; guarded by mu
	claims sync.Mutex            // one choice of ids at a time, in memory only
	work   sync.WaitGroup        // goroutines that wait for the end of a run

	queues Queues
}

// New makes an empty service; Recover fills it.
func New(d Deps) (*Service, error) {
	for name, missing := range map[string]bool{
		"Definitions": d.Definitions == nil, "Runs": d.Runs == nil, "Scopes": d.Scopes == nil,
		"Machines": d.Machines == nil, "Cgroups": d.Cgroups == nil, "Supervisors": d.Supervisors == nil,
		"Observer": d.Observer == nil, "HostIDs": d.HostIDs == nil,
		"NewUUID": d.NewUUID == nil, "Now": d.Now == nil, "Log": d.Log == nil,
	} {
		if missing {
			return nil, fmt.Errorf("service: no %s", name)
		}
	}
	return &Service{Deps: d, byUUID: map[domain.UUID]*container{}, byName: map[string]*container{}}, nil
}

// Active counts the containers that are not shut off.
func (s *Service) Active() int { return int(s.active.Load()) }

// List gives every container, in no order.
func (s *Service) List() []Snapshot {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := make([]Snapshot, 0, len(s.byUUID))
	for _, c := range s.byUUID {
		list = append(list, c.snapshot())
	}
	return list
}

// ByName finds a container; ErrNoContainer.
func (s *Service) ByName(name string) (Snapshot, error) {
	s.mu.RLock()
	c := s.byName[name]
	s.mu.RUnlock()
	if c == nil {
		return Snapshot{}, s.unknown(name)
	}
	return c.snapshot(), nil
}

// ByUUID finds a container; ErrNoContainer.
func (s *Service) ByUUID(u domain.UUID) (Snapshot, error) {
	c, err := s.find(u)
	if err != nil {
		return Snapshot{}, err
	}
	return c.snapshot(), nil
}

// ByLeader finds the container whose init has this host pid; ErrNoContainer.
func (s *Service) ByLeader(pid uint32) (Snapshot, error) {
	for _, snap := range s.List() {
		if snap.Leader == pid && pid != 0 {
			return snap, nil
		}
	}
	return Snapshot{}, fmt.Errorf("%w with leader %d", ErrNoContainer, pid)
}

// XML gives the live definition of a running container, else, or when inactive is asked for, the
// stored one. A transient container has only the live one.
func (s *Service) XML(u domain.UUID, inactive bool) (string, error) {
	c, err := s.find(u)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	def := c.definition(inactive)
	if def == c.live && !inactive {
		return def.Format(domain.FormatOptions{Live: &domain.Live{ID: c.snap.ID}})
	}
	return def.Format(domain.FormatOptions{})
}

// Plan gives, as JSON, what a start with the definition that XML gives does inside the container.
func (s *Service) Plan(u domain.UUID, inactive bool) (string, error) {
	c, err := s.find(u)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	p := planner.Build(c.definition(inactive), s.Host)
	c.mu.Unlock()
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false) // it is for people
	e.SetIndent("", "  ")
	err = e.Encode(p)
	return text.String(), err
}

// Stats gives a running container's figures; a StateError when it is off.
func (s *Service) Stats(u domain.UUID) (Stats, error) {
	c, err := s.find(u)
	if err != nil {
		return Stats{}, err
	}
	c.mu.Lock()
	snap, id := c.snap, c.groupID
	c.mu.Unlock()
	if _, err := allow(opStats, &snap); err != nil {
		return Stats{}, err
	}
	group, err := s.Cgroups.Open(snap.ControlGroup, id)
	if err != nil {
		return Stats{}, err
	}
	defer func() { _ = group.Close() }()
	return group.Stats()
}

// Console gives the last output of a console, by its alias; "" is the first. It outlives the run.
// ErrNoConsole.
func (s *Service) Console(_ context.Context, u domain.UUID, device string) ([]byte, error) {
	c, err := s.find(u)
	if err != nil {
		return nil, err
	}
	snap := c.snapshot()
	for n, alias := range snap.Consoles {
		if alias == device || (device == "" && n == 0) {
			return s.printed(u, n)
		}
	}
	return nil, fmt.Errorf("%w: '%s'", ErrNoConsole, device)
}

// printed reads what a console printed in this run, or else in the latest one before.
func (s *Service) printed(u domain.UUID, n int) ([]byte, error) {
	for _, dir := range []string{s.Runs.Dir(u), s.Runs.LastDir(u)} {
		output, err := s.Supervisors.Console(dir, n)
		if !errors.Is(err, fs.ErrNotExist) {
			return output, err
		}
	}
	return nil, nil
}

// unknown says that there is no container of a name, and why not, if its definition cannot be read.
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

// detached is the context of what no caller waits for: the end of a run, a stop that systemd orders,
// the clean-up after a failure.
func detached() context.Context {
	return context.Background() //nolint:forbidigo // the one place where the service acts by itself
}

// limited bounds an operation and names the bound when it strikes.
func limited(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("%w after %v", ErrTimeout, limit))
}

// timedOut replaces the bare context error by its cause.
func timedOut(ctx context.Context, err error) error {
	if err != nil && errors.Is(err, context.DeadlineExceeded) {
		if cause := context.Cause(ctx); cause != nil {
			return fmt.Errorf("%w: %w", cause, err)
		}
	}
	return err
}
