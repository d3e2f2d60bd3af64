package supervisor

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/enter"
	"github.com/berthd/berth/internal/linux/born"
	"github.com/berthd/berth/internal/linux/pidfd"
	"github.com/berthd/berth/internal/wire"
)

// start creates the process and returns when the command is executed.
func (e *entry) start(x *errand, out *entered) error {
	birth := born.Birth{
		Files: append(append([]*os.File(nil), e.files...), e.init), Keep: 3, Calls: enter.Calls(&e.command),
	}
	first, group, err := e.create(&birth)
	if err != nil {
		return err
	}
	defer first.Close()
	defer func() { _ = group.Close() }()
	_ = first.Limit(time.Now().Add(enterLimit))
	if err := await(first, group); err != nil {
		return e.end(x, first, e.explain(err))
	}
	st, err := reap(first)
	if child := first.Child(); child > 0 {
		out.pid = uint32(child)
		return out.hold(e.Soon)
	}
	if st.Signal {
		return &wire.Failed{Stage: "exec", Text: fmt.Sprintf("the process that enters the container was killed by signal %d", st.Code), Number: unix.ESRCH}
	}
	return errors.Join(errors.New("the process that enters the container ended unexpectedly"), err)
}

// hold opens the command's process. If soon, it may be over by now: then it is reaped.
func (out *entered) hold(soon bool) (err error) {
	if soon {
		if st, err := pidfd.ReapChild(int(out.pid)); err == nil {
			out.status = &st
			return nil
		}
	}
	out.process, err = pidfd.OfChild(int(out.pid))
	return err
}

// reap waits for the first process, and reaps it.
func reap(first *born.Newborn) (st pidfd.Status, err error) {
	st, err = pidfd.Reap(first.Process) // mostly it has ended by now
	if errors.Is(err, pidfd.ErrRuns) {
		_ = pidfd.WaitUnpolled(first.Process)
		st, err = pidfd.Reap(first.Process)
	}
	if err == nil {
		first.Reaped()
	}
	return st, err
}

// end ends both processes, and returns why there is no command. Both are reaped, however long that takes.
func (e *entry) end(x *errand, first *born.Newborn, cause error) error {
	_ = pidfd.Signal(first.Process, unix.SIGKILL)
	inTime := x.within(endLimit, func() { e.refuse(cause) }, func() {
		_, _ = reap(first)
		child := first.Child()
		if child == 0 {
			return
		}
		process, err := pidfd.OfChild(child)
		if err != nil {
			return
		}
		_ = pidfd.Signal(process, unix.SIGKILL)
		_ = pidfd.Wait(process)
		_, _ = pidfd.Reap(process)
		_ = process.Close()
	})
	if !inTime {
		return errTold
	}
	return cause
}

// explain says in the caller's words why the command was not executed.
func (e *entry) explain(err error) error {
	if failed, ok := errors.AsType[*born.Error](err); ok {
		return enter.Explain(&e.command, failed)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &wire.Failed{Stage: "exec", Text: fmt.Sprintf("%s was not executed within %v: %v", e.Argv[0], enterLimit, errStuck), Number: unix.ETIMEDOUT}
	}
	return err
}
