package lxcconf

import (
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/lxcconf/syntax"
	"github.com/berthd/berth/internal/native"
	"github.com/berthd/berth/internal/numberset"
	"github.com/berthd/berth/internal/size"
)

// limits are those that depend on each other. The numbers are in KiB.
type limits struct {
	memory *uint64      // nil means unset, domain.Unlimited none
	swap   syntax.Entry // memory.swap.max, which counts swap alone
	idle   syntax.Entry // cpu.idle
}

// cgroup takes a key of a controller: of the first version of control groups, or of the second.
func (c *conversion) cgroup(e syntax.Entry, second bool, name string) {
	m := &c.def.Memory
	switch name {
	case "memory.limit_in_bytes", "memory.max":
		c.limits.memory = c.kib(e)
	case "memory.soft_limit_in_bytes", "memory.high":
		m.SoftLimit = c.kib(e)
	case "memory.memsw.limit_in_bytes":
		m.SwapHardLimit, c.limits.swap = c.kib(e), syntax.Entry{}
	case "memory.swap.max":
		m.SwapHardLimit, c.limits.swap = nil, e
	case "memory.low":
		m.MinGuarantee = c.kib(e)
	case "memory.min":
		if n := c.kib(e); n != nil {
			c.def.Extension.MemoryMin = *n
		}
	case "cpuset.cpus":
		c.def.CPU.Set = c.set(e)
	case "cpuset.mems":
		c.def.NUMA = domain.NUMA{Mode: domain.NUMAStrict, Nodes: c.set(e)}
	case "pids.max":
		if e.Value != "max" {
			c.def.Extension.PIDs = c.number(e)
			return
		}
		c.warn(e, "the number of processes has Berth's limit; <berth:pids max=''/> sets another")
	case "devices.allow", "devices.deny":
		c.devices = append(c.devices, e)
	default:
		if !c.processor(e, name) && !c.blockIO(e, second, name) {
			c.without(e)
		}
	}
}

// processor takes a key of the controller cpu.
func (c *conversion) processor(e syntax.Entry, name string) bool {
	cpu := &c.def.CPU
	switch name {
	case "cpu.shares":
		cpu.Shares = c.number(e)
		c.warn(e, "the number is kept as it is, as libvirt does; as a weight of cgroup v2 it is from 1 to 10000, and 100 is the weight of those without one")
	case "cpu.weight":
		cpu.Shares = c.number(e)
	case "cpu.cfs_quota_us":
		n, err := strconv.ParseInt(e.Value, 10, 64)
		if err != nil {
			c.fail(e, "'%.40s' is not a number of µs", e.Value)
		}
		cpu.Quota = n
	case "cpu.cfs_period_us":
		cpu.Period = c.number(e)
	case "cpu.max":
		words := strings.Fields(e.Value)
		if len(words) == 0 || len(words) > 2 {
			c.fail(e, "'%.40s' is not QUOTA PERIOD", e.Value)
			return true
		}
		cpu.Quota, cpu.Period = -1, 100_000
		if words[0] != "max" {
			cpu.Quota = int64(c.number(with(e, words[0])) &^ (1 << 63))
		}
		if len(words) == 2 {
			cpu.Period = c.number(with(e, words[1]))
		}
	case "cpu.idle":
		c.limits.idle = e
	default:
		return false
	}
	return true
}

// blockIO takes a key of the controller blkio or io.
func (c *conversion) blockIO(e syntax.Entry, second bool, name string) bool {
	words := strings.Fields(e.Value)
	switch name {
	case "blkio.weight", "io.weight", "io.bfq.weight":
		switch {
		case len(words) == 1:
			c.def.IO.Weight = c.number(e)
		case len(words) == 2 && words[0] == "default":
			c.def.IO.Weight = c.number(with(e, words[1]))
		case second:
			c.perDevice(e, func(d *domain.BlockDevice) *uint64 { return &d.Weight })
		default:
			c.fail(e, "'%.40s' is not a weight", e.Value)
		}
	case "blkio.device_weight", "blkio.weight_device":
		c.perDevice(e, func(d *domain.BlockDevice) *uint64 { return &d.Weight })
	case "blkio.throttle.read_bps_device":
		c.perDevice(e, func(d *domain.BlockDevice) *uint64 { return &d.ReadBPS })
	case "blkio.throttle.write_bps_device":
		c.perDevice(e, func(d *domain.BlockDevice) *uint64 { return &d.WriteBPS })
	case "blkio.throttle.read_iops_device":
		c.perDevice(e, func(d *domain.BlockDevice) *uint64 { return &d.ReadIOPS })
	case "blkio.throttle.write_iops_device":
		c.perDevice(e, func(d *domain.BlockDevice) *uint64 { return &d.WriteIOPS })
	case "io.max":
		d := c.blockDevice(e)
		if d == nil {
			return true
		}
		for _, word := range words[1:] {
			key, value, _ := strings.Cut(word, "=")
			to := map[string]*uint64{"rbps": &d.ReadBPS, "wbps": &d.WriteBPS, "riops": &d.ReadIOPS, "wiops": &d.WriteIOPS}[key]
			switch {
			case to == nil:
				c.fail(e, "'%.40s' is none of rbps, wbps, riops and wiops", key)
			case value == "max":
				*to = 0
			default:
				*to = c.number(with(e, value))
			}
		}
	default:
		return false
	}
	return true
}

