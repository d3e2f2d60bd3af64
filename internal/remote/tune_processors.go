package remote

import (
	"context"
	"slices"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/numberset"
	"github.com/berthd/berth/service"
)

// setVCPUs changes the number of processors in the stored definition, with libvirt's flag of the most that there can be
// and without: it is one number. A container that runs sees processors of the host, whatever that number is.
func setVCPUs(withFlags bool) handler {
	return func(ctx context.Context, c *call) error {
		const live, config, maximum = 1, 2, 4
		n, flags := c.in.U32(), uint32(live)
		if withFlags {
			flags = c.in.U32()
		}
		switch {
		case c.in.Err() != nil:
			return c.badArguments()
		case flags&^(live|config|maximum) != 0:
			return unknownFlags(flags, c.proc.name)
		}
		snap, err := c.snapshot()
		switch {
		case err != nil:
			return err
		case flags&live != 0 && !active(&snap):
			return wrong(codeOperationInvalid, domainDomain, "domain is not running")
		case flags&live != 0 || flags&config == 0 && active(&snap):
			return wrong(codeOperationUnsupported, domainLXC,
				"a running container sees the processors of the host; emulatorpin and schedinfo limit it, and --config changes the number in its definition")
		}
		return c.core().SetResources(ctx, c.uuid, []domain.Setting{{Property: "VCPUs", Number: uint64(n)}}, service.TuneOptions{Config: true})
	}
}

// mostMap bounds a set of processors in a call, in bytes, as libvirt does.
const mostMap = 2048

// pinEmulator has all that runs in a container use these processors of the host. All of them are no limit.
func pinEmulator(ctx context.Context, c *call) error {
	bitmap, flags := c.in.Opaque(mostMap), c.in.U32()
	if c.in.Err() != nil {
		return c.badArguments()
	}
	o, err := c.impact(flags)
	if err != nil {
		return err
	}
	info, err := c.core().NodeInfo()
	if err != nil {
		return err
	}
	chosen := numberset.Numbers(bitmap)
	if len(chosen) == 0 {
		return wrong(codeInvalidArg, domainLXC, "Empty cpu list for pinning")
	}
	set := numberset.Of(chosen)
	if !slices.ContainsFunc(info.Online, func(n int) bool { return !slices.Contains(chosen, n) }) {
		set = ""
	}
	return c.core().SetResources(ctx, c.uuid, []domain.Setting{{Property: "AllowedCPUs", Set: set}}, o)
}
