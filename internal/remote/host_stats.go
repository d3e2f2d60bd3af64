package remote

import (
	"context"

	"github.com/berthd/berth/internal/node"
)

// field is a figure of the host.
type field struct {
	name  string
	value uint64
}

// fields answers a call that asks first how many there are, and then for as many.
func (c *call) fields(room int32, list []field) error {
	switch {
	case room <= 0:
		c.out.U32(0)
		c.out.U32(uint32(len(list)))
		return nil
	case int(room) < len(list):
		list = list[:room]
	}
	c.out.U32(uint32(len(list)))
	for _, f := range list {
		c.out.Text(f.name)
		c.out.U64(f.value)
	}
	c.out.U32(0)
	return nil
}

func nodeCPUStats(_ context.Context, c *call) error {
	cpu, room := c.in.I32(), c.in.I32()
	if err := c.noFlags(); err != nil {
		return err
	}
	if room <= 0 { // before it looks at the processor, as libvirt does
		return c.fields(0, make([]field, 4))
	}
	list, err := c.core().NodeCPU()
	if err != nil {
		return err
	}
	for _, t := range list {
		if t.CPU == int(cpu) || cpu == -1 && t.CPU == node.All {
			return c.fields(room, []field{{"kernel", t.System}, {"user", t.User}, {"idle", t.Idle}, {"iowait", t.IOWait}})
		}
	}
	return fault(codeInvalidArg, domainNone, "Invalid cpuNum in virHostCPUGetStatsLinux")
}

func nodeMemoryStats(_ context.Context, c *call) error {
	room, cell := c.in.I32(), c.in.I32()
	if err := c.noFlags(); err != nil {
		return err
	}
	list, err := c.core().NodeMemory()
	if err != nil {
		return err
	}
	for _, m := range list {
		all := cell == -1 && m.Cell == node.All
		if !all && m.Cell != int(cell) {
			continue
		}
		figures := []field{{"total", m.Total >> 10}, {"free", m.Free >> 10}}
		if all {
			figures = append(figures, field{"buffers", m.Buffers >> 10}, field{"cached", m.Cached >> 10})
		}
		return c.fields(room, figures)
	}
	return fault(codeInvalidArg, domainNone, "cellNum in virHostMemGetStats must be less than or equal to %d", len(list)-2)
}
