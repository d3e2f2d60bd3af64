package remote

import (
	"context"

	"github.com/berthd/berth/internal/figures"
	"github.com/berthd/berth/service"
)

// What an answer about processors may have, as in libvirt.
const (
	maxVCPUInfo = 16384
	maxMaps     = 8 << 20 // bytes
)

// maxMap is how many bytes the map of one processor may have. It is made before there is an answer that can be paid
// for. libvirt has no such bound; clients ask for as many bits as the host has processors, of which Linux has 8192 at
// most.
const maxMap = 8 << 10

func processorProcedures() []*procedure {
	return []*procedure{
		look(18, "virDomainGetMaxVcpus", onSnapshot(func(c *call, s *service.Snapshot) { c.out.I32(int32(s.VCPUs)) })),
		look(200, "virDomainGetVcpusFlags", vcpusFlags),
		measure(20, "virDomainGetVcpus", vcpus),
		look(230, "virDomainGetVcpuPinInfo", pinInfo(true)), look(280, "virDomainGetEmulatorPinInfo", pinInfo(false)),
	}
}

// vcpusFlags answers with the number of the definition that is meant. It is the most that there can be, too.
func vcpusFlags(_ context.Context, c *call) error {
	const live, config, maximum, inside = 1, 2, 4, 8
	flags := c.in.U32()
	switch {
	case c.in.Err() != nil:
		return c.badArguments()
	case flags&^(live|config|maximum|inside) != 0:
		return unknownFlags(flags, c.proc.name)
	case flags&inside != 0 && c.conn.readOnly.Load():
		return fault(codeOperationDenied, domainDomain, "operation forbidden: read only access prevents virDomainGetVcpusFlags")
	case flags&(live|config) == live|config:
		return exclusiveImpact()
	}
	n, err := c.core().VCPUs(c.uuid, service.TuneOptions{Live: flags&(live|inside) != 0, Config: flags&config != 0})
	if err != nil {
		return err
	}
	c.out.I32(int32(n))
	return nil
}

// vcpus shares the time of a running container out, as the bulk statistics do. It does not know on which processor of
// the host a process is: that changes all the time.
func vcpus(_ context.Context, c *call) error {
	room, size := c.in.I32(), c.in.I32()
	if c.in.Err() != nil {
		return c.badArguments()
	}
	if err := tooMuch(room, size); err != nil {
		return err
	}
	stats, err := c.core().Stats(c.uuid, figures.Of(figures.CPU))
	if err != nil {
		return err
	}
	const running, unknown = 1, -1
	n := min(max(stats.VCPUs, 1), uint32(max(room, 0)), maxVCPUInfo)
	mask, err := c.mask(service.TuneOptions{Live: true}, size)
	if err != nil {
		return err
	}
	c.out.U32(n)
	for i := range n {
		c.out.U32(i)
		c.out.I32(running)
		c.out.U64(usec(known(&stats, figures.CPUUsageUSec)) / uint64(max(stats.VCPUs, 1)))
		c.out.I32(unknown)
	}
	c.out.Opaque(repeated(mask, n))
	return nil
}

// pinInfo answers with the processors of the host that a container may use: for each of its own, or for all that runs
// in it.
func pinInfo(each bool) handler {
	return func(_ context.Context, c *call) error {
		room := int32(1)
		if each {
			room = c.in.I32()
		}
		size, flags := c.in.I32(), c.in.U32()
		if c.in.Err() != nil {
			return c.badArguments()
		}
		o, err := c.impact(flags)
		if err == nil {
			err = tooMuch(room, size)
		}
		if err != nil {
			return err
		}
		if o.Live && o.Config {
			return exclusiveImpact()
		}
		count := uint32(1)
		if each {
			n, err := c.core().VCPUs(c.uuid, o)
			if err != nil {
				return err
			}
			count = min(n, uint32(max(room, 0)), maxVCPUInfo)
		}
		mask, err := c.mask(o, size)
		if err != nil {
			return err
		}
		c.out.Opaque(repeated(mask, count))
		c.out.I32(int32(count))
		return nil
	}
}

// tooMuch is libvirt's error of a client that wants more than fits into an answer.
func tooMuch(room, size int32) error {
	if room > maxVCPUInfo {
		return wrong(codeInternal, domainRemote, "maxinfo > REMOTE_VCPUINFO_MAX")
	}
	if size > maxMap || room > 0 && int64(room)*int64(size) > maxMaps {
		return wrong(codeInternal, domainRemote, "maxinfo * maplen > REMOTE_CPUMAPS_MAX")
	}
	return nil
}

// mask returns the processors of the host that a container may use: a bit for each in so many bytes.
func (c *call) mask(o service.TuneOptions, size int32) ([]byte, error) {
	mask := make([]byte, max(size, 0))
	set := func(list []int) {
		for _, n := range list {
			if n/8 < len(mask) {
				mask[n/8] |= 1 << (n % 8)
			}
		}
	}
	now, err := c.limits(o)
	if err != nil {
		return nil, err
	}
	if now.AllowedCPUs != "" {
		set(now.AllowedCPUs.Numbers())
		return mask, nil
	}
	info, err := c.core().NodeInfo()
	if err != nil {
		return nil, err
	}
	set(info.Online)
	return mask, nil
}

func repeated(mask []byte, n uint32) []byte {
	list := make([]byte, 0, len(mask)*int(n))
	for range n {
		list = append(list, mask...)
	}
	return list
}
