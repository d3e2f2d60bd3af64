package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/internal/idrange"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/planner"
	"github.com/berthd/berth/internal/shift"
)

var errFault = errors.New("fault")

// world is everything outside the core, in memory. It records what exists, so that a test can say
// what must be left: nothing.
type world struct {
	arrived     <-chan struct{} // of Arrival
	mu          sync.Mutex
	fault       string            // the call that fails
	ids         []idrange.Span    // of the host
	failure     error             // what a new supervisor says of itself
	hooks       map[string]func() // what happens during a call
	definitions map[string]*domain.Def
	bad         []Unreadable
	runs        map[domain.UUID]SavedRun
	last        map[domain.UUID]Run
	autostarts  autostartsFake
	once        autostartsFake    // those that start with the next boot
	exits       map[string]End    // by run directory
	units       map[string]uint32 // and the process that each was started with
	machines    map[string]machineFake
	links       map[string]string // of the host, by name, with their aliases
	ports       portsFake
	hostNetwork bool                       // containers have the host's network
	supervisors map[string]*supervisorFake // by run directory
	events      []string
	commands    []string                  // what ProcessChanged was told
	limits      []string                  // what SetResources was told of memory, in MiB
	scopes      map[string]plan.Resources // as systemd has them
	tuned       bool                      // they were changed
	namespaces  []*os.File                // that were opened
	audit       []string                  // what Record was told
	allowed     []string                  // devices of the last scope
	nodes       []string                  // of the last plan
	oom         oomFake
	policy      policyFake
	treesWorld
	nextPID uint32
	daemons map[*Service]*daemon
}

// daemon is one life of the service in a world.
type daemon struct {
	*world
	dead    atomic.Bool
	used    map[string]bool // labels
	watches watchesFake
}

func newWorld() *world {
	return &world{
		definitions: map[string]*domain.Def{}, runs: map[domain.UUID]SavedRun{}, last: map[domain.UUID]Run{},
		exits: map[string]End{}, units: map[string]uint32{}, machines: map[string]machineFake{}, links: map[string]string{}, ports: portsFake{open: map[string][]Forward{}}, treesWorld: treesWorld{trees: map[domain.UUID][]Tree{}, parts: map[string]string{}, verdicts: map[string]shift.Verdict{}},
		scopes: map[string]plan.Resources{}, supervisors: map[string]*supervisorFake{}, hooks: map[string]func(){}, nextPID: 100, daemons: map[*Service]*daemon{},
	}
}

// call fails a call if it is the faulty one. A daemon that was killed calls nothing: the goroutine ends.
func (d *daemon) call(name string) error {
	if d.dead.Load() {
		runtime.Goexit()
	}
	return d.world.call(name)
}

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

// kill ends a daemon, as SIGKILL does. Supervisors whose init was not executed end by themselves then, unless they
// hang, and systemd and machined see that.
func (w *world) kill(s *Service) {
	d := w.daemons[s]
	d.dead.Store(true)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, sup := range w.supervisors {
		if sup.d == d && !sup.running && !sup.hanging.Load() {
			sup.finish(End{})
			w.collect(sup)
		}
	}
}

