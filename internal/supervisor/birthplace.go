package supervisor

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/cgroup"
	"github.com/berthd/berth/internal/linux/born"
	"github.com/berthd/berth/internal/linux/pidfd"
	"github.com/berthd/berth/internal/wire"
)

// frozenLook is when a process that has not executed its command is looked at. One that is created in a frozen group
// does not even close the supervisor's descriptors.
const frozenLook = 200 * time.Millisecond

// create creates the process in the container's control group for commands. Root of the container can change that
// group, or have one of the name before: with threads, with groups below that have controllers, with a limit, frozen,
// or removed at any moment. So it is thawed, and an empty one is replaced. If it cannot be, the process is created in
// the container's own group. That may have processes, unless it has sub-groups with controllers.
func (e *entry) create(birth *born.Birth) (_ *born.Newborn, group *cgroup.Dir, err error) {
	var cause error
	for _, open := range []func() (*cgroup.Dir, error){
		func() (*cgroup.Dir, error) { return e.payload.Join(cgroup.Commands) },
		func() (*cgroup.Dir, error) { return e.payload.Make(cgroup.Commands) },
		func() (*cgroup.Dir, error) { return e.payload.Sub(".") },
	} {
		if group, err = open(); err == nil {
			first, berr := e.createIn(birth, group)
			if berr == nil {
				return first, group, nil
			}
			err = berr
			_ = group.Close()
		}
		if cause == nil {
			cause = err
		}
		if !unusable(err) {
			return nil, nil, err
		}
	}
	return nil, nil, fmt.Errorf("no process can be created in the container's control group %s: %w", cgroup.Commands, cause)
}

// unusable says whether an error comes from the state of a group.
func unusable(err error) bool {
	for _, errno := range []unix.Errno{unix.EOPNOTSUPP, unix.EBUSY, unix.EAGAIN, unix.ENODEV, unix.ENOENT} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

func (e *entry) createIn(birth *born.Birth, group *cgroup.Dir) (*born.Newborn, error) {
	if group.File().Name() == cgroup.Commands {
		if e.mapped {
			if err := group.Chown(e.uid, e.gid); err != nil {
				return nil, err
			}
		}
		if err := thawed(group); err != nil {
			return nil, err
		}
	}
	birth.Group = group.File()
	return birth.Start()
}

// thawed thaws a group that root of the container has frozen. It returns an error if the container is suspended.
func thawed(group *cgroup.Dir) error {
	stopped, err := group.Stopped()
	if !stopped {
		return err
	}
	frozen, err := group.Frozen()
	if err == nil && frozen {
		err = group.Thaw()
	}
	if err != nil {
		return err
	}
	if stopped, err = group.Stopped(); stopped {
		return errSuspended()
	}
	return err
}

func errSuspended() error {
	return &wire.Failed{Stage: "exec", Text: "the container is suspended", Number: unix.EBUSY}
}

// await waits until the command is executed or not. It ends processes that are frozen meanwhile.
func await(first *born.Newborn, group *cgroup.Dir) error {
	var frozen bool
	looked := make(chan struct{})
	timer := time.AfterFunc(frozenLook, func() {
		defer close(looked)
		if frozen, _ = group.Stopped(); !frozen {
			return
		}
		_ = pidfd.Signal(first.Process, unix.SIGKILL)
		if child := first.Child(); child > 0 { // ours, and not reaped before this is over
			_ = unix.Kill(child, unix.SIGKILL)
		}
	})
	err := first.Await()
	if !timer.Stop() {
		<-looked
	}
	if frozen && (err == nil || errors.Is(err, os.ErrDeadlineExceeded)) {
		return errSuspended()
	}
	return err
}
