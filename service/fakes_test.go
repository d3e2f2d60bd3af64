package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/internal/idrange"
	"github.com/berthd/berth/internal/planner"
)

var errFault = errors.New("fault")

// world is everything outside the core, in memory. It records what exists, so that a test can say
// what must be left: nothing.
type world struct {
	mu          sync.Mutex
	fault       string            // the call that fails
	ids         []idrange.Span    // of the host
	failure     error             // what a new supervisor says of itself
	hooks       map[string]func() // what happens during a call
	definitions map[string]*domain.Def
	runs        map[domain.UUID]Run
	last        map[domain.UUID]Run
	exits       map[string]End    // by run directory
	units       map[string]uint32 // and the process that it was started with
	machines    map[string]uint32
	supervisors map[string]*supervisorFake // by run directory
	events      []string
	namespaces  []*os.File // that were opened
	nextPID     uint32
}

func newWorld() *world {
	return &world{
		definitions: map[string]*domain.Def{}, runs: map[domain.UUID]Run{}, last: map[domain.UUID]Run{},
		exits: map[string]End{}, units: map[string]uint32{}, machines: map[string]uint32{},
		supervisors: map[string]*supervisorFake{}, hooks: map[string]func(){}, nextPID: 100,
	}
}

// call fails a call if it is the faulty one.
func (w *world) call(name string) error {
	w.mu.Lock()
	hook, faulty := w.hooks[name], w.fault == name
	w.mu.Unlock()
	if hook != nil {
		hook()
	}
	if faulty {
		return errFault
	}
	return nil
}

func (w *world) onCall(name string, f func()) { w.hooks[name] = f }

func (w *world) left() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var l []string
	for u := range w.units {
		l = append(l, "unit "+u)
	}
	for m := range w.machines {
		l = append(l, "machine "+m)
	}
	for u := range w.runs {
		l = append(l, "run "+u.String())
	}
	for d, s := range w.supervisors {
		select {
		case <-s.done:
		default:
			l = append(l, "supervisor "+d)
		}
	}
	for _, f := range w.namespaces {
		if _, err := f.Stat(); err == nil {
			l = append(l, "open namespace")
		}
	}
	slices.Sort(l)
	return l
}

