package domain

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/berthd/berth/internal/numberset"
)

// Setting is a new value of one limit, weight or binding. Property is systemd's name (systemd.resource-control(5)), or
// the element's for what systemd has none. Which of the values counts depends on the property: KindOf.
type Setting struct {
	Property string
	Number   uint64        // bytes, µs or a weight; Infinity means no limit, or unset
	Set      numberset.Set // "" means all
	Devices  []DeviceNumber
	Text     string
}

// DeviceNumber is a weight or limit for one block device. Infinity and 0 take it away.
type DeviceNumber struct {
	Path   string
	Number uint64
}

// SettingKind says which of a Setting's values counts.
type SettingKind int

// The kinds. NoSetting is that of an unknown property.
const (
	NoSetting SettingKind = iota
	NumberSetting
	SetSetting
	DeviceSetting
	TextSetting
)

// numberSettings are in the order in which they are applied: one that depends on another comes after it.
func numberSettings() []string {
	return []string{
		"Memory", "CurrentMemory", "MemoryMax", "MemoryHigh", "MemorySwapMax", "MemoryLow", "MemoryMin", "CPUWeight", "CPUQuotaPeriodUSec",
		"CPUQuotaPerSecUSec", "TasksMax", "IOWeight", "VCPUs",
	}
}

// KindOf returns the kind of a property.
func KindOf(property string) SettingKind {
	switch property {
	case "AllowedCPUs", "AllowedMemoryNodes":
		return SetSetting
	case "IODeviceWeight", "IOReadBandwidthMax", "IOWriteBandwidthMax", "IOReadIOPSMax", "IOWriteIOPSMax", "IODeviceLatencyTargetUSec":
		return DeviceSetting
	case "NUMAMode":
		return TextSetting
	}
	if slices.Contains(numberSettings(), property) {
		return NumberSetting
	}
	return NoSetting
}

// Tuned returns the definition with other limits. running says that it is the live one: CurrentMemory is a limit in
// force then, and Memory cannot change. It returns an *Error or *Errors if a value is out of range or contradicts
// another.
func (d *Def) Tuned(list []Setting, running bool) (*Def, error) {
	tuned, err := d.copied()
	if err != nil {
		return nil, err
	}
	order := func(s Setting) int {
		if KindOf(s.Property) == TextSetting {
			return len(numberSettings())
		}
		return slices.Index(numberSettings(), s.Property)
	}
	list = slices.SortedStableFunc(slices.Values(list), func(a, b Setting) int { return cmp.Compare(order(a), order(b)) })
	for _, s := range list {
		if e := tuned.tune(s, running); e != nil {
			return nil, e
		}
	}
	tuned, err = tuned.copied() // by all rules
	return tuned, withoutLines(err)
}

// copied returns a copy of a definition, with the names that a run has chosen. It returns an *Error or *Errors if it
// breaks a rule.
func (d *Def) copied() (*Def, error) {
	text, err := d.Format(FormatOptions{Run: true})
	if err != nil {
		return nil, err
	}
	return ParseRun([]byte(text))
}

// withoutLines takes the lines from the errors of a text that nobody but Berth has seen.
func withoutLines(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		e.Line = 0
	}
	if list, ok := errors.AsType[*Errors](err); ok {
		for _, e := range list.List {
			e.Line = 0
		}
	}
	return err
}

func (d *Def) tune(s Setting, running bool) *Error {
	switch KindOf(s.Property) {
	case NumberSetting:
		if e := d.tuneMemory(s, running); e != nil {
			return e
		}
		if e := d.tuneVCPUs(s, running); e != nil {
			return e
		}
		return d.tuneNumber(s)
	case SetSetting:
		if s.Property == "AllowedCPUs" {
			d.CPU.Set, d.CPU.Auto = s.Set, d.CPU.Auto && s.Set == ""
			return nil
		}
		if d.NUMA.Nodes = s.Set; d.NUMA.Mode == "" {
			d.NUMA.Mode = NUMAStrict
		}
	case DeviceSetting:
		return d.tuneDevices(s)
	case TextSetting:
		return d.tuneNUMAMode(s)
	case NoSetting:
		return invalid(s.Property, "it is no limit that can be changed")
	}
	return nil
}

// tuneNUMAMode changes the mode of <numatune>. It comes after the set of nodes, without which there is no mode.
func (d *Def) tuneNUMAMode(s Setting) *Error {
	switch mode := NUMAMode(s.Text); {
	case mode != NUMAStrict && mode != NUMARestrictive:
		return invalid(s.Property, "'%.40s' is neither strict nor restrictive, which bind the container's memory to the nodes; Berth has no other mode", s.Text)
	case d.NUMA.Nodes == "":
		return invalid(s.Property, "it says how memory is bound to nodes, and the container is bound to none; set AllowedMemoryNodes, too")
	default:
		d.NUMA.Mode = mode
	}
	return nil
}

