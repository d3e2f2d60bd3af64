package domain

import (
	"math"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/numberset"
)

// CPU is what <vcpu> and <cputune> say of the processors besides their number.
type CPU struct {
	Auto   bool          // vcpu@placement='auto'; kept only, since the kernel places processes by itself
	Set    numberset.Set // vcpu@cpuset; "" means all of the host's
	Shares uint64        // the weight among containers, 1..10000; 0 means unset
	Bandwidth
	// The rest of <cputune> is of virtual machines, and kept only.
	Global, Emulator, IOThread Bandwidth
	Pins                       []CPUPin
	EmulatorPin                numberset.Set
}

// Bandwidth limits the time on processors to Quota µs in each Period µs. 0 means unset. A negative quota means no
// limit.
type Bandwidth struct {
	Period uint64
	Quota  int64
}

// CPUPin is one <vcpupin>.
type CPUPin struct {
	VCPU uint64
	Set  numberset.Set
}

// The limits of <cputune> are libvirt's, which are the kernel's for cpu.weight and cpu.max.
const (
	maxWeight = 10000
	minPeriod = 1000
	maxPeriod = 1000000
	minQuota  = 1000
	maxQuota  = math.MaxUint64 >> 20 // the kernel's max_bw_runtime_us
)

// cpuTune is libvirtxml's DomainCPUTune with room for 64 bits everywhere, and with what berthd keeps of it.
type cpuTune struct {
	Shares         *uint64  `xml:"shares"`
	Period         uint64   `xml:"period,omitempty"`
	Quota          string   `xml:"quota,omitempty"`
	GlobalPeriod   uint64   `xml:"global_period,omitempty"`
	GlobalQuota    string   `xml:"global_quota,omitempty"`
	EmulatorPeriod uint64   `xml:"emulator_period,omitempty"`
	EmulatorQuota  string   `xml:"emulator_quota,omitempty"`
	IOThreadPeriod uint64   `xml:"iothread_period,omitempty"`
	IOThreadQuota  string   `xml:"iothread_quota,omitempty"`
	Pins           []cpuPin `xml:"vcpupin"`
	EmulatorPin    *cpuPin  `xml:"emulatorpin"`
}

type cpuPin struct {
	VCPU *uint64 `xml:"vcpu,attr"`
	Set  string  `xml:"cpuset,attr"`
}

// maxVCPUs is libvirt's largest number of processors.
const maxVCPUs = 16384

// readCPU reads <vcpu> and <cputune>. The number of processors is only reported; libvirt does the same for containers.
func readCPU(d *Def, x *document, f *faults) {
	d.VCPUs = 1
	if x.CPUTune != nil {
		readCPUTune(&d.CPU, x.CPUTune, f)
	}
	if x.VCPU == nil {
		return
	}
	switch x.VCPU.Placement {
	case "", "static":
	case "auto":
		d.CPU.Auto = true
	default:
		f.invalid("domain/vcpu@placement", "'%.40s' is unknown; known are static and auto", x.VCPU.Placement)
	}
	if d.VCPUs = x.VCPU.Value; d.VCPUs == 0 || d.VCPUs > maxVCPUs {
		f.invalid("domain/vcpu", "%d is not a number of processors from 1 to %d", d.VCPUs, maxVCPUs)
	}
	if d.VCPUsNow = x.VCPU.Current; d.VCPUsNow > x.VCPU.Value && !f.within("domain/vcpu") {
		f.invalid("domain/vcpu@current", "%d is more than the container's %d processors", d.VCPUsNow, x.VCPU.Value)
	}
	const at = "domain/vcpu@cpuset"
	switch {
	case x.VCPU.CPUSet == "":
	case d.CPU.Auto:
		f.unsupported(at, "placement='auto' leaves the choice of processors to the host; take one of the two away")
	default:
		var e *Error
		d.CPU.Set, e = parseSet(at, x.VCPU.CPUSet)
		f.add(e)
	}
}

func readCPUTune(c *CPU, x *cpuTune, f *faults) {
	const at = "domain/cputune/"
	if x.Shares != nil {
		c.Shares = f.weight(at+"shares", *x.Shares)
		if c.Shares == 0 {
			f.invalid(at+"shares", "0 is not a weight from 1 to %d", maxWeight)
		}
	}
	c.Bandwidth = f.bandwidth(at, x.Period, x.Quota)
	c.Global = f.bandwidth(at+"global_", x.GlobalPeriod, x.GlobalQuota)
	c.Emulator = f.bandwidth(at+"emulator_", x.EmulatorPeriod, x.EmulatorQuota)
	c.IOThread = f.bandwidth(at+"iothread_", x.IOThreadPeriod, x.IOThreadQuota)
	for i, p := range x.Pins {
		pin := nth(at+"vcpupin", i)
		if p.VCPU == nil {
			f.invalid(pin+"@vcpu", "it is missing")
			continue
		}
		set, e := parseSet(pin+"@cpuset", p.Set)
		f.add(e)
		c.Pins = append(c.Pins, CPUPin{*p.VCPU, set})
	}
	if x.EmulatorPin != nil {
		var e *Error
		c.EmulatorPin, e = parseSet(at+"emulatorpin@cpuset", x.EmulatorPin.Set)
		f.add(e)
	}
}

func parseSet(at, text string) (numberset.Set, *Error) {
	set, err := numberset.Parse(text)
	if err != nil {
		return "", invalid(at, "%v", err)
	}
	return set, nil
}

// weight reads a weight of cgroup v2. 0 means unset.
func (f *faults) weight(at string, n uint64) uint64 {
	if n > maxWeight {
		f.invalid(at, "%d is not a weight from 1 to %d", n, maxWeight)
	}
	return n
}

func (f *faults) bandwidth(at string, period uint64, quota string) (b Bandwidth) {
	if b.Period = period; period != 0 && (period < minPeriod || period > maxPeriod) {
		f.invalid(at+"period", "%d is not a time from %d to %d µs", period, minPeriod, maxPeriod)
	}
	if quota = strings.TrimSpace(quota); quota == "" {
		return b
	}
	n, err := strconv.ParseInt(quota, 10, 64)
	if err != nil || n > 0 && (n < minQuota || n > maxQuota) {
		f.invalid(at+"quota", "'%.40s' is not a time from %d to %d µs, nor negative, which means no limit", quota, minQuota, maxQuota)
	}
	b.Quota = n
	return b
}

func (d *Def) formatCPUTune() *cpuTune {
	c := &d.CPU
	x := &cpuTune{
		Period: c.Period, Quota: quota(c.Quota), GlobalPeriod: c.Global.Period, GlobalQuota: quota(c.Global.Quota),
		EmulatorPeriod: c.Emulator.Period, EmulatorQuota: quota(c.Emulator.Quota),
		IOThreadPeriod: c.IOThread.Period, IOThreadQuota: quota(c.IOThread.Quota),
	}
	if c.Shares != 0 {
		x.Shares = &c.Shares
	}
	for _, p := range c.Pins {
		x.Pins = append(x.Pins, cpuPin{VCPU: &p.VCPU, Set: string(p.Set)})
	}
	if c.EmulatorPin != "" {
		x.EmulatorPin = &cpuPin{Set: string(c.EmulatorPin)}
	}
	if len(c.Pins) == 0 && c.EmulatorPin == "" && c.Shares == 0 && [4]Bandwidth{c.Bandwidth, c.Global, c.Emulator, c.IOThread} == [4]Bandwidth{} {
		return nil
	}
	return x
}

func quota(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
