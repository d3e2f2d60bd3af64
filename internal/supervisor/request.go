package supervisor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/berthd/berth/internal/linux/initctl"
	"github.com/berthd/berth/internal/shutdown"
	"github.com/berthd/berth/internal/wire"
)

// Why init was not asked.
var (
	errStuck = errors.New("a file system of the container does not answer")
	errOrder = errors.New("the container is being stopped")
)

// deafError says that init listens to no signal that asks for a goal.
type deafError struct{ goal shutdown.Goal }

func (e deafError) Error() string {
	if e.goal == shutdown.Again {
		return "init listens to no signal that asks for it (SIGRTMIN+5, SIGHUP, SIGTERM)"
	}
	return "init listens to no signal that asks for it (SIGRTMIN+4, SIGTERM)"
}

// writeLimit is how long a write to init's initctl FIFO may take. It waits if the container serves the file system
// of the FIFO itself, and does not.
const writeLimit = 2 * time.Second

// serve carries out a daemon's request to init.
func (s *supervisor) serve(m *wire.Request) error {
	r := &request{serial: m.Serial, signal: m.Signal, open: true}
	if m.Reboot {
		r.looks.Goal = shutdown.Again
	}
	switch {
	case !s.running:
		s.answer(r, errors.New("init has not been executed"))
		return nil
	case s.request != nil && s.request.order:
		s.answer(r, errOrder)
		return nil
	}
	s.replace(r)
	if m.Initctl {
		s.writeInitctl(r)
		return nil
	}
	return s.signalInit(r)
}

// writeInitctl begins to write to init's initctl FIFO. It does not wait: the container may make the write last.
func (s *supervisor) writeInitctl(r *request) {
	level := initctl.PowerOff
	if r.looks.Goal == shutdown.Again {
		level = initctl.Reboot
	}
	to := initctl.Container{Init: s.initPID, Processes: s.processes}
	wrote := make(chan error, 1)
	select {
	case s.writing <- struct{}{}:
		go func() {
			defer func() { <-s.writing }()
			wrote <- to.Send(level)
		}()
	default: // an earlier one still waits
		wrote <- errStuck
	}
	go func() {
		var err error
		select {
		case err = <-wrote:
		case <-time.After(writeLimit):
			err = errStuck
		}
		s.events <- event{wrote: r, err: err}
	}()
}

// wrote goes on with a request whose write to init's initctl FIFO has ended.
func (s *supervisor) wrote(r *request, err error) error {
	switch {
	case r != s.request:
		return nil
	case err == nil || !r.signal:
		s.answer(r, err)
		return nil
	}
	r.cause = err
	return s.signalInit(r)
}

// signalInit asks init by a signal.
func (s *supervisor) signalInit(r *request) error {
	if s.stop != 0 && r.looks.Goal == shutdown.Off {
		return s.say(r, s.stop)
	}
	return s.look(r)
}

// answer tells the daemon how its request went. It does nothing if that was told before, or for an order.
func (s *supervisor) answer(r *request, err error) {
	if !r.open {
		return
	}
	r.open = false
	m := &wire.Answered{Serial: r.serial}
	switch {
	case err != nil && r.cause != nil:
		m.Fault = r.cause.Error() + ", and " + err.Error()
	case err != nil:
		m.Fault = err.Error()
	}
	if err := s.tell(m); err != nil {
		fmt.Fprintln(os.Stderr, "berth-supervisor: answer:", err)
	}
}

// processes returns the container's processes. It runs in a goroutine of its own.
func (s *supervisor) processes() ([]uint32, error) {
	var list []uint32
	top := fmt.Sprintf("/proc/self/fd/%d/.", s.payload.File().Fd())
	err := filepath.WalkDir(top, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return ignoreGone(err)
		}
		text, err := os.ReadFile(path + "/cgroup.procs")
		for pid := range strings.FieldsSeq(string(text)) {
			if n, err := strconv.ParseUint(pid, 10, 32); err == nil && n != 0 {
				list = append(list, uint32(n))
			}
		}
		return ignoreGone(err)
	})
	return list, err
}

// ignoreGone drops an error that says that a control group is gone, or has only threads.
func ignoreGone(err error) error {
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENODEV) || errors.Is(err, syscall.EOPNOTSUPP) {
		return nil
	}
	return err
}
