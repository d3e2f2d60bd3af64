package service

import (
	"context"
	"errors"
	"reflect"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/numberset"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/planner"
)

// mostTasks is as good as no limit: a kernel cannot have more processes and threads.
const mostTasks = 4 << 20

// LimitsChanged says that somebody, maybe this service, has changed limits of a unit. What differs from the live
// definition of its container becomes a part of that. LimitsChanged never blocks.
func (s *Service) LimitsChanged(unit string) {
	c := s.ofUnit(unit)
	if c == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, busy := s.changing[unit]; busy {
		s.changing[unit] = true
		return
	}
	s.changing[unit] = false
	s.work.Go(func() {
		for again := true; again; again = s.changedAgain(unit) {
			_ = c.lock(detached())
			s.agree(c, unit)
			c.unlock()
		}
	})
}

// changedAgain reports whether the limits of a unit have changed since the last call. If not, nobody looks at them any
// more.
func (s *Service) changedAgain(unit string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changing[unit] {
		s.changing[unit] = false
		return true
	}
	delete(s.changing, unit)
	return false
}

func (s *Service) ofUnit(unit string) *container {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, c := range s.byUUID {
		if c.snapshot().Unit == unit {
			return c
		}
	}
	return nil
}

// agree makes the live definition and the note of a running container agree with its unit: the unit is what is in
// force. The caller has the container locked. The properties have the limits of the unit. A limit that a definition
// cannot have is left out there, and logged.
func (s *Service) agree(c *container, unit string) {
	if c.run == nil || c.run.Unit != unit || c.live == nil {
		return
	}
	ctx, cancel := limited(detached(), supervisorLimit)
	defer cancel()
	err := s.adoptLimits(ctx, c)
	if err != nil {
		s.Log.Warn("limits of the unit are not in the definition", c.who(), "err", err)
	}
}

func (s *Service) adoptLimits(ctx context.Context, c *container) error {
	got, err := s.Scopes.Limits(ctx, c.run.Unit)
	if err != nil {
		return timedOut(ctx, err)
	}
	planned := planner.Scope(c.live)
	def, left := s.withLimits(c.live, outside(&planned.Resources, &got))
	text, err := def.Format(domain.FormatOptions{Run: true})
	if err != nil {
		return errors.Join(left, err)
	}
	before, err := c.live.Format(domain.FormatOptions{Run: true})
	if err != nil {
		return errors.Join(left, err)
	}
	snap := c.snapshot()
	memoryMax, limits := limitsOfScope(def, got)
	if before == text && memoryMax == snap.MemoryMax && reflect.DeepEqual(limits, snap.Limits) {
		return left
	}
	if before != text {
		c.run.XML = text
		left = errors.Join(left, s.Runs.Save(c.run.Run))
	}
	c.mu.Lock()
	c.live = def
	stored := c.stored
	c.mu.Unlock()
	s.change(c, nil, func(snap *Snapshot) {
		snap.MemoryMax, snap.Limits = memoryMax, limits
		snap.Updated = stored != nil && !sameDef(stored, def)
	})
	return left
}

// withLimits returns a definition with the limits that it can have, and an error of the others: another start, such as
// a reboot, must not fail for what the rules forbid or the host lacks.
func (s *Service) withLimits(d *domain.Def, list []domain.Setting) (*domain.Def, error) {
	tuned := func(d *domain.Def, list []domain.Setting) (*domain.Def, error) {
		def, err := d.Tuned(list, true)
		if err == nil {
			err = s.Resources.Check(def)
		}
		return def, err
	}
	if len(list) == 0 {
		return d, nil
	}
	if all, err := tuned(d, list); err == nil {
		return all, nil
	}
	var left error
	for _, one := range list {
		def, err := tuned(d, []domain.Setting{one})
		if err != nil {
			left = errors.Join(left, err)
			continue
		}
		d = def
	}
	return d, left
}

// outside returns the settings that make what was planned of what a unit has.
func outside(planned, got *plan.Resources) []domain.Setting {
	var list []domain.Setting
	for _, one := range []struct {
		property     string
		planned, got *uint64
		otherwise    uint64 // of a unit for which nothing is planned
	}{
		{"MemoryMax", planned.MemoryMax, got.MemoryMax, plan.Infinity},
		{"MemoryHigh", planned.MemoryHigh, got.MemoryHigh, plan.Infinity},
		{"MemorySwapMax", planned.MemorySwapMax, got.MemorySwapMax, plan.Infinity},
		{"MemoryLow", planned.MemoryLow, got.MemoryLow, 0},
		{"MemoryMin", planned.MemoryMin, got.MemoryMin, 0},
		{"CPUWeight", planned.CPUWeight, got.CPUWeight, plan.Infinity},
		{"CPUQuotaPeriodUSec", planned.CPUQuotaPeriod, got.CPUQuotaPeriod, plan.Infinity},
		{"CPUQuotaPerSecUSec", planned.CPUQuotaPerSec, got.CPUQuotaPerSec, plan.Infinity},
		{"TasksMax", planned.TasksMax, got.TasksMax, defaultTasks},
		{"IOWeight", planned.IOWeight, got.IOWeight, plan.Infinity},
	} {
		n := one.otherwise
		if one.planned != nil {
			n = *one.planned
		}
		if one.got == nil || *one.got == n {
			continue
		}
		n = *one.got
		if one.property == "TasksMax" {
			n = min(n, mostTasks)
		}
		list = append(list, domain.Setting{Property: one.property, Number: n})
	}
	for _, one := range []struct {
		property     string
		planned, got []int
	}{{"AllowedCPUs", planned.AllowedCPUs, got.AllowedCPUs}, {"AllowedMemoryNodes", planned.AllowedNodes, got.AllowedNodes}} {
		if before, set := numberset.Of(one.planned), numberset.Of(one.got); before != set {
			list = append(list, domain.Setting{Property: one.property, Set: set})
		}
	}
	return append(list, outsideDevices(planned, got)...)
}

func outsideDevices(planned, got *plan.Resources) []domain.Setting {
	var list []domain.Setting
	for _, one := range []struct {
		property     string
		planned, got []plan.DeviceFigure
	}{
		{"IODeviceWeight", planned.IODeviceWeight, got.IODeviceWeight},
		{"IOReadBandwidthMax", planned.IOReadBPS, got.IOReadBPS},
		{"IOWriteBandwidthMax", planned.IOWriteBPS, got.IOWriteBPS},
		{"IOReadIOPSMax", planned.IOReadIOPS, got.IOReadIOPS},
		{"IOWriteIOPSMax", planned.IOWriteIOPS, got.IOWriteIOPS},
		{"IODeviceLatencyTargetUSec", planned.IOLatency, got.IOLatency},
	} {
		before := map[string]uint64{}
		for _, f := range one.planned {
			before[f.Path] = f.Figure
		}
		var numbers []domain.DeviceNumber
		for _, f := range one.got {
			if before[f.Path] != f.Figure {
				numbers = append(numbers, domain.DeviceNumber{Path: f.Path, Number: f.Figure})
			}
			delete(before, f.Path)
		}
		for path := range before {
			numbers = append(numbers, domain.DeviceNumber{Path: path})
		}
		if len(numbers) > 0 {
			list = append(list, domain.Setting{Property: one.property, Devices: numbers})
		}
	}
	return list
}
