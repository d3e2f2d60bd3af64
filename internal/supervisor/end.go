package supervisor

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/berthd/berth/internal/linux/pidfd"
	"github.com/berthd/berth/internal/wire"
)

// killLimit is how long to wait for the end of a killed init.
const killLimit = 30 * time.Second

// kill kills every process of the container and waits for the end of init. So none runs any more when berthd
// hears of the failure.
func (s *supervisor) kill() {
	if s.payload != nil {
		if err := s.payload.Kill(); err != nil {
			fmt.Fprintln(os.Stderr, "berth-supervisor:", err)
		}
	}
	if s.init != nil {
		_ = pidfd.Signal(s.init, syscall.SIGKILL)
		_ = pidfd.WaitFor(s.init, killLimit)
		_, _ = pidfd.Reap(s.init)
	}
}

// ended reaps init, writes the exit status to its file and sends it to berthd.
func (s *supervisor) ended() error {
	st, err := pidfd.Reap(s.init)
	if err != nil {
		return err
	}
	s.status = &st
	if s.stage != nil {
		reach(s.stage.over)
	}
	if err := s.drainInit(); err != nil {
		return err
	}
	s.awaitCommands()
	for _, c := range s.consoles {
		c.finish()
	}
	dismiss(s.consoles, farewell)
	s.devices.letAllGo()
	exited := &wire.Exited{Code: st.Code, Signal: st.Signal, Dumped: st.Dumped, Asked: s.asked}
	killed := s.oomKills()
	if err := errors.Join(saveKilled(killed), saveExit(exited)); err != nil {
		// berthd still gets the status, if it is there.
		fmt.Fprintln(os.Stderr, "berth-supervisor:", err)
	}
	if len(s.passed.files) > 0 {
		if err := s.tell(&wire.Kept{Places: s.passed.places}, s.passed.files...); err != nil {
			return err
		}
	}
	if killed != nil {
		if err := s.tell(killed); err != nil {
			return err
		}
	}
	return s.tell(exited)
}

// drainInit handles what is left of the init stage of an init that has ended. It tells whether init was executed, or
// died before. It returns an error if init was not executed.
func (s *supervisor) drainInit() error {
	for !s.running {
		e := <-s.events
		switch {
		case e.stage != nil:
			if err := s.fromStage(e.stage); err != nil {
				return err
			}
		case e.from == nil: // a signal
		case e.from == s.control && e.message == nil:
			_ = s.control.Close()
			s.control = nil
		}
		// Any order of berthd comes too late.
	}
	return nil
}

// saveExit writes the exit status to its file.
func saveExit(e *wire.Exited) error { return saveMessage(wire.ExitFile, e) }

// saveMessage writes a message to a file, whole or not at all.
func saveMessage(file string, m wire.Message) error {
	if err := os.WriteFile(file+".new", wire.Encode(m), 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// errno returns the errno in an error, or 0 if there is none.
func errno(err error) syscall.Errno {
	var n syscall.Errno
	_ = errors.As(err, &n)
	return n
}