// tuneVCPUs changes the number of processors in a stored definition, which limits nothing.
func (d *Def) tuneVCPUs(s Setting, running bool) *Error {
	switch {
	case s.Property != "VCPUs":
	case running:
		return unsupported(s.Property, "a running container sees the processors of the host; AllowedCPUs and CPUQuotaPerSecUSec limit it")
	case s.Number == 0 || s.Number > maxVCPUs:
		return invalid(s.Property, "%d is not a number of processors from 1 to %d", s.Number, maxVCPUs)
	default:
		d.VCPUs, d.VCPUsNow = uint(s.Number), 0
	}
	return nil
}

// tuneMemory changes what is in bytes.
func (d *Def) tuneMemory(s Setting, running bool) *Error {
	m := &d.Memory
	kib := s.Number/1024 + min(s.Number%1024, 1)
	if s.Number == Infinity || kib > Unlimited {
		kib = Unlimited
	}
	switch s.Property {
	case "Memory":
		if running {
			return unsupported(s.Property, "the size of a running container cannot change, only its limits; CurrentMemory and MemoryMax can")
		}
		m.Max, m.Current = kib, min(m.Current, kib)
	case "CurrentMemory":
		if kib == 0 || kib > m.Max {
			return invalid(s.Property, "%d KiB is not from 1 KiB to the container's %d KiB", kib, m.Max)
		}
		if m.Current = kib; running {
			m.limit(kib)
		}
	case "MemoryMax":
		m.limit(kib)
	case "MemoryHigh":
		m.SoftLimit = &kib
	case "MemorySwapMax":
		if total := m.Limit(); kib < Unlimited && total < Unlimited {
			kib = min(kib+total, Unlimited)
		} else {
			kib = Unlimited
		}
		m.SwapHardLimit = &kib
	case "MemoryLow":
		m.MinGuarantee = &kib
	case "MemoryMin":
		d.Extension.MemoryMin = kib
	}
	return nil
}

// limit changes the limit of memory. That of swap stays: in a definition it is one of both together.
func (m *Memory) limit(kib uint64) {
	before := m.Limit()
	m.HardLimit = &kib
	if m.SwapHardLimit == nil || *m.SwapHardLimit >= Unlimited {
		return
	}
	both := uint64(Unlimited)
	if kib < Unlimited && before < Unlimited {
		both = min(*m.SwapHardLimit-before+kib, Unlimited)
	}
	m.SwapHardLimit = &both
}

// tuneNumber changes the other numbers. The rules of the XML check their ranges, where a definition can have them.
func (d *Def) tuneNumber(s Setting) *Error {
	unset := s.Number == Infinity
	number := s.Number
	if unset {
		number = 0
	}
	switch s.Property {
	case "CPUWeight":
		d.CPU.Shares, d.Extension.Idle = number, s.Number == 0
	case "IOWeight":
		if s.Number == 0 {
			return invalid(s.Property, "0 is not a weight from 1 to %d", maxWeight)
		}
		d.IO.Weight = number
	case "TasksMax":
		if s.Number == 0 {
			return invalid(s.Property, "0 is not a number of processes from %d to %d", minPIDs, maxPIDs)
		}
		d.Extension.PIDs = number
	case "CPUQuotaPeriodUSec":
		if s.Number == 0 {
			return invalid(s.Property, "0 is not a time from %d to %d µs", minPeriod, maxPeriod)
		}
		// The quota is for a period, and systemd's for a second.
		before := d.CPU.period()
		d.CPU.Period = number
		if d.CPU.Quota > 0 {
			d.CPU.Quota = int64(math.Round(float64(d.CPU.Quota) * float64(d.CPU.period()) / float64(before)))
		}
	case "CPUQuotaPerSecUSec":
		if unset {
			d.CPU.Quota = -1
			return nil
		}
		quota := float64(s.Number) * float64(d.CPU.period()) / 1e6
		if quota < minQuota || quota > maxQuota {
			return invalid(s.Property, "%d µs in each second are %.0f in each period of %d µs, which is not from %d to %d", s.Number, quota, d.CPU.period(), minQuota, uint64(maxQuota))
		}
		d.CPU.Quota = int64(quota)
	}
	return nil
}

// period returns the period of the quota in µs: the kernel's, unless there is one.
func (b *Bandwidth) period() uint64 {
	if b.Period == 0 {
		return 100000
	}
	return b.Period
}

// String says what is set, for a log.
func (s Setting) String() string {
	switch KindOf(s.Property) {
	case SetSetting:
		return s.Property + "=" + string(s.Set)
	case DeviceSetting:
		return s.Property + "=" + fmt.Sprint(s.Devices)
	case TextSetting:
		return s.Property + "=" + s.Text
	case NumberSetting, NoSetting:
	}
	return fmt.Sprint(s.Property, "=", s.Number)
}
