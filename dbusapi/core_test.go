package dbusapi

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/service"
)

// The containers of the tests.
var (
	uuidA = domain.UUID{0xa, 1}
	uuidB = domain.UUID{0xb, 2}
	uuidC = domain.UUID{0xc, 3}
)

// fakeCore is a service in memory. hook, when set, runs first in every operation: it may block,
// panic, or make the operation fail.
type fakeCore struct {
	signals *Signals
	queues  service.Queues
	active  atomic.Int32

	mu    sync.Mutex
	hook  func(ctx context.Context, op string, u domain.UUID) error
	snaps map[domain.UUID]service.Snapshot
	seq   uint64

	text      string   // at the end of each XML
	passed    []string // with the last start: name and kind
	processes map[service.ProcessKey]*fakeProcess
	signalled []syscall.Signal // to init
}

func (f *fakeCore) Active() int { return int(f.active.Load()) }

func (f *fakeCore) SecurityModel() string          { return "selinux" }
func (f *fakeCore) SecurityEnforcing() bool        { return true }
func (f *fakeCore) AuditState() service.AuditState { return service.AuditRequired }

func (f *fakeCore) Subject(u domain.UUID) service.Subject {
	snap, err := f.ByUUID(u)
	if err != nil {
		return service.Subject{UUID: u}
	}
	return snap.Subject()
}

func (f *fakeCore) Ticket(u domain.UUID) *service.Ticket { return f.queues.Take(u) }

func newFakeCore(signals *Signals) *fakeCore {
	f := &fakeCore{signals: signals, snaps: map[domain.UUID]service.Snapshot{
		uuidA: {UUID: uuidA, Name: "a", State: service.StateShutoff, Persistent: true, VCPUs: 1, Consoles: []string{"console0"}},
		uuidB: {
			UUID: uuidB, Name: "b", State: service.StateRunning, Reason: service.ReasonBooted, ID: 41, Leader: 42,
			LastExit: service.Exit{Kind: "killed", Code: 9}, Started: time.UnixMicro(1_000_001),
		},
	}}
	f.count()
	return f
}

func (f *fakeCore) run(ctx context.Context, op string, u domain.UUID) error {
	f.mu.Lock()
	hook := f.hook
	f.mu.Unlock()
	if hook == nil {
		return nil
	}
	return hook(ctx, op, u)
}

func (f *fakeCore) set(hook func(ctx context.Context, op string, u domain.UUID) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = hook
}

// change stores what edit makes of a container and tells the observer, as the service does.
func (f *fakeCore) change(ctx context.Context, op string, u domain.UUID, kind events.Kind, detail events.Detail,
	edit func(*service.Snapshot) *service.Snapshot,
) error {
	if err := f.run(ctx, op, u); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var before, given *service.Snapshot
	if snap, ok := f.snaps[u]; ok {
		copied := snap
		before, given = &snap, &copied
	}
	after := edit(given)
	if after == nil {
		delete(f.snaps, u)
	} else {
		f.snaps[u] = *after
	}
	f.seq++
	f.count()
	f.signals.Changed(before, after, &events.Event{Kind: kind, Detail: detail, Seq: f.seq})
	return nil
}

// count counts the containers that are on; the caller holds mu.
func (f *fakeCore) count() {
	n := int32(0)
	for _, snap := range f.snaps {
		if snap.State.Active() {
			n++
		}
	}
	f.active.Store(n)
}

func (f *fakeCore) Define(ctx context.Context, xml []byte) (service.Snapshot, error) {
	err := f.change(ctx, "define", uuidC, events.Defined, events.Added, func(*service.Snapshot) *service.Snapshot {
		return &service.Snapshot{UUID: uuidC, Name: string(xml), State: service.StateShutoff, Persistent: true}
	})
	if err != nil {
		return service.Snapshot{}, err
	}
	return f.ByUUID(uuidC)
}

func (f *fakeCore) CreateWith(ctx context.Context, xml []byte, o service.StartOptions) (service.Snapshot, error) {
	if err := f.pass(o.Passed); err != nil {
		return service.Snapshot{}, err
	}
	err := f.change(ctx, "create", uuidC, events.Started, events.Booted, func(*service.Snapshot) *service.Snapshot {
		return &service.Snapshot{UUID: uuidC, Name: string(xml), State: service.StateRunning, ID: 51, Leader: 52, Owner: o.Owner}
	})
	if err != nil {
		return service.Snapshot{}, err
	}
	return f.ByUUID(uuidC)
}

func (f *fakeCore) state(ctx context.Context, op string, u domain.UUID, kind events.Kind, detail events.Detail,
	state service.State, leader uint32,
) error {
	return f.change(ctx, op, u, kind, detail, func(s *service.Snapshot) *service.Snapshot {
		s.State, s.Leader = state, leader
		return s
	})
}

