package remote

import (
	"context"
	"errors"

	"github.com/berthd/berth/internal/figures"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/service"
)

func stateProcedures() []*procedure {
	return []*procedure{
		look(212, "virDomainGetState", withoutFlags(putState)),
		atOnce(measure(16, "virDomainGetInfo", getInfo)),
		look(150, "virDomainIsActive", onSnapshot(func(c *call, s *service.Snapshot) { c.out.Bool(active(s)) })),
		look(151, "virDomainIsPersistent", onSnapshot(func(c *call, s *service.Snapshot) { c.out.Bool(s.Persistent) })),
		look(202, "virDomainIsUpdated", onSnapshot(func(c *call, s *service.Snapshot) { c.out.Bool(s.Updated) })),
		look(19, "virDomainGetOSType", onSnapshot(func(c *call, _ *service.Snapshot) { c.out.Text("exe") })),
		look(17, "virDomainGetMaxMemory", onSnapshot(func(c *call, s *service.Snapshot) { c.out.U64(maximum(s)) })),
		look(15, "virDomainGetAutostart", onSnapshot(func(c *call, s *service.Snapshot) { c.out.Bool(s.Autostart) })),
		look(449, "virDomainGetAutostartOnce", onSnapshot(func(c *call, s *service.Snapshot) { c.out.Bool(s.OnceAtBoot) })),
		look(183, "virDomainHasManagedSaveImage", withoutFlags(func(c *call, _ *service.Snapshot) { c.out.I32(0) })),
		look(426, "virDomainGetMessages", withoutFlags(func(c *call, _ *service.Snapshot) { c.out.U32(0) })),
		look(121, "virDomainGetSecurityLabel", securityLabel),
		look(278, "virDomainGetSecurityLabelList", securityLabels),
		look(229, "virDomainGetControlInfo", controlInfo),
	}
}

// snapshot returns the container that the call is about.
func (c *call) snapshot() (service.Snapshot, error) {
	snap, err := c.core().ByUUID(c.uuid)
	if errors.Is(err, service.ErrNoContainer) {
		err = c.missing()
	}
	return snap, err
}

// missing is the error of a container that is not there any more, in libvirt's words.
func (c *call) missing() error {
	return wrong(codeNoDomain, domainLXC, "no domain with matching uuid '%s' (%.256s)", c.uuid, c.given.Name)
}

// onSnapshot answers from the state of the container.
func onSnapshot(tell func(*call, *service.Snapshot)) handler {
	return func(_ context.Context, c *call) error {
		snap, err := c.snapshot()
		if err != nil {
			return err
		}
		tell(c, &snap)
		return nil
	}
}

// withoutFlags is onSnapshot for a procedure that has flags, of which none is known.
func withoutFlags(tell func(*call, *service.Snapshot)) handler {
	answer := onSnapshot(tell)
	return func(ctx context.Context, c *call) error {
		if err := c.noFlags(); err != nil {
			return err
		}
		return answer(ctx, c)
	}
}

// libvirt's numbers of states.
const (
	stateRunning  = 1
	statePaused   = 3
	stateShutdown = 4
	stateShutoff  = 5
)

// stateOf returns libvirt's numbers of a container's state and its reason.
func stateOf(snap *service.Snapshot) (state, reason int32) {
	switch snap.State {
	case service.StateRunning:
		switch snap.Reason { //nolint:exhaustive // the others are of other states
		case service.ReasonBooted:
			reason = 1
		case service.ReasonUnpaused:
			reason = 5
		}
		return stateRunning, reason
	case service.StatePaused:
		return statePaused, 1 // by a user
	case service.StateStopping:
		return stateShutdown, 1
	case service.StateShutoff, service.StateStarting:
	}
	switch snap.Reason {
	case service.ReasonShutdown:
		reason = 1
	case service.ReasonDestroyed:
		reason = 2
	case service.ReasonOOM:
		reason = 3
	case service.ReasonFailed:
		reason = 6
	case service.ReasonUnknown, service.ReasonBooted, service.ReasonUnpaused, service.ReasonUser:
	}
	return stateShutoff, reason
}

func putState(c *call, s *service.Snapshot) {
	state, reason := stateOf(s)
	c.out.I32(state)
	c.out.I32(reason)
}

// maximum returns the memory that a container may have at most, in KiB.
func maximum(snap *service.Snapshot) uint64 {
	if snap.MemoryMax == plan.Infinity {
		return snap.Limits.Memory >> 10
	}
	return snap.MemoryMax >> 10
}

func getInfo(_ context.Context, c *call) error {
	snap, err := c.snapshot()
	if err != nil {
		return err
	}
	var used, cpu uint64
	if active(&snap) {
		stats, err := c.core().Stats(c.uuid, figures.Wanted{}.And(figures.CPUUsageUSec, figures.MemoryCurrent))
		if off, is := errors.AsType[*service.StateError](err); err != nil && (!is || off.Kind != service.NotRunning) {
			return err
		}
		used, _ = stats.Get(figures.MemoryCurrent)
		cpu, _ = stats.Get(figures.CPUUsageUSec)
	}
	state, _ := stateOf(&snap)
	c.out.U32(uint32(state))
	c.out.U64(maximum(&snap))
	if active(&snap) {
		c.out.U64(used >> 10)
	} else {
		c.out.U64(snap.Limits.CurrentMemory >> 10)
	}
	c.out.U32(snap.VCPUs & 0xffff)
	c.out.U64(cpu * 1000)
	return nil
}

func securityLabel(_ context.Context, c *call) error {
	snap, err := c.snapshot()
	if err != nil {
		return err
	}
	c.putLabel(&snap)
	return nil
}

func (c *call) putLabel(snap *service.Snapshot) {
	const most = 4096
	label := snap.Label.Process
	if len(label) > most {
		label = label[:most]
	}
	c.out.WideString(label)
	c.out.Bool(label != "" && c.core().SecurityEnforcing())
}

// securityLabels answers with the label as the only one of a list, if there is one.
func securityLabels(_ context.Context, c *call) error {
	snap, err := c.snapshot()
	if err != nil {
		return err
	}
	count := uint32(0)
	if snap.Label.Process != "" {
		count = 1
	}
	c.out.U32(count)
	if count > 0 {
		c.putLabel(&snap)
	}
	c.out.U32(count)
	return nil
}

// controlInfo says that the supervisor can be asked.
func controlInfo(_ context.Context, c *call) error {
	if err := c.noFlags(); err != nil {
		return err
	}
	if err := c.mustRun(); err != nil {
		return err
	}
	c.out.U32(0)
	c.out.U32(0)
	c.out.U64(0)
	return nil
}
