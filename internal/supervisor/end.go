package supervisor

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/berthd/berth/internal/linux/pidfd"
	"github.com/berthd/berth/internal/shutdown"
	"github.com/berthd/berth/internal/wire"
)

// patience bounds how long a killed init may take to be gone.
const patience = 30 * time.Second

// kill ends every process of the container and waits for init, so that nothing of it runs when
// berthd hears of a failure.
func (s *supervisor) kill() {
	if s.payload != nil {
		if err := s.payload.Kill(); err != nil {
			fmt.Fprintln(os.Stderr, "berth-supervisor:", err)
		}
	}
	if s.init != nil {
		_ = pidfd.Signal(s.init, syscall.SIGKILL)
		_ = pidfd.WaitFor(s.init, patience)
		_, _ = pidfd.Reap(s.init)
	}
}

// ended collects init's status, keeps it, and tells it.
func (s *supervisor) ended() error {
	st, err := pidfd.Reap(s.init)
	if err != nil {
		return err
	}
	if err := s.lastWords(); err != nil {
		return err
	}
	for _, c := range s.consoles {
		c.finish()
	}
	exited := &wire.Exited{Code: st.Code, Signal: st.Signal, Dumped: st.Dumped, Asked: s.asked}
	if err := keep(exited); err != nil {
		// berthd still hears it, if it is there.
		fmt.Fprintln(os.Stderr, "berth-supervisor:", err)
	}
	return s.tell(exited)
}

// lastWords reads the remaining messages of an init that has ended. Its socket may have closed because of
// execve(2) or because it died; the messages tell which.
func (s *supervisor) lastWords() error {
	for !s.running {
		e := <-s.events
		switch {
		case e.from == nil: // a signal
		case e.from == s.initConn:
			if err := s.fromInit(e); err != nil {
				return err
			}
		case e.from == s.control && e.message == nil:
			_ = s.control.Close()
			s.control = nil
		}
		// Any order of berthd's comes too late.
	}
	return nil
}

// terminate asks init to end: berthd wants it, or systemd by SIGTERM, when it stops the scope and no
// berthd is there to be asked. Init gets the signal of its definition, else the word that it
// understands; one that understands none is killed.
func (s *supervisor) terminate() error {
	if !s.running {
		return &wire.Failed{Stage: "stop", Text: "systemd stopped the scope before init was executed"}
	}
	sig := s.stop
	if sig == 0 {
		text, err := os.ReadFile("/proc/" + strconv.FormatUint(uint64(s.initPID), 10) + "/status")
		if err != nil {
			return err
		}
		listens := false
		if sig, listens = shutdown.ParseMasks(string(text)).Signal(); !listens {
			return s.payload.Kill()
		}
	}
	if err := pidfd.Signal(s.init, sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// keep writes the exit status as a file, whole or not at all.
func keep(e *wire.Exited) error {
	if err := os.WriteFile(wire.ExitFile+".new", wire.Encode(e), 0o600); err != nil {
		return err
	}
	return os.Rename(wire.ExitFile+".new", wire.ExitFile)
}

// errno finds the errno of an error for the wire; 0 when there is none.
func errno(err error) syscall.Errno {
	var n syscall.Errno
	_ = errors.As(err, &n)
	return n
}