func (f *fakeCore) wasPassed() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.passed
}

// neverReady is the name of a container whose init says nothing.
const neverReady = "never ready"

func (f *fakeCore) WaitReady(ctx context.Context, u domain.UUID) error {
	snap, err := f.ByUUID(u)
	switch {
	case err != nil:
		return err
	case snap.State == service.StateShutoff:
		return &service.StateError{Kind: service.NotRunning, Op: "wait", Name: snap.Name, State: snap.State}
	case snap.Name != neverReady:
		return nil
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

// pass remembers the names and kinds of what a start passes to init.
func (f *fakeCore) pass(list []service.Passed) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.passed = nil
	for _, p := range list {
		info, err := p.File.Stat()
		if err != nil {
			return err
		}
		f.passed = append(f.passed, p.Name+" "+info.Mode().Type().String())
	}
	return nil
}

func (f *fakeCore) StartWith(ctx context.Context, u domain.UUID, o service.StartOptions) error {
	if err := f.pass(o.Passed); err != nil {
		return err
	}
	if o.Adopt {
		return f.change(ctx, "adopt "+o.Unit, u, "", "", func(s *service.Snapshot) *service.Snapshot { return s })
	}
	return f.change(ctx, "start", u, events.Started, events.Booted, func(s *service.Snapshot) *service.Snapshot {
		s.State, s.Leader, s.Owner = service.StateRunning, 62, o.Owner
		return s
	})
}

func (f *fakeCore) DestroyOwned(ctx context.Context, u domain.UUID, owner string) error {
	if snap, err := f.ByUUID(u); err != nil || owner == "" || snap.Owner != owner {
		return err
	}
	return f.Destroy(ctx, u)
}

func (f *fakeCore) Destroy(ctx context.Context, u domain.UUID) error {
	return f.state(ctx, "destroy", u, events.Stopped, events.Destroyed, service.StateShutoff, 0)
}

func (f *fakeCore) Redefine(ctx context.Context, u domain.UUID, previous string, xml []byte) error {
	return f.change(ctx, "redefine "+previous, u, events.Defined, events.Updated, func(s *service.Snapshot) *service.Snapshot {
		s.Title = string(xml)
		return s
	})
}

func (f *fakeCore) SetAutostart(ctx context.Context, u domain.UUID, on bool) error {
	return f.change(ctx, "autostart", u, "", "", func(s *service.Snapshot) *service.Snapshot {
		s.Autostart = on
		return s
	})
}

func (f *fakeCore) Rename(ctx context.Context, u domain.UUID, name string) error {
	return f.change(ctx, "rename", u, events.Defined, events.Renamed, func(s *service.Snapshot) *service.Snapshot {
		s.Name = name
		return s
	})
}

func (f *fakeCore) Limits(u domain.UUID, o service.TuneOptions) (uint64, service.Limits, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, known := f.snaps[u]
	if !known {
		return 0, s.Limits, service.ErrNoContainer
	}
	if o.Config {
		s.Limits.CPUWeight = 1000
	}
	s.Limits.IOReadBPS = []domain.DeviceNumber{{Path: "/dev/a", Number: 7}}
	return s.MemoryMax, s.Limits, nil
}

func (f *fakeCore) AttachDevice(ctx context.Context, u domain.UUID, xml []byte, o service.TuneOptions) error {
	if err := f.run(ctx, fmt.Sprintf("AttachDevice %s %v", xml, o), u); err != nil {
		return err
	}
	f.signals.DeviceChanged(u, "disk0", true)
	return nil
}

func (f *fakeCore) DetachDevice(ctx context.Context, u domain.UUID, xml []byte, o service.TuneOptions) error {
	if err := f.run(ctx, fmt.Sprintf("DetachDevice %s %v", xml, o), u); err != nil {
		return err
	}
	f.signals.DeviceChanged(u, "disk0", false)
	return nil
}

func (f *fakeCore) DetachDeviceAlias(ctx context.Context, u domain.UUID, alias string, o service.TuneOptions) error {
	return f.run(ctx, fmt.Sprintf("DetachDeviceAlias %s %v", alias, o), u)
}

func (f *fakeCore) ListDevices(_ domain.UUID, o service.TuneOptions) ([]service.DeviceInfo, error) {
	return []service.DeviceInfo{{Kind: "disk", Type: "file", Source: "/a.img", Target: "vda", ReadOnly: o.Config}}, nil
}

func (f *fakeCore) UpdateDevice(ctx context.Context, u domain.UUID, xml []byte, o service.TuneOptions) error {
	return f.run(ctx, fmt.Sprintf("UpdateDevice %s %v", xml, o), u)
}

func (f *fakeCore) SetResources(ctx context.Context, u domain.UUID, list []domain.Setting, o service.TuneOptions) error {
	return f.change(ctx, fmt.Sprintf("set %v %+v", list, o), u, events.Defined, events.Updated, func(s *service.Snapshot) *service.Snapshot {
		s.Limits.CPUWeight++
		return s
	})
}

func (f *fakeCore) Shutdown(ctx context.Context, u domain.UUID, m service.Modes) error {
	return f.state(ctx, fmt.Sprintf("shutdown %+v", m), u, events.Stopped, events.Shutdown, service.StateShutoff, 0)
}

func (f *fakeCore) Reboot(ctx context.Context, u domain.UUID, m service.Modes) error {
	return f.state(ctx, fmt.Sprintf("reboot %+v", m), u, events.Rebooted, events.Requested, service.StateRunning, 72)
}

func (f *fakeCore) Reset(ctx context.Context, u domain.UUID) error {
	return f.state(ctx, "reset", u, events.Rebooted, events.Requested, service.StateRunning, 73)
}

func (f *fakeCore) AbortJob(ctx context.Context, u domain.UUID) error {
	return f.run(ctx, "abort the job", u)
}

func (f *fakeCore) AwaitEnd(ctx context.Context, u domain.UUID, id uint32) (service.Snapshot, error) {
	if id == 0 { // a run that does not end
		<-ctx.Done()
		return service.Snapshot{}, context.Cause(ctx)
	}
	return f.ByUUID(u)
}

func (f *fakeCore) Suspend(ctx context.Context, u domain.UUID) error {
	return f.state(ctx, "suspend", u, events.Suspended, events.Paused, service.StatePaused, 62)
}

func (f *fakeCore) Resume(ctx context.Context, u domain.UUID) error {
	return f.state(ctx, "resume", u, events.Resumed, events.Unpaused, service.StateRunning, 62)
}

func (f *fakeCore) Undefine(ctx context.Context, u domain.UUID) error {
	return f.change(ctx, "undefine", u, events.Undefined, events.Removed,
		func(*service.Snapshot) *service.Snapshot { return nil })
}

func (f *fakeCore) Console(ctx context.Context, u domain.UUID, device string) ([]byte, error) {
	if err := f.run(ctx, "console", u); err != nil {
		return nil, err
	}
	if device == "empty" {
		return nil, nil
	}
	return []byte("output of " + device), nil
}

// OpenConsole gives one end of a pipe, which has the options.
func (f *fakeCore) OpenConsole(ctx context.Context, u domain.UUID, device string, o service.ConsoleOptions) (*os.File, error) {
	if err := f.run(ctx, "open console", u); err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(w, "%s %+v", device, o)
	return r, w.Close()
}

func (f *fakeCore) ResizeConsole(ctx context.Context, u domain.UUID, device string, w service.Window) error {
	return f.run(ctx, fmt.Sprintf("resize %s %+v", device, w), u)
}

func (f *fakeCore) List() []service.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.SortedFunc(maps.Values(f.snaps), func(a, b service.Snapshot) int { return cmp.Compare(a.Name, b.Name) })
}

