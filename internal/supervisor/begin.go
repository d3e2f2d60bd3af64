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
