package launch

import (
	"os"

	"github.com/berthd/berth/internal/linux/namespace"
	"github.com/berthd/berth/internal/linux/pidfd"
	"github.com/berthd/berth/internal/plan"
)

// Namespace opens a namespace of a process of the host, or a network namespace by its name in /run/netns.
func (*Supervisors) Namespace(j plan.Join) (*os.File, error) {
	if j.NetNS != "" {
		return namespace.Named(j.NetNS)
	}
	return namespace.OfProcess(j.PID, namespace.Kind(j.Kind))
}

// Namespace opens a namespace of init. It returns os.ErrProcessDone if init has ended. It checks that the
// process is a child of this supervisor, and that the supervisor has not ended: the kernel may give init's
// pid to another process as soon as the supervisor has reaped init.
func (p *Process) Namespace(kind string) (*os.File, error) {
	f, err := namespace.OfChild(p.PID(), p.Leader(), namespace.Kind(kind))
	if err != nil {
		return nil, err
	}
	if !p.holdsPID() {
		_ = f.Close()
		return nil, os.ErrProcessDone
	}
	return f, nil
}

// LeaderPIDFD opens init as a pidfd. It makes the same checks.
func (p *Process) LeaderPIDFD() (*os.File, error) {
	f, err := namespace.Child(p.PID(), p.Leader())
	if err != nil {
		return nil, err
	}
	if !p.holdsPID() {
		_ = f.Close()
		return nil, os.ErrProcessDone
	}
	return f, nil
}

// holdsPID reports whether the supervisor's pid is still the supervisor's, and so was it until now.
func (p *Process) holdsPID() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child || p.gone {
		return !p.gone
	}
	return p.handle != nil && pidfd.Signal(p.handle, 0) == nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}
