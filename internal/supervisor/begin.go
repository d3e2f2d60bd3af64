package supervisor

import (
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/inherit"
	"github.com/berthd/berth/internal/wire"
)

// begin gives this process, and so init, those values of a service's beginning that belong to a whole process.
// berthd has forked it from a thread with those that belong to a thread (launch.Supervisors.Apart).
func begin(p *wire.Prepare) error {
	unix.Umask(0o022)
	inherit.ResetMemory()
	limits := make([]inherit.Limit, len(p.Limits))
	for i, l := range p.Limits {
		limits[i] = inherit.Limit(l)
	}
	if err := inherit.SetLimits(limits); err != nil {
		return err
	}
	for _, s := range p.Settings {
		if err := inherit.Setting(s).Write(); err != nil {
			return err
		}
	}
	return nil
}

// protect exempts this process from the OOM killer. The scope's limit holds for it too, and among many small
// processes it would be the largest. It is for a container that runs: init would inherit the exemption when it is
// cloned. And if the limit is too low for the start, nobody else is there to be killed: the Go runtime then ends
// this process in a less clear way. Without CAP_SYS_RESOURCE nothing changes.
func protect() {
	_ = inherit.Setting{File: inherit.OOMScoreAdj, Value: "-1000"}.Write()
}
