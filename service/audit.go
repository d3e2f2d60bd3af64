package service

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/internal/numberset"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/planner"
)

// auditLimit is how long a start waits for records that the host requires.
const auditLimit = 5 * time.Second

// trail is what a start leaves in the audit log.
type trail struct {
	about     Audited // the container, the reason and the caller
	given     Audited // what it gets
	resources Receipt // nil until that is recorded
	namespace uint64  // of init's pids
	begun     bool    // the start was recorded
}

// about returns an event of a container. The caller has the container locked.
func (c *container) about(e AuditEvent, name string, u domain.UUID) Audited {
	return Audited{Event: e, Name: name, UUID: u, Caller: c.caller}
}

// newTrail returns the trail of a start. e is the event of its success.
func newTrail(c *container, def *domain.Def, e *events.Event) *trail {
	about := c.about(AuditResources, def.Name, def.UUID)
	given := about
	given.Def = def
	about.Reason = auditBooted
	if e.Kind == events.Rebooted {
		about.Reason = auditReboot
	}
	return &trail{about: about, given: given}
}

// auditResources records what a start gives the container: its label, if it has one, and its resources. failed says
// that it shall have a label, and that there is none for it.
func (s *Service) auditResources(t *trail, l Label, failed bool) {
	if l.Process == "" && !failed {
		t.resources = s.Audit.Record(t.given)
		return
	}
	labelled := t.about
	labelled.Event, labelled.Reason, labelled.Label, labelled.Failed = AuditLabel, "", l, failed
	t.resources = s.Audit.Record(labelled, t.given)
}

// auditBegun records that init runs.
func (s *Service) auditBegun(about Audited, r *Run, namespace uint64) Receipt {
	about.Event, about.Supervisor = AuditStart, r.Supervisor
	init := about
	init.Event, init.Reason, init.Leader, init.PIDNamespace = AuditInit, "", r.Leader, namespace
	return s.Audit.Record(about, init)
}

// auditTakenOver records the start of a run whose daemon died before it could. The caller has the container locked.
func (s *Service) auditTakenOver(c *container, r *run, def *domain.Def, namespace uint64) {
	about := c.about(AuditStart, def.Name, def.UUID)
	about.Reason = auditBooted
	s.auditBegun(about, &r.Run, namespace)
	r.unrecorded = false
}

// auditFailedStart records a start that failed: as the end of the run, if init has run. The caller has the container
// locked.
func (s *Service) auditFailedStart(c *container) {
	if c.trail.resources == nil { // it failed before it had a label
		s.auditResources(c.trail, Label{}, false)
	}
	stuck, e := c.run != nil, c.trail.about
	e.Event, e.Failed = AuditStart, true
	switch {
	case c.trail.begun && stuck: // that has its record when its processes have ended
		return
	case c.trail.begun:
		e.Event, e.Failed, e.Reason = AuditStop, false, auditFailed
	case stuck:
		c.run.refused = true
	}
	s.Audit.Record(e)
}

// auditStop records the end of a run. One whose init never ran is a start that failed. ran says that init is known to
// have ended.
func (s *Service) auditStop(c *container, r *run, live *domain.Def, ran bool, o outcome) {
	e := c.about(AuditStop, live.Name, r.UUID)
	switch {
	case r.refused:
		return
	case r.unrecorded && ran:
		s.auditTakenOver(c, r, live, 0) // its pid may be another's by now
	case r.unrecorded:
		e.Event, e.Failed, e.Reason = AuditStart, true, auditBooted
		s.Audit.Record(e)
		return
	}
	switch {
	case o.reboot && o.restart:
		e.Reason = auditReboot
	case o.reason == ReasonDestroyed:
		e.Reason = auditDestroyed
	case o.reason == ReasonFailed, o.reason == ReasonOOM:
		e.Reason = auditFailed
	default:
		e.Reason = auditShutdown
	}
	s.Audit.Record(e)
}

