package remote

import (
	"context"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/figures"
	"github.com/berthd/berth/internal/remote/xdr"
	"github.com/berthd/berth/service"
)

func figureProcedures() []*procedure {
	addresses := &procedure{
		number: 353, name: "virDomainInterfaceAddresses", action: contract.ActionRead, verb: "GetInterfaceAddresses", about: true, run: interfaceAddresses,
	}
	return []*procedure{
		measure(262, "virDomainGetCPUStats", cpuStats), measure(159, "virDomainMemoryStats", memoryStats),
		measure(64, "virDomainBlockStats", blockStats), measure(243, "virDomainBlockStatsFlags", blockStatsFlags),
		measure(65, "virDomainInterfaceStats", interfaceStats), addresses,
	}
}

// usec turns µs into libvirt's ns.
func usec(n uint64) uint64 { return n * 1000 }

// cpuStats answers with the totals. There are no figures of single processors in cgroup v2, so that their number of
// fields is 0: clients then show the totals.
func cpuStats(_ context.Context, c *call) error {
	room, first, count, flags := c.in.U32(), c.in.I32(), c.in.U32(), c.in.U32()
	if c.in.Err() != nil {
		return c.badArguments()
	}
	if flags&^4 != 0 {
		return unknownFlags(flags, c.proc.name)
	}
	s, err := c.core().Stats(c.uuid, figures.Wanted{}.And(figures.CPUUsageUSec, figures.CPUUserUSec, figures.CPUSystemUSec))
	if err != nil {
		return err
	}
	total := first == -1
	switch {
	case !total && count == 0: // how many processors
		info, err := c.core().NodeInfo()
		if err != nil {
			return err
		}
		c.out.U32(0)
		c.out.U32(info.Shape().CPUs)
	case !total:
		c.out.U32(0)
		c.out.U32(0)
	case room == 0:
		c.out.U32(0)
		c.out.U32(3)
	default:
		list := []xdr.Typed{
			xdr.ULLongOf("cpu_time", usec(known(&s, figures.CPUUsageUSec))), xdr.ULLongOf("user_time", usec(known(&s, figures.CPUUserUSec))),
			xdr.ULLongOf("system_time", usec(known(&s, figures.CPUSystemUSec))),
		}
		list = list[:min(int(min(room, 16)), len(list))]
		c.out.Typed(list)
		c.out.U32(uint32(len(list)))
	}
	return nil
}

// known returns a figure, 0 if it is not known.
func known(s *service.Stats, f figures.Figure) uint64 {
	n, _ := s.Get(f)
	return n
}

// memoryStats answers with libvirt's tags, in KiB.
func memoryStats(_ context.Context, c *call) error {
	room := c.in.U32()
	if err := c.noFlags(); err != nil {
		return err
	}
	s, err := c.core().Stats(c.uuid, figures.Wanted{}.And(figures.MemoryCurrent, figures.MemoryMajorPageFaults))
	if err != nil {
		return err
	}
	const majorFault, actual, rss = 2, 6, 7
	type row struct {
		tag   int32
		value uint64
	}
	list := []row{{actual, maximum(&s.Snapshot)}, {rss, known(&s, figures.MemoryCurrent) >> 10}}
	if faults, is := s.Get(figures.MemoryMajorPageFaults); is {
		list = append(list, row{majorFault, faults})
	}
	list = list[:min(uint64(room), uint64(len(list)))]
	c.out.U32(uint32(len(list)))
	for _, m := range list {
		c.out.I32(m.tag)
		c.out.U64(m.value)
	}
	return nil
}

// block returns the figures of a device that the client names, or of all together.
func (c *call) block(path string) (figures.Device, error) {
	s, err := c.core().Stats(c.uuid, figures.Of(figures.IO))
	if err != nil {
		return figures.Device{}, err
	}
	if path == "" {
		return figures.Device{
			ReadBytes: known(&s, figures.IOReadBytes), ReadOperations: known(&s, figures.IOReadOperations),
			WriteBytes: known(&s, figures.IOWriteBytes), WriteOperations: known(&s, figures.IOWriteOperations),
		}, nil
	}
	for _, d := range s.Block {
		if d.Name == path || "/dev/"+d.Name == path {
			return d, nil
		}
	}
	return figures.Device{}, wrong(codeInvalidArg, domainLXC, "invalid path: %s", path)
}

func blockStats(_ context.Context, c *call) error {
	path := c.in.Text()
	if c.in.Err() != nil {
		return c.badArguments()
	}
	d, err := c.block(path)
	if err != nil {
		return err
	}
	for _, n := range []uint64{d.ReadOperations, d.ReadBytes, d.WriteOperations, d.WriteBytes} {
		c.out.U64(n)
	}
	c.out.I64(-1) // errors: nobody counts them
	return nil
}