// perDevice sets one number of a device. The value is MAJOR:MINOR NUMBER.
func (c *conversion) perDevice(e syntax.Entry, of func(*domain.BlockDevice) *uint64) {
	if d := c.blockDevice(e); d != nil {
		words := strings.Fields(e.Value)
		if len(words) != 2 {
			c.fail(e, "'%.60s' is not MAJOR:MINOR NUMBER", e.Value)
			return
		}
		*of(d) = c.number(with(e, words[1]))
	}
}

// blockDevice returns the entry of the device whose number a value begins with, or nil after an error.
func (c *conversion) blockDevice(e syntax.Entry) *domain.BlockDevice {
	first, _, _ := strings.Cut(e.Value, " ")
	major, minor, _ := strings.Cut(first, ":")
	if _, ok := number(major); ok {
		if _, ok = number(minor); ok {
			name := "/dev/block/" + major + ":" + minor
			list := &c.def.IO.Devices
			i := slices.IndexFunc(*list, func(d domain.BlockDevice) bool { return d.Path == name })
			if i < 0 {
				*list = append(*list, domain.BlockDevice{Path: name})
				i = len(*list) - 1
			}
			return &(*list)[i]
		}
	}
	c.fail(e, "'%.60s' does not begin with the MAJOR:MINOR of a block device", e.Value)
	return nil
}

// finishLimits sets the limits of memory. LXC has none unless a key says so.
func (c *conversion) finishLimits() {
	m, limit := &c.def.Memory, c.limits.memory
	if limit == nil {
		unlimited := uint64(domain.Unlimited)
		limit = &unlimited
		c.warnings = append(c.warnings, native.Warning{File: c.file, Text: "no key limits the memory: <memory> is 64 MiB, as libvirt has it, and <hard_limit> says that there is no limit"})
	} else if *limit < domain.Unlimited && *limit > 0 {
		m.Max, m.Current = *limit, *limit
	}
	m.HardLimit = limit
	if e := c.limits.idle; e.Value == "1" {
		if c.def.Extension.Idle = true; c.def.CPU.Shares != 0 {
			c.def.CPU.Shares = 0
			c.warn(e, "an idle container has no weight, so <shares> is left out")
		}
	}
	e := c.limits.swap
	if e.Value == "" {
		return
	}
	swap := c.kib(e)
	switch {
	case swap == nil:
	case *limit >= domain.Unlimited:
		if *swap < domain.Unlimited {
			c.warn(e, "swap is limited together with the memory only, and that has no limit")
		}
	default:
		both := min(*limit+*swap, domain.Unlimited)
		m.SwapHardLimit = &both
	}
}

// kib reads a size in KiB. It returns nil after an error.
func (c *conversion) kib(e syntax.Entry) *uint64 {
	n, ok := bytes(e.Value)
	if e.Value == "max" || e.Value == "-1" {
		n, ok = domain.Unlimited<<10, true
	}
	if !ok {
		c.fail(e, "'%.40s' is not a size such as 512M", e.Value)
		return nil
	}
	n = min(n/1024+min(n%1024, 1), domain.Unlimited)
	return &n
}

// bytes reads a size: a number and, if there is one, a unit of libvirt's.
func bytes(text string) (uint64, bool) {
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
	factor := uint64(1)
	if unit := strings.TrimSpace(text[len(digits):]); unit != "" {
		known := false
		if factor, known = size.Factor(unit); !known {
			return 0, false
		}
	}
	n, ok := number(digits)
	high, low := bits.Mul64(n, factor)
	return low, ok && high == 0
}

func number(text string) (uint64, bool) {
	n, err := strconv.ParseUint(text, 10, 64)
	return n, err == nil
}

func (c *conversion) number(e syntax.Entry) uint64 {
	n, ok := number(e.Value)
	if !ok {
		c.fail(e, "'%.40s' is not a number", e.Value)
	}
	return n
}

// set reads a set of numbers.
func (c *conversion) set(e syntax.Entry) numberset.Set {
	if e.Value == "" {
		return ""
	}
	s, err := numberset.Parse(e.Value)
	if err != nil {
		c.fail(e, "%v", err)
	}
	return s
}

// with returns an entry with a part of its value.
func with(e syntax.Entry, value string) syntax.Entry {
	e.Value = value
	return e
}