// collect is what systemd and machined do when the processes of a container have ended by themselves. The
// caller holds mu.
func (w *world) collect(sup *supervisorFake) {
	for unit, first := range w.units {
		if first == sup.pid {
			delete(w.units, unit)
		}
	}
	for name, m := range w.machines {
		if m.leader == sup.Leader() {
			delete(w.machines, name)
		}
	}
}

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
	for name := range w.links {
		l = append(l, "link "+name)
	}
	for _, trees := range w.trees {
		for _, t := range trees {
			l = append(l, "tree "+t.Path)
		}
	}
	for u, list := range w.ports.open {
		for _, p := range list {
			l = append(l, fmt.Sprintf("port %d of %s", p.Host, u))
		}
	}
	for _, d := range w.daemons {
		if !d.dead.Load() && (d.watches.held > 0 || d.watches.removed != nil || d.watches.leased != nil) && len(w.ports.open) == 0 {
			l = append(l, "reserved ports or watches")
		}
	}
	for u := range w.runs {
		l = append(l, "run "+u.String())
	}
	for d, s := range w.supervisors {
		if !s.over() {
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
	d := &daemon{world: w, used: map[string]bool{}}
	s, err := New(Deps{
		Definitions: definitionsFake{d}, Runs: runsFake{d}, Scopes: scopesFake{d}, Machines: machinesFake{d},
		Cgroups: cgroupsFake{d}, Supervisors: supervisorsFake{d}, Observer: d, HostIDs: hostIDsFake{d}, Node: nodeFake{}, Resources: resourcesFake{d}, Audit: auditFake{d}, HostDevices: hostDevicesFake{d}, Disks: disksFake{d}, Links: linksFake{d}, Bridges: bridgesFake{}, Labels: labelsFake{d}, Forwards: forwardsFake{d}, Trees: treesFake{d}, IDRange: idrange.Span{First: 10 << 16, Last: 14<<16 - 1},
		NewUUID: func() domain.UUID { n++; return domain.UUID{0: 0xaa, 15: n} },
		Now:     time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Host: planner.Host{ContainerEnv: "libvirt-lxc", Path: "/bin"}, StopTimeout: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.daemons[s] = d
	return s
}

// Changed writes events down as "name kind/detail", and state changes as "name >state/reason".
func (d *daemon) Changed(before, after *Snapshot, e *events.Event) {
	_ = d.call("observer.Changed")
	d.mu.Lock()
	defer d.mu.Unlock()
	snap := after
	if snap == nil {
		snap = before
	}
	if e != nil {
		d.events = append(d.events, fmt.Sprintf("%s %s/%s%s", snap.Name, e.Kind, e.Detail, oomText(e.OOM)))
	}
	switch {
	case before == nil:
		d.events = append(d.events, snap.Name+" +")
	case after == nil:
		d.events = append(d.events, snap.Name+" -")
	case before.State != after.State:
		d.events = append(d.events, fmt.Sprintf("%s >%s/%s", snap.Name, after.State, after.Reason))
	}
}

func (w *world) takeEvents() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.events
	w.events = nil
	return e
}

type hostIDsFake struct{ *daemon }

func (d hostIDsFake) Taken() ([]idrange.Span, error) { return d.ids, d.call("hostids.Taken") }

func (d hostIDsFake) Begins(uint32) (bool, error) { return true, nil }

func (d hostIDsFake) Mapped(uint32) (domain.IDMap, error) { return domain.IDMap{}, fs.ErrNotExist }

type machineFake struct {
	uuid   domain.UUID
	leader uint32
	unit   string
	links  []int32
}

type machinesFake struct{ *daemon }

func (d machinesFake) Register(_ context.Context, m Machine) error {
	if err := d.call("machines.Register"); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, taken := d.machines[m.Name]; taken {
		return syscall.EEXIST
	}
	d.machines[m.Name] = machineFake{uuid: m.UUID, leader: m.Leader, unit: d.unitOf(m.Leader - 1), links: m.Links}
	return nil
}

func (d machinesFake) Owns(_ context.Context, name string, u domain.UUID) (bool, error) {
	err := d.call("machines.Owns")
	d.mu.Lock()
	defer d.mu.Unlock()
	m, found := d.machines[name]
	return found && m.uuid == u, err
}

func (d machinesFake) Unregister(_ context.Context, name string) error {
	err := d.call("machines.Unregister")
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.machines, name)
	return err
}

func (d machinesFake) Find(_ context.Context, u domain.UUID) (Registered, bool, error) {
	err := d.call("machines.Find")
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, m := range d.machines {
		if m.uuid == u {
			return Registered{Name: name, Unit: m.unit, Leader: m.leader}, err == nil, err
		}
	}
	return Registered{}, false, err
}

func (d machinesFake) Others(context.Context) ([]OtherMachine, error) {
	err := d.call("machines.Others")
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.others, err
}

// unitOf is the unit of a supervisor; the caller holds mu.
func (w *world) unitOf(pid uint32) string {
	for unit, first := range w.units {
		if first == pid {
			return unit
		}
	}
	return ""
}
