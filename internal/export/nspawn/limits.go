package nspawn

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/unitname"
)

// limits converts the properties of the scope into those of the service: both are systemd's, by the same names.
func (c *conversion) limits() {
	s, u := &c.Scope, &c.service
	number := func(key string, n *uint64) {
		if n != nil {
			u.set(key, limitText(*n))
		}
	}
	if slice := unitname.Slice(c.Def.Partition); slice != "machine.slice" {
		u.set("Slice", slice)
	}
	number("MemoryMax", s.MemoryMax)
	number("MemoryHigh", s.MemoryHigh)
	number("MemorySwapMax", s.MemorySwapMax)
	number("MemoryLow", s.MemoryLow)
	number("MemoryMin", s.MemoryMin)
	if s.CPUWeight != nil {
		weight := strconv.FormatUint(*s.CPUWeight, 10)
		if *s.CPUWeight == 0 {
			weight = "idle"
		}
		u.set("CPUWeight", weight)
	}
	if s.CPUQuotaPerSec != nil { // in hundredths of a percent
		n := (*s.CPUQuotaPerSec + 99) / 100
		u.set("CPUQuota", fmt.Sprintf("%d.%02d%%", n/100, n%100))
	}
	if s.CPUQuotaPeriod != nil {
		u.set("CPUQuotaPeriodSec", strconv.FormatUint(*s.CPUQuotaPeriod, 10)+"us")
	}
	set := func(key string, list []int) {
		if len(list) > 0 {
			u.set(key, strings.Trim(strings.Join(strings.Fields(fmt.Sprint(list)), " "), "[]"))
		}
	}
	set("AllowedCPUs", s.AllowedCPUs)
	set("AllowedMemoryNodes", s.AllowedNodes)
	number("TasksMax", s.TasksMax)
	c.blockIO(number)
	c.life()
}

func (c *conversion) blockIO(number func(string, *uint64)) {
	s := &c.Scope
	number("IOWeight", s.IOWeight)
	for _, l := range []struct {
		key, unit string
		list      []plan.DeviceFigure
	}{
		{"IODeviceWeight", "", s.IODeviceWeight},
		{"IOReadBandwidthMax", "", s.IOReadBPS},
		{"IOWriteBandwidthMax", "", s.IOWriteBPS},
		{"IOReadIOPSMax", "", s.IOReadIOPS},
		{"IOWriteIOPSMax", "", s.IOWriteIOPS},
		{"IODeviceLatencyTargetSec", "us", s.IOLatency},
	} {
		for _, f := range l.list {
			c.service.set(l.key, execWord(f.Path)+" "+strconv.FormatUint(f.Figure, 10)+l.unit)
		}
	}
}

// life converts what follows an end. systemd-nspawn ends with 133 if the container has asked for a reboot, and its
// service then starts it again.
func (c *conversion) life() {
	d, u := c.Def, &c.service
	if t := d.Extension.ShutdownTimeout; t != 0 {
		u.set("TimeoutStopSec", strconv.FormatUint(t, 10))
	}
	if d.OnReboot != domain.ActionRestart && d.OnReboot != domain.ActionRenameRestart {
		u.set("RestartForceExitStatus", "")
	}
	again := func(a domain.Action) bool {
		return a == domain.ActionRestart || a == domain.ActionRenameRestart || a == domain.ActionCoredumpRestart
	}
	switch off, crash := again(d.OnPoweroff), again(d.OnCrash); {
	case off && crash:
		u.set("Restart", "always")
	case off:
		u.set("Restart", "on-success")
	case crash:
		u.set("Restart", "on-failure")
	}
}

// lost says what systemd-nspawn never does.
func (c *conversion) lost() {
	d := c.Def
	if n := len(d.Consoles); n > 1 {
		c.warn("domain/devices/console[2]", "systemd-nspawn makes one terminal: the container lacks the other %d, and so container_ttys", n-1)
	}
	for _, l := range d.SecLabels {
		if l.Type == domain.LabelStatic && l.Model == domain.ModelSELinux {
			c.arguments = append(c.arguments, "--selinux-context="+l.Label)
		}
		if l.Type == domain.LabelDynamic {
			c.warn("domain/seclabel", "Berth chooses a label for each run; --selinux-context= and --selinux-apifs-context= take a fixed one")
		}
		if l.Relabel == "yes" {
			c.warn("domain/seclabel", "systemd-nspawn relabels no files of the root; see chcon(1)")
		}
	}
	var files []string
	for _, m := range c.Plan.Mounts {
		if m.Kind == plan.MountView {
			files = append(files, m.Target)
		}
	}
	if len(files) > 0 {
		c.warn("domain", "these files are the host's: %s; lxcfs(1) has some of them", strings.Join(files, ", "))
	}
	c.warn("domain", "what of /proc and /sys is read-only or hidden is the choice of systemd-nspawn")
	c.warn("domain", "init also has USER, LOGNAME, LANG, NOTIFY_SOCKET and container_host_* in its environment, and container=systemd-nspawn; CLOCK_MONOTONIC and CLOCK_BOOTTIME are the host's")
}
