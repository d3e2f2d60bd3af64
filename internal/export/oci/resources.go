package oci

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/shellword"
	"github.com/berthd/berth/internal/unitname"
)

// defaultTasks is systemd-machined's limit, which a scope of Berth's has without another.
const defaultTasks = 16384

// resources converts the limits of the scope. The scope is where Berth's would be, if systemd makes the control group.
func (c *conversion) resources() {
	l, s := c.config.Linux, &c.Scope
	l.CgroupsPath = unitname.Slice(c.Def.Partition) + ":berth:" + c.Def.MachineName()
	c.warn("domain/resource/partition", "linux.cgroupsPath is in the form of systemd: run runc and crun with --systemd-cgroup, so that the limits are those of berth-%s.scope", unitname.Escape(c.Def.MachineName()))
	r := l.Resources
	r.Unified = map[string]string{}
	c.memory(r)
	tasks := int64(defaultTasks)
	if s.TasksMax != nil {
		tasks = int64(*s.TasksMax)
	}
	r.Pids = &specs.LinuxPids{Limit: &tasks}
	c.processors(r)
	c.blockIO(r)
	if len(r.Unified) == 0 {
		r.Unified = nil
	}
}

// memory converts the limits of memory. The specification counts memory and swap together, as libvirt does.
func (c *conversion) memory(r *specs.LinuxResources) {
	s := &c.Scope
	r.Memory = &specs.LinuxMemory{Limit: inBytes(s.MemoryMax), Reservation: inBytes(s.MemoryLow)}
	if s.MemorySwapMax != nil {
		both := int64(-1)
		if *s.MemorySwapMax != plan.Infinity && *s.MemoryMax != plan.Infinity {
			both = int64(*s.MemoryMax + *s.MemorySwapMax)
		}
		r.Memory.Swap = &both
	}
	for key, value := range map[string]*uint64{"memory.high": s.MemoryHigh, "memory.min": s.MemoryMin} {
		if value != nil && *value != plan.Infinity {
			r.Unified[key] = strconv.FormatUint(*value, 10)
		}
	}
}

// inBytes converts a limit, of which -1 is none.
func inBytes(from *uint64) *int64 {
	if from == nil {
		return nil
	}
	n := int64(-1)
	if *from != plan.Infinity {
		n = int64(*from)
	}
	return &n
}

func (c *conversion) processors(r *specs.LinuxResources) {
	s := &c.Scope
	cpu := specs.LinuxCPU{Cpus: setText(s.AllowedCPUs), Mems: setText(s.AllowedNodes), Period: s.CPUQuotaPeriod}
	if q := c.Def.CPU.Quota; q > 0 {
		cpu.Quota = &q
	}
	switch {
	case s.CPUWeight == nil:
	case *s.CPUWeight == 0:
		cpu.Idle = new(int64(1))
	default: // shares are those of cgroup v1
		r.Unified["cpu.weight"] = strconv.FormatUint(*s.CPUWeight, 10)
	}
	if cpu != (specs.LinuxCPU{}) {
		r.CPU = &cpu
	}
}

// setText writes a set of numbers as cpuset(7) has it.
func setText(list []int) string {
	var words []string
	for i := 0; i < len(list); {
		last := i
		for last+1 < len(list) && list[last+1] == list[last]+1 {
			last++
		}
		word := strconv.Itoa(list[i])
		if last > i {
			word += "-" + strconv.Itoa(list[last])
		}
		words = append(words, word)
		i = last + 1
	}
	return strings.Join(words, ",")
}

func (c *conversion) blockIO(r *specs.LinuxResources) {
	s := &c.Scope
	if s.IOWeight != nil {
		r.Unified["io.weight"] = "default " + strconv.FormatUint(*s.IOWeight, 10)
	}
	b := specs.LinuxBlockIO{}
	for _, list := range []struct {
		from []plan.DeviceFigure
		to   *[]specs.LinuxThrottleDevice
	}{
		{s.IOReadBPS, &b.ThrottleReadBpsDevice},
		{s.IOWriteBPS, &b.ThrottleWriteBpsDevice},
		{s.IOReadIOPS, &b.ThrottleReadIOPSDevice},
		{s.IOWriteIOPS, &b.ThrottleWriteIOPSDevice},
	} {
		for _, f := range list.from {
			if major, minor, ok := c.numbersOf(f.Path, "domain/blkiotune/device"); ok {
				d := specs.LinuxThrottleDevice{Rate: f.Figure}
				d.Major, d.Minor = int64(major), int64(minor)
				*list.to = append(*list.to, d)
			}
		}
	}
	c.later("io.weight", "%d:%d %d", s.IODeviceWeight, "domain/blkiotune/device")
	c.later("io.latency", "%d:%d target=%d", s.IOLatency, "domain/berth:container/berth:latency")
	if b.ThrottleReadBpsDevice != nil || b.ThrottleWriteBpsDevice != nil || b.ThrottleReadIOPSDevice != nil || b.ThrottleWriteIOPSDevice != nil {
		r.BlockIO = &b
	}
}

// later has root write what belongs to single devices: a runtime writes each file of the control group once, as a
// whole, and the kernel takes one line of these at a time. systemctl(1) would take away what only the runtime has
// written.
func (c *conversion) later(file, line string, list []plan.DeviceFigure, element string) {
	for _, f := range list {
		if major, minor, ok := c.numbersOf(f.Path, element); ok {
			c.warnings.Instead(element, "no runtime sets "+file+" for a single device; write it after each start, PID being init's",
				fmt.Sprintf("echo %s > /sys/fs/cgroup$(cut -d: -f3 /proc/$PID/cgroup)/%s", shellword.Quote(fmt.Sprintf(line, major, minor, f.Figure)), file))
		}
	}
}

// numbersOf finds the numbers of a block device. The container loses its limit if the host has no such device.
func (c *conversion) numbersOf(path, element string) (major, minor uint32, ok bool) {
	major, minor, err := c.host.Device(path)
	if err != nil {
		c.warn(element, "the limit of %s is missing, since its numbers are not known: %v", path, err)
	}
	return major, minor, err == nil
}