// auditExec records a command that was executed, or was not. x is nil then.
func (s *Service) auditExec(ctx context.Context, c *container, sup Supervisor, command Command, x Execution, err error) {
	snap := c.snapshot()
	e := Audited{Event: AuditExec, Name: snap.Name, UUID: snap.UUID, Caller: CallerOf(ctx), Supervisor: sup.PID(), Failed: err != nil}
	if len(command.Argv) > 0 {
		e.Command = command.Argv[0]
	}
	if err == nil {
		e.PID = x.PID()
	}
	s.Audit.Record(e)
}

// auditPlug records a device that a running container has got or lost, or that has changed, or would have without err.
// The caller has the container locked.
func (s *Service) auditPlug(p *plugging, err error) {
	event, known := map[PlugOp]AuditEvent{PlugAttach: AuditAttach, PlugDetach: AuditDetach, PlugUpdate: AuditUpdate}[p.op]
	if !known || p.c.run == nil {
		return
	}
	snap := p.c.snapshot()
	e := p.c.about(event, snap.Name, snap.UUID)
	e.Failed, e.Def = err != nil, &domain.Def{}
	e.Def.Add(p.device)
	s.Audit.Record(e)
}

// auditLimits records limits of a running container that have changed, or would have without err. after is nil if none
// should. The caller has the container locked.
func (s *Service) auditLimits(c *container, before, after *domain.Def, err error) {
	if after == nil {
		return
	}
	var list []Audited
	e := c.about(AuditMemory, after.Name, after.UUID)
	e.Failed, e.Group = err != nil, c.run.Group
	if e.OldMemory, e.NewMemory = planner.MemoryLimit(before.Memory), planner.MemoryLimit(after.Memory); e.OldMemory != e.NewMemory {
		list = append(list, e)
	}
	e.Event, e.OldMemory, e.NewMemory = AuditLimit, 0, 0
	was, is := limitTexts(before), limitTexts(after)
	for i := range was {
		if was[i].value != is[i].value {
			e.Limit, e.Before, e.After = was[i].name, was[i].value, is[i].value
			list = append(list, e)
		}
	}
	if len(list) > 0 {
		s.Audit.Record(list...)
	}
}

// limitText is one limit as a text.
type limitText struct{ name, value string }

// limitTexts returns the limits of a definition besides that of its memory, always the same ones, by systemd's names.
func limitTexts(d *domain.Def) []limitText {
	_, l := limitsOf(d)
	p := planner.Scope(d)
	number := func(n uint64) string {
		if n == plan.Infinity {
			return "infinity"
		}
		return strconv.FormatUint(n, 10)
	}
	set := func(n numberset.Set) string {
		if n == "" {
			return "all"
		}
		return string(n)
	}
	return []limitText{
		{"MemoryHigh", number(l.MemoryHigh)},
		{"MemorySwapMax", number(l.MemorySwapMax)},
		{"MemoryLow", number(l.MemoryLow)},
		{"MemoryMin", number(l.MemoryMin)},
		{"CPUWeight", number(l.CPUWeight)},
		{"CPUQuotaPerSecUSec", number(l.CPUQuotaPerSec)},
		{"CPUQuotaPeriodUSec", number(l.CPUQuotaPeriod)},
		{"TasksMax", number(l.TasksMax)},
		{"AllowedCPUs", set(l.AllowedCPUs)},
		{"AllowedMemoryNodes", set(l.AllowedMemoryNodes)},
		{"IOWeight", number(l.IOWeight)},
		{"IODeviceWeight", deviceTexts(p.IODeviceWeight)},
		{"IOReadBandwidthMax", deviceTexts(p.IOReadBPS)},
		{"IOWriteBandwidthMax", deviceTexts(p.IOWriteBPS)},
		{"IOReadIOPSMax", deviceTexts(p.IOReadIOPS)},
		{"IOWriteIOPSMax", deviceTexts(p.IOWriteIOPS)},
	}
}

// deviceTexts returns limits of block devices as one text, such as "/dev/vda:500".
func deviceTexts(list []plan.DeviceFigure) string {
	texts := make([]string, 0, len(list))
	for _, f := range list {
		texts = append(texts, fmt.Sprintf("%s:%d", f.Path, f.Figure))
	}
	slices.Sort(texts)
	return strings.Join(texts, ",")
}

// AuditState says whether the host's audit log gets records.
func (s *Service) AuditState() AuditState { return s.Audit.State() }
