package oci

import (
	"fmt"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/export"
	"github.com/berthd/berth/internal/plan"
)

// links has the interfaces made by commands: a runtime makes none but lo.
func (c *conversion) links() {
	const when = "no runtime makes the interface; make it between create and start, PID being init's"
	for i := range c.Net.Interfaces {
		one := &c.Net.Interfaces[i]
		text := when
		if lost := export.Lost(one); len(lost) > 0 {
			text += "; still missing then: " + strings.Join(lost, ", ")
		}
		c.warnings.Instead(one.Element, text, export.LinkCommands(one)...)
	}
	for i := range c.Net.NICs {
		n := &c.Net.NICs[i]
		c.warnings.Instead(n.Element, fmt.Sprintf("no runtime moves %s into the container; move it between create and start, PID being init's", n.Name), export.NICCommands(n)...)
	}
}

// lost says what no bundle has, whatever the definition.
func (c *conversion) lost() {
	d := c.Def
	for n := range d.Consoles {
		if d.Extension.Journal&(1<<n) != 0 {
			c.warn("domain/berth:container/berth:journal", "the output of console %d does not go to the journal", n)
			break
		}
	}
	if c.Plan.Deny != nil {
		c.warn("domain/berth:container/berth:seccomp", "what a call of another architecture or of x32 gets is the runtime's choice, not ENOSYS")
	}
	if d.OnReboot == domain.ActionRestart || d.OnReboot == domain.ActionRenameRestart || again(d.OnPoweroff) || again(d.OnCrash) {
		c.warn("domain/on_reboot", "a runtime starts nothing again: a reboot, too, is the end")
	}
	var files []string
	for _, m := range c.Plan.Mounts {
		if m.Kind == plan.MountView || m.Kind == plan.MountBootID {
			files = append(files, m.Target)
		}
	}
	if len(files) > 0 {
		c.warn("domain", "these files are the host's: %s; lxcfs(1) has some of them", strings.Join(files, ", "))
	}
	c.warn("domain", "CLOCK_MONOTONIC and CLOCK_BOOTTIME are the host's, and systemd-machined does not know the container")
}

func again(a domain.Action) bool {
	return a == domain.ActionRestart || a == domain.ActionRenameRestart || a == domain.ActionCoredumpRestart
}
