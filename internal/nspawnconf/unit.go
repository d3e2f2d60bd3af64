package nspawnconf

import (
	"path"
	"slices"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/native"
	"github.com/berthd/berth/internal/unitname"
)

// DropIn is a file that changes the unit of a container, systemd-nspawn@NAME.service.
type DropIn struct{ File, Text string }

// unit is what drop-ins say. Of a setting with one value the last line counts, and an empty line takes all before it
// back.
type unit struct {
	limits  map[string]setting
	devices map[string][]setting // limits of single devices, by their keys
	allowed []setting            // DeviceAllow=
}

// readUnit reads the drop-ins, in the order in which systemd applies them.
func (c *conversion) readUnit(list []DropIn) *native.Error {
	c.unit = unit{map[string]setting{}, map[string][]setting{}, nil}
	for _, d := range list {
		settings, fault := lines(d.File, d.Text, func(line int, text string) {
			c.warnings = append(c.warnings, native.Warning{File: d.File, Line: line, Text: text})
		})
		if fault != nil {
			return fault
		}
		for _, s := range settings {
			if text, ok := c.specifiers(s.value); ok {
				s.value = text
				c.unitSetting(s)
			} else {
				c.warn(s, "'%.60s' has specifiers of systemd's other than %%i and %%I: it is lost", s.value)
			}
		}
	}
	return nil
}

// specifiers replaces the name of the machine (systemd.unit(5)), which machinectl(1) does not escape for the unit.
func (c *conversion) specifiers(text string) (string, bool) {
	text = strings.NewReplacer("%%", "\x00", "%i", c.options.Name, "%I", c.options.Name).Replace(text)
	for i := range len(text) { // a number of % has nothing behind it
		if text[i] == '%' && i+1 < len(text) && text[i+1] != ' ' {
			return "", false
		}
	}
	return strings.ReplaceAll(text, "\x00", "%"), true
}

func (c *conversion) unitSetting(s setting) {
	switch {
	case strings.HasPrefix(s.section, "X-"), s.section == "Install", slices.Contains(silent(), s.key):
	case s.section == "Unit":
		c.warn(s, "berth@%.100s.service starts the container with the host: have that line in a drop-in of it", unitname.Escape(c.options.Name))
	case s.section != "Service":
		c.warn(s, "it is no setting that Berth knows of section [%.40s], and is lost", s.section)
	case s.key == "DeviceAllow" && s.value == "":
		c.unit.allowed = nil
	case s.key == "DeviceAllow":
		c.unit.allowed = append(c.unit.allowed, s)
	case perDevice()[s.key] != "" && s.value == "":
		delete(c.unit.devices, s.key)
	case perDevice()[s.key] != "":
		c.unit.devices[s.key] = append(c.unit.devices[s.key], s)
	case numbers()[s.key] != "" && s.value == "":
		delete(c.unit.limits, s.key)
	case numbers()[s.key] != "":
		c.unit.limits[s.key] = s
	case s.value == "":
	default:
		c.warn(s, "%s", unitReason(s))
	}
}

// silent are settings that say what a container of Berth's has, or nothing of it.
func silent() []string {
	return []string{
		"Description", "Documentation", "Delegate", "CPUAccounting", "MemoryAccounting", "IOAccounting", "BlockIOAccounting", "TasksAccounting",
		"Type", "KillMode", "RestartForceExitStatus", "SuccessExitStatus", "WatchdogSec",
	}
}

// unitReason says what is lost with a setting of [Service] without a counterpart.
func unitReason(s setting) string {
	switch {
	case s.key == "ExecStart":
		return "the options of this command line are not read: what they say has to be in the settings file, or in the definition"
	case strings.HasPrefix(s.key, "Exec"):
		return "Berth runs no commands with a container; a drop-in of berth@.service can have them, or berthctl event"
	case s.key == "Restart":
		return "<on_reboot> and <on_crash> say what happens after the end of the container's init"
	case s.key == "Environment" || s.key == "EnvironmentFile":
		return "it is the environment of systemd-nspawn, not of the container"
	case s.key == "DevicePolicy":
		return "a container may use the standard devices and its own ones, and no others"
	case strings.HasPrefix(s.key, "Limit"):
		return "systemd-nspawn sets the limits of a container itself; <berth:rlimit> does here"
	case s.key == "TimeoutStopSec":
		return "StopTimeoutSec= in berth.conf(5) is the time of all containers"
	}
	return "it has no counterpart, and is lost"
}

// finishUnit takes what drop-ins say, after the devices of the settings file.
func (c *conversion) finishUnit() {
	for _, s := range c.unit.allowed {
		c.allow(s)
	}
	c.finishUnitLimits()
}

// slice makes a partition of the unit's slice.
func (c *conversion) slice(s setting) {
	var b strings.Builder
	for part := range strings.SplitSeq(strings.TrimSuffix(s.value, ".slice"), "-") {
		b.WriteString("/" + unitname.Unescape(part))
	}
	partition := b.String()
	switch {
	case s.value == "machine.slice":
	case s.value == "-.slice" || unitname.Slice(partition) != s.value:
		c.bad(s, "a slice below that of the host, such as machine-web.slice")
	default:
		c.def.Partition = partition
	}
}

// allow takes DeviceAllow=: a node of the host, and what is allowed of read, write and mknod.
func (c *conversion) allow(s setting) {
	list := strings.Fields(s.value)
	node := path.Clean(list[0])
	switch {
	case !strings.HasPrefix(node, "/dev/"):
		c.warn(s, "%.100s: a container gets single devices: give it each one as <hostdev>", list[0])
		return
	case len(list) > 2:
		c.bad(s, "a device and letters of rwm")
		return
	}
	had := slices.ContainsFunc(c.def.HostDevices, func(d domain.HostDevice) bool { return d.Source == node })
	if !c.device(s, domain.Filesystem{Source: node, Target: node}) || had {
		return
	}
	if len(list) == 2 && strings.Trim(list[1], "m") != "rw" && strings.Trim(list[1], "m") != "wr" {
		c.warn(s, "%.100s: the container may read and write its devices", node)
	}
}