func blockStatsFlags(_ context.Context, c *call) error {
	path, room, flags := c.in.Text(), c.in.I32(), c.in.U32()
	switch {
	case c.in.Err() != nil:
		return c.badArguments()
	case flags&^4 != 0:
		return unknownFlags(flags, c.proc.name)
	}
	d, err := c.block(path)
	if err != nil {
		return err
	}
	c.twoPhase(room, []xdr.Typed{
		xdr.LLongOf("rd_bytes", int64(d.ReadBytes)), xdr.LLongOf("rd_operations", int64(d.ReadOperations)),
		xdr.LLongOf("wr_bytes", int64(d.WriteBytes)), xdr.LLongOf("wr_operations", int64(d.WriteOperations)),
	})
	return nil
}

// interfaceStats finds an interface by the name of the host's end, as libvirt does, by that in the container, or by its
// MAC address. What the host's end receives, the container has sent: libvirt's numbers are the container's.
func interfaceStats(_ context.Context, c *call) error {
	name := c.in.Text()
	if c.in.Err() != nil {
		return c.badArguments()
	}
	s, err := c.core().Stats(c.uuid, figures.Of(figures.Net))
	if err != nil {
		return err
	}
	inside := ""
	for _, i := range s.Snapshot.Interfaces {
		if name != "" && (i.Link == name || i.Name == name || i.MAC == name) {
			inside = i.Name
		}
	}
	for _, i := range s.Figures.Interfaces {
		if inside == "" || i.Name != inside {
			continue
		}
		for _, t := range []figures.Traffic{i.Receive, i.Transmit} {
			for _, n := range []uint64{t.Bytes, t.Packets, t.Errors, t.Drops} {
				c.out.U64(n)
			}
		}
		return nil
	}
	return wrong(codeInvalidArg, domainLXC, "invalid path, '%s' is not a known interface", name)
}

func interfaceAddresses(ctx context.Context, c *call) error {
	source, flags := c.in.U32(), c.in.U32()
	if c.in.Err() != nil {
		return c.badArguments()
	}
	const agent = 1
	from, known := map[uint32]service.AddressSource{0: service.AddressLease, 2: service.AddressARP}[source]
	switch {
	case flags != 0:
		return unknownFlags(flags, c.proc.name)
	case source == agent && c.conn.readOnly.Load():
		return fault(codeOperationDenied, domainDomain, "operation forbidden: read only access prevents virDomainInterfaceAddresses")
	case source == agent:
		return c.insideAddresses(ctx)
	case !known:
		return wrong(codeArgumentUnsupported, domainLXC, "Unsupported IP address data source %d", source)
	}
	list, err := c.core().Addresses(ctx, c.uuid, from)
	if err != nil {
		return err
	}
	by := map[string][]service.InterfaceAddress{}
	var names []string
	for _, a := range list {
		if by[a.Interface.MAC] == nil {
			names = append(names, a.Interface.MAC)
		}
		by[a.Interface.MAC] = append(by[a.Interface.MAC], a)
	}
	c.out.U32(uint32(len(names)))
	for _, mac := range names {
		first := by[mac][0].Interface
		name := first.Link
		if name == "" {
			name = first.Name
		}
		c.out.Text(name)
		c.out.OptionalText(mac)
		c.out.U32(uint32(len(by[mac])))
		for _, a := range by[mac] {
			c.out.Bool(a.Address.Addr().Is6())
			c.out.Text(a.Address.Addr().String())
			c.out.U32(uint32(a.Address.Bits()))
		}
	}
	return nil
}

// insideAddresses answers with the links of the container as it sees them, as an agent in a virtual machine would.
func (c *call) insideAddresses(ctx context.Context) error {
	list, err := c.core().GuestInterfaces(ctx, c.uuid)
	if err != nil {
		return err
	}
	const most = 2048 // of libvirt's, for links and for the addresses of each
	list = list[:min(len(list), most)]
	c.out.U32(uint32(len(list)))
	for _, link := range list {
		c.out.Text(plain(link.Name))
		c.out.OptionalText(link.MAC)
		addresses := link.Addresses[:min(len(link.Addresses), most)]
		c.out.U32(uint32(len(addresses)))
		for _, a := range addresses {
			c.out.Bool(a.Addr().Is6())
			c.out.Text(a.Addr().String())
			c.out.U32(uint32(a.Bits()))
		}
	}
	return nil
}
