package nspawnconf

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/numberset"
)

// numbers returns what the settings of a unit with one value are, in the words of package domain.
func numbers() map[string]string {
	return map[string]string{
		"Slice": "Slice", "MemoryMax": "MemoryMax", "MemoryHigh": "MemoryHigh", "MemorySwapMax": "MemorySwapMax", "MemoryLow": "MemoryLow", "MemoryMin": "MemoryMin",
		"CPUWeight": "CPUWeight", "CPUQuota": "CPUQuotaPerSecUSec", "CPUQuotaPeriodSec": "CPUQuotaPeriodUSec", "AllowedCPUs": "AllowedCPUs",
		"AllowedMemoryNodes": "AllowedMemoryNodes", "TasksMax": "TasksMax", "IOWeight": "IOWeight",
	}
}

// perDevice returns the same for the settings of single devices.
func perDevice() map[string]string {
	return map[string]string{
		"IODeviceWeight": "IODeviceWeight", "IOReadBandwidthMax": "IOReadBandwidthMax", "IOWriteBandwidthMax": "IOWriteBandwidthMax",
		"IOReadIOPSMax": "IOReadIOPSMax", "IOWriteIOPSMax": "IOWriteIOPSMax", "IODeviceLatencyTargetSec": "IODeviceLatencyTargetUSec",
	}
}

// finishUnitLimits takes the limits. One that depends on another comes after it.
func (c *conversion) finishUnitLimits() {
	if s, ok := c.unit.limits["Slice"]; ok {
		c.slice(s)
	}
	order := []string{
		"MemoryMax", "MemoryHigh", "MemorySwapMax", "MemoryLow", "MemoryMin", "CPUWeight", "CPUQuotaPeriodSec", "CPUQuota", "AllowedCPUs", "AllowedMemoryNodes",
		"TasksMax", "IOWeight",
	}
	for _, key := range order {
		if s, ok := c.unit.limits[key]; ok {
			c.tune(s, c.limitOfUnit(s))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.unit.devices)) {
		for _, s := range c.unit.devices[key] {
			c.tune(s, c.limitOfDevice(s))
		}
	}
	if m := &c.def.Memory; *m.HardLimit < domain.Unlimited {
		m.Max, m.Current = *m.HardLimit, *m.HardLimit
	}
}

// tune has a limit in the definition, if the definition can have it.
func (c *conversion) tune(s setting, to *domain.Setting) {
	if to == nil {
		return
	}
	d := c.def
	d.OS.Arch = "" // whether it is the host's is not asked
	tuned, err := d.Tuned([]domain.Setting{*to}, false)
	if err != nil {
		c.warn(s, "it is lost: %v", err)
		return
	}
	c.def.Memory, c.def.CPU, c.def.NUMA, c.def.IO, c.def.Latencies = tuned.Memory, tuned.CPU, tuned.NUMA, tuned.IO, tuned.Latencies
	c.def.Extension.PIDs, c.def.Extension.MemoryMin, c.def.Extension.Idle = tuned.Extension.PIDs, tuned.Extension.MemoryMin, tuned.Extension.Idle
}

// limitOfUnit reads a limit. It returns nil after a warning.
func (c *conversion) limitOfUnit(s setting) *domain.Setting {
	to := domain.Setting{Property: numbers()[s.key]}
	ok := false
	percent, relative := strings.CutSuffix(s.value, "%")
	switch {
	case s.key == "CPUQuota":
		part, err := strconv.ParseFloat(percent, 64)
		ok = relative && err == nil && part > 0 && part < 1e9
		to.Number = uint64(math.Round(part * 10_000))
	case relative:
		c.warn(s, "a part of what the host has is no limit here: name a number")
		return nil
	case s.key == "AllowedCPUs" || s.key == "AllowedMemoryNodes":
		set, err := numberset.Parse(strings.Join(strings.FieldsFunc(s.value, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }), ","))
		to.Set, ok = set, err == nil
	case s.value == "infinity" && s.key == "TasksMax":
		c.warn(s, "the number of processes has Berth's limit; <berth:pids max=''/> sets another")
		return nil
	case s.value == "infinity" && strings.HasPrefix(s.key, "Memory"):
		to.Number, ok = domain.Infinity, true
	case s.key == "CPUWeight" && s.value == "idle":
		ok = true
	case s.key == "CPUQuotaPeriodSec":
		to.Number, ok = microseconds(s.value, 1_000_000)
	case strings.HasPrefix(s.key, "Memory"):
		to.Number, ok = size(s.value)
	default:
		n, err := strconv.ParseUint(s.value, 10, 63)
		to.Number, ok = n, err == nil && n > 0
	}
	if !ok {
		c.bad(s, "a value of this setting")
		return nil
	}
	if s.key == "MemorySwapMax" && *c.def.Memory.HardLimit >= domain.Unlimited {
		c.warn(s, "swap is limited together with the memory only, and that has no limit")
		return nil
	}
	return &to
}

// limitOfDevice reads DEVICE VALUE.
func (c *conversion) limitOfDevice(s setting) *domain.Setting {
	list := strings.Fields(s.value)
	if len(list) != 2 {
		c.bad(s, "a device and a value")
		return nil
	}
	if !strings.HasPrefix(list[0], "/dev/") {
		c.warn(s, "%.100s: name the device that the file is on, below /dev", list[0])
		return nil
	}
	n, ok := uint64(0), false
	switch s.key {
	case "IODeviceLatencyTargetSec":
		n, ok = microseconds(list[1], 1_000_000)
	case "IODeviceWeight":
		read, err := strconv.ParseUint(list[1], 10, 63)
		n, ok = read, err == nil
	default:
		n, ok = thousands(list[1])
	}
	if !ok {
		c.bad(s, "a device and a value")
		return nil
	}
	return &domain.Setting{Property: perDevice()[s.key], Devices: []domain.DeviceNumber{{Path: list[0], Number: n}}}
}

// thousands reads a number with a suffix for a power of 1000.
func thousands(text string) (uint64, bool) {
	factor, digits := uint64(1), text
	if i := strings.IndexByte("KMGT", last(text)); i >= 0 {
		digits = text[:len(text)-1]
		for range i + 1 {
			factor *= 1000
		}
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	return n * factor, err == nil && n <= math.MaxInt64/factor
}