func (f *fakeCore) find(match func(service.Snapshot) bool) (service.Snapshot, error) {
	for _, snap := range f.List() {
		if match(snap) {
			return snap, nil
		}
	}
	return service.Snapshot{}, service.ErrNoContainer
}

func (f *fakeCore) ByName(name string) (service.Snapshot, error) {
	return f.find(func(s service.Snapshot) bool { return s.Name == name })
}

func (f *fakeCore) ByUUID(u domain.UUID) (service.Snapshot, error) {
	return f.find(func(s service.Snapshot) bool { return s.UUID == u })
}

func (f *fakeCore) ByID(id uint32) (service.Snapshot, error) {
	return f.find(func(s service.Snapshot) bool { return s.ID == id && id != 0 })
}

func (f *fakeCore) ByLeader(pid uint32) (service.Snapshot, error) {
	return f.find(func(s service.Snapshot) bool { return s.Leader == pid && pid != 0 })
}

func (f *fakeCore) XML(u domain.UUID, inactive bool) (string, error) {
	if err := f.run(context.Background(), "xml", u); err != nil {
		return "", err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Repeat("<inactive/>", map[bool]int{true: 1}[inactive]) + "<domain/>" + f.text, nil
}

func (f *fakeCore) Plan(ctx context.Context, u domain.UUID, inactive bool) (string, error) {
	return fmt.Sprintf(`{"inactive": %v}`, inactive), f.run(ctx, "plan", u)
}
