package supervisor

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/inherit"
	"github.com/berthd/berth/internal/linux/signals"
	"github.com/berthd/berth/internal/wire"
)

// begin enters the run's directory, and gives this process, and so init, those values of a service's beginning that
// belong to a whole process. berthd has forked it from a thread with those that belong to a thread
// (launch.Supervisors.Apart).
func begin(p *wire.Prepare) error {
	setName(p.Name)
	if err := os.Chdir(p.Dir); err != nil {
		return err
	}
	unix.Umask(0o022)
	_ = signals.ForgoChildren() // with them it only runs slower
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

// setName makes this process's arguments "berth-supervisor" and the container's name, for ps(1) and for berthd, which
// looks for it: the process began before it had a container. It writes over the arguments, which os.Args are, not
// copies.
func setName(container string) {
	const program = "berth-supervisor "
	if len(os.Args) != 2 || len(program)+len(container) >= len(os.Args[0])+len(os.Args[1]) {
		return
	}
	first, second := unsafe.Pointer(unsafe.StringData(os.Args[0])), unsafe.Pointer(unsafe.StringData(os.Args[1]))
	if uintptr(second)-uintptr(first) != uintptr(len(os.Args[0]))+1 {
		return
	}
	room := unsafe.Slice((*byte)(first), len(os.Args[0])+1+len(os.Args[1])+1)
	clear(room[copy(room, program+container):])
	// The kernel then shows what is before the first NUL (fs/proc/base.c, get_mm_proctitle; Linux 5.3).
	room[len(room)-1] = '.'
}

// protect exempts this process from the OOM killer. The scope's limit holds for it too, and among many small
// processes it would be the largest. It is for a container that runs: init would inherit the exemption when it is
// cloned. And if the limit is too low for the start, nobody else is there to be killed: the Go runtime then ends
// this process in a less clear way. Without CAP_SYS_RESOURCE nothing changes.
func protect() {
	_ = inherit.Setting{File: inherit.OOMScoreAdj, Value: "-1000"}.Write()
}
