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
	st, process, err := reap(first)
	switch {
	case process != nil:
		out.pid, out.process = uint32(first.Child()), process
		return nil
	case st.Signal:
		return &wire.Failed{Stage: "exec", Text: fmt.Sprintf("the process that enters the container was killed by signal %d", st.Code), Number: unix.ESRCH}
	}
	return errors.Join(errors.New("the process that enters the container ended unexpectedly"), err)
}

// reap waits for the first process, and returns the second one.
func reap(first *born.Newborn) (st pidfd.Status, process *os.File, err error) {
	_ = pidfd.Wait(first.Process)
	st, err = pidfd.Reap(first.Process)
	if child := first.Child(); child > 0 {
		process, err = pidfd.OfChild(child)
	}
	return st, process, err
}

// end ends both processes, and returns why there is no command. Both are reaped, however long that takes.
func (e *entry) end(x *errand, first *born.Newborn, cause error) error {
	_ = pidfd.Signal(first.Process, unix.SIGKILL)
	inTime := x.within(endLimit, func() { e.refuse(cause) }, func() {
		_, process, _ := reap(first)
		if process == nil {
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
