package supervisor

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/inherit"
	"github.com/berthd/berth/internal/wire"
)

// begin enters the run's directory, and gives this process, and so init, those values of a service's beginning that belong to a whole process.
// berthd has forked it from a thread with those that belong to a thread (launch.Supervisors.Apart).
func begin(p *wire.Prepare) error {
	setName(p.Name)
	if err := os.Chdir(p.Dir); err != nil {
		return err
	}
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

// setName puts the container's name into this process's second argument, where ps(1) and berthd find it: the process
// began before it had a container. Go's os.Args are the arguments themselves, not copies.
func setName(container string) {
	if len(os.Args) != 2 || len(os.Args[1]) <= len(container) {
		return
	}
	room := unsafe.Slice(unsafe.StringData(os.Args[1]), len(os.Args[1]))
	end := copy(room, container)
	clear(room[end:])
	// Without CAP_SYS_RESOURCE the rest of the argument is shown, as NUL bytes.
	_ = unix.Prctl(unix.PR_SET_MM, unix.PR_SET_MM_ARG_END, uintptr(unsafe.Pointer(&room[end]))+1, 0, 0)
}

// protect exempts this process from the OOM killer. The scope's limit holds for it too, and among many small
// processes it would be the largest. It is for a container that runs: init would inherit the exemption when it is
// cloned. And if the limit is too low for the start, nobody else is there to be killed: the Go runtime then ends
// this process in a less clear way. Without CAP_SYS_RESOURCE nothing changes.
func protect() {
	_ = inherit.Setting{File: inherit.OOMScoreAdj, Value: "-1000"}.Write()
}
