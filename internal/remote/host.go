package remote

import (
	"context"
	"os"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/node"
)

func hostProcedures() []*procedure {
	describe := func(number int32, name string, run handler) *procedure {
		return host(number, name, contract.ActionRead, "GetNodeInfo", run)
	}
	monitor := func(number int32, name, verb string, run handler) *procedure {
		return host(number, name, contract.ActionMonitor, verb, run)
	}
	domcaps := host(342, "virConnectGetDomainCapabilities", contract.ActionRead, "GetCapabilities", domainCapabilities)
	domcaps.writes = true // it changes nothing, but libvirt does not let readers call it
	return []*procedure{
		describe(4, "virConnectGetVersion", kernelVersion),
		free(157, "virConnectGetLibVersion", openNothing, libraryVersion),
		host(7, "virConnectGetCapabilities", contract.ActionRead, "GetCapabilities", capabilities),
		describe(6, "virNodeGetInfo", nodeInfo),
		monitor(101, "virNodeGetCellsFreeMemory", "GetNodeMemoryStats", cellsFree),
		monitor(102, "virNodeGetFreeMemory", "GetNodeMemoryStats", freeMemory),
		monitor(227, "virNodeGetCPUStats", "GetNodeCPUStats", nodeCPUStats),
		monitor(228, "virNodeGetMemoryStats", "GetNodeMemoryStats", nodeMemoryStats),
		describe(293, "virNodeGetCPUMap", cpuMap),
		monitor(340, "virNodeGetFreePages", "GetNodeMemoryStats", freePages),
		monitor(289, "virNodeGetMemoryParameters", "GetNodeMemoryStats", sharedMemory),
		describe(203, "virConnectGetSysinfo", sysinfo), domcaps,
		describe(122, "virNodeGetSecurityModel", securityModel),
		describe(5, "virConnectGetMaxVcpus", maxVCPUs),
	}
}

// libraryVersion is that of the libvirt whose protocol this is: 9.0.0.
func libraryVersion(_ context.Context, c *call) error {
	c.out.U64(9_000_000)
	return nil
}

// kernelVersion answers with the kernel's version, as libvirt's LXC driver does.
func kernelVersion(_ context.Context, c *call) error {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return os.NewSyscallError("uname", err)
	}
	c.out.U64(versionOf(unix.ByteSliceToString(u.Release[:])))
	return nil
}

// versionOf turns the first three numbers of a release into one.
func versionOf(release string) uint64 {
	var parts [3]uint64
	at := 0
	for i := 0; i < len(release) && at < len(parts); i++ {
		switch d := release[i]; {
		case d >= '0' && d <= '9':
			parts[at] = min(parts[at]*10+uint64(d-'0'), 999)
		case d == '.':
			at++
		default:
			at = len(parts)
		}
	}
	return parts[0]*1_000_000 + parts[1]*1000 + parts[2]
}

func capabilities(_ context.Context, c *call) error {
	text, err := c.core().Capabilities()
	if err != nil {
		return err
	}
	c.out.Text(text)
	return nil
}

func nodeInfo(_ context.Context, c *call) error {
	info, err := c.core().NodeInfo()
	if err != nil {
		return err
	}
	const modelSize = 32
	shape := info.Shape()
	c.out.WideFixed(info.Arch, modelSize)
	c.out.U64(info.Memory() >> 10)
	for _, n := range []uint32{shape.CPUs, info.MHz, shape.Cells, shape.Sockets, shape.Cores, shape.Threads} {
		c.out.U32(n)
	}
	return nil
}

func maxVCPUs(_ context.Context, c *call) error {
	info, err := c.core().NodeInfo()
	if err != nil {
		return err
	}
	c.out.U32(info.Shape().CPUs)
	return nil
}

// maxCells bounds the answer of cellsFree.
const maxCells = 1024

func cellsFree(_ context.Context, c *call) error {
	first, most := c.in.I32(), c.in.I32()
	if c.in.Err() != nil {
		return c.badArguments()
	}
	list, err := c.core().NodeMemory()
	if err != nil {
		return err
	}
	at, n := c.out.Len(), uint32(0)
	c.out.U32(0)
	for _, m := range list {
		if m.Cell != node.All && m.Cell >= int(first) && n < uint32(min(max(most, 0), maxCells)) {
			n++
			c.out.U64(m.Free)
		}
	}
	if n == 0 {
		return outOfRange(first, len(list)-2)
	}
	c.out.SetU32(at, n)
	return nil
}

func freeMemory(_ context.Context, c *call) error {
	list, err := c.core().NodeMemory()
	if err != nil {
		return err
	}
	for _, m := range list {
		if m.Cell == node.All {
			c.out.U64(m.Free)
			return nil
		}
	}
	return wrong(codeInternal, domainLXC, "the host does not tell its memory")
}

func cpuMap(_ context.Context, c *call) error {
	wantMap, wantOnline := c.in.I32(), c.in.I32()
	if err := c.noFlags(); err != nil {
		return err
	}
	info, err := c.core().NodeInfo()
	if err != nil {
		return err
	}
	count := 0
	for _, n := range info.Present {
		count = max(count, n+1)
	}
	mask := make([]byte, (count+7)/8)
	for _, n := range info.Online {
		if n < count {
			mask[n/8] |= 1 << (n % 8)
		}
	}
	if wantMap == 0 {
		mask = nil
	}
	online := uint32(len(info.Online))
	if wantOnline == 0 {
		online = 0
	}
	c.out.Opaque(mask)
	c.out.U32(online)
	c.out.I32(int32(count))
	return nil
}

func securityModel(_ context.Context, c *call) error {
	c.out.WideString(c.core().SecurityModel())
	c.out.WideString("0")
	return nil
}