func (w *world) service(t *testing.T) *Service {
	t.Helper()
	n := byte(0)
	s, err := New(Deps{
		Definitions: definitionsFake{w}, Runs: runsFake{w}, Scopes: scopesFake{w}, Machines: machinesFake{w},
		Groups: groupsFake{w}, Supervisors: supervisorsFake{w}, Observer: w, HostIDs: hostIDsFake{w}, IDRange: idrange.Span{First: 10 << 16, Last: 14<<16 - 1},
		NewUUID: func() domain.UUID { n++; return domain.UUID{0: 0xaa, 15: n} },
		Now:     time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Host: planner.Host{ContainerEnv: "libvirt-lxc", Path: "/bin"}, StopTimeout: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Changed writes events down as "name kind/detail", and state changes as "name >state/reason".
func (w *world) Changed(before, after *Snapshot, e *events.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	snap := after
	if snap == nil {
		snap = before
	}
	if e != nil {
		w.events = append(w.events, fmt.Sprintf("%s %s/%s", snap.Name, e.Kind, e.Detail))
	}
	switch {
	case before == nil:
		w.events = append(w.events, snap.Name+" +")
	case after == nil:
		w.events = append(w.events, snap.Name+" -")
	case before.State != after.State:
		w.events = append(w.events, fmt.Sprintf("%s >%s/%s", snap.Name, after.State, after.Reason))
	}
}

func (w *world) takeEvents() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.events
	w.events = nil
	return e
}

type hostIDsFake struct{ *world }

func (w hostIDsFake) Taken() ([]idrange.Span, error) { return w.ids, w.call("hostids.Taken") }

type definitionsFake struct{ *world }

func (w definitionsFake) Save(d *domain.Def) error {
	if err := w.call("definitions.Save"); err != nil {
		return err
	}
	w.definitions[d.Name] = d
	return nil
}

func (w definitionsFake) Remove(name string) error {
	delete(w.definitions, name)
	return w.call("definitions.Remove")
}

func (w definitionsFake) Load() (l []*domain.Def, err error) {
	for _, d := range w.definitions {
		l = append(l, d)
	}
	return l, nil
}

type runsFake struct{ *world }

func (w runsFake) Dir(u domain.UUID) string     { return u.String() }
func (w runsFake) LastDir(u domain.UUID) string { return "last/" + u.String() }

func (w runsFake) Create(u domain.UUID) (string, error) {
	if err := w.call("runs.Create"); err != nil {
		return "", err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runs[u] = Run{UUID: u}
	return u.String(), nil
}

func (w runsFake) Save(r Run) error {
	if err := w.call("runs.Save " + string(r.State)); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runs[r.UUID] = r
	return nil
}

func (w runsFake) Archive(u domain.UUID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r, ok := w.runs[u]; ok {
		w.last[u] = r
	}
	delete(w.runs, u)
	return nil
}

func (w runsFake) Forget(u domain.UUID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.runs, u)
	delete(w.last, u)
	return nil
}

func (w runsFake) Load() (l []Run, err error) {
	for _, r := range w.runs {
		l = append(l, r)
	}
	return l, nil
}

func (w runsFake) Last(u domain.UUID) (Run, bool, error) { r, ok := w.last[u]; return r, ok, nil }

type scopesFake struct{ *world }

func (w scopesFake) Names(machine, _ string) (unit, slice string) {
	return machine + ".scope", "machine.slice"
}

func (w scopesFake) Start(_ context.Context, s Scope) error {
	if err := w.call("scopes.Start"); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.units[s.Name] != 0 {
		return syscall.EEXIST
	}
	w.units[s.Name] = s.PID
	return nil
}

func (w scopesFake) Stop(_ context.Context, unit string) error {
	w.mu.Lock()
	delete(w.units, unit)
	w.mu.Unlock()
	return w.call("scopes.Stop")
}

type machinesFake struct{ *world }

func (w machinesFake) Register(_ context.Context, m Machine) error {
	if err := w.call("machines.Register"); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.machines[m.Name] != 0 {
		return syscall.EEXIST
	}
	w.machines[m.Name] = m.Leader
	return nil
}

func (w machinesFake) Unregister(_ context.Context, name string) error {
	w.mu.Lock()
	delete(w.machines, name)
	w.mu.Unlock()
	return w.call("machines.Unregister")
}

type groupsFake struct{ *world }

func (w groupsFake) Of(pid uint32) (string, error) {
	w.mu.Lock()
	var unit string
	for u, first := range w.units {
		if first == pid {
			unit = u
		}
	}
	w.mu.Unlock()
	return fmt.Sprintf("/scope-%d/%s", pid, unit), w.call("groups.Of")
}

func (w groupsFake) Open(path string) (Group, error) {
	if err := w.call("groups.Open"); err != nil {
		return nil, err
	}
	var pid uint32
	_, _ = fmt.Sscanf(path, "/scope-%d", &pid)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.supervisors {
		if s.pid == pid {
			return &groupFake{w.world, s}, nil
		}
	}
	return nil, syscall.ENOENT
}

type groupFake struct {
	w *world
	s *supervisorFake
}

func (g *groupFake) File() *os.File { return nil }
func (g *groupFake) Freeze(context.Context) error {
	g.s.frozen.Store(true)
	return g.w.call("group.Freeze")
}

func (g *groupFake) Thaw() error { g.s.frozen.Store(false); return g.w.call("group.Thaw") }

func (g *groupFake) Frozen() (bool, error)            { return g.s.frozen.Load(), g.w.call("group.Frozen") }
func (g *groupFake) AwaitEmpty(context.Context) error { return nil }
func (g *groupFake) Close() error                     { return nil }

func (g *groupFake) Stats() (Stats, error) {
	n := uint64(7)
	return Stats{TasksCurrent: &n}, nil
}

func (g *groupFake) End(context.Context) error {
	g.s.finish(End{})
	return g.w.call("group.End")
}

func (g *groupFake) Kill() error {
	if g.s.deaf.Load() {
		return nil // its payload is dead, and it does not see that
	}
	g.s.finish(End{Known: true, Exit: Exit{Kind: ExitKilled, Code: int32(syscall.SIGKILL)}})
	return g.w.call("group.Kill")
}
