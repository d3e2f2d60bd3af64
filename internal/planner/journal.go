package planner

import (
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/unitname"
)

// journal returns which consoles' output goes to the journal. PRIORITY is that of syslog(3), LOG_INFO. MACHINE is
// also a field of what systemd says about a machine. OBJECT_SYSTEMD_UNIT shows the lines in the log of the scope
// (journalctl --unit=): journald itself finds the unit of a sender only as long as that lives, and the supervisor ends
// soon after the last line.
func journal(d *domain.Def) (j plan.Journal) {
	for n := range d.Consoles {
		if d.Extension.Journal&(1<<n) != 0 {
			j.Consoles = append(j.Consoles, uint32(n))
		}
	}
	if len(j.Consoles) > 0 {
		machine := d.MachineName()
		j.Fields = []string{
			"SYSLOG_IDENTIFIER=" + machine, "PRIORITY=6", "MACHINE=" + machine,
			"CONTAINER_NAME=" + d.Name, "CONTAINER_UUID=" + d.UUID.String(), "OBJECT_SYSTEMD_UNIT=" + unitname.Scope(machine),
		}
	}
	return j
}
