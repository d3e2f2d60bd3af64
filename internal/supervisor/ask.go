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

const (
	lookPause = 5 * time.Millisecond // between two looks at init's signals
	insist    = 3 * time.Second      // after which an init that still runs is looked at again
)

// request is the state of asking init to end.
type request struct {
	begun bool
	looks shutdown.Looks
	said  syscall.Signal // 0: nothing yet
}

// ordered obeys systemd's order to end, which is the scope's KillSignal or SIGTERM. It tells the daemon, if
// there is one. It saves an exit status at once, because systemd may kill this process, too.
func (s *supervisor) ordered() error {
	if s.asked {
		return nil
	}
	s.asked = true
	if s.running {
		if err := saveExit(&wire.Exited{Code: int32(syscall.SIGKILL), Signal: true, Asked: true}); err != nil {
			fmt.Fprintln(os.Stderr, "berth-supervisor:", err)
		}
	}
	if err := s.tell(&wire.Asked{}); err != nil {
		return err
	}
	return s.terminate()
}

// terminate asks init to end, ordered by systemd or berthd. Init gets the signal of its definition or, without
// one, a signal that it listens to. If it listens to none, the container is killed. A suspended container is
// thawed: it could not handle the signal.
func (s *supervisor) terminate() error {
	if !s.running {
		return &wire.Failed{Stage: "stop", Text: "systemd stopped the scope before init was executed"}
	}
	if err := s.payload.Thaw(); err != nil {
		fmt.Fprintln(os.Stderr, "berth-supervisor:", err)
	}
	if s.request.begun {
		return nil
	}
	s.request.begun = true
	if s.stop != 0 {
		return s.say(s.stop)
	}
	return s.look()
}

// look looks once at the signals that init listens to. It sends one when it is sure which. If it cannot look, as
// without a free descriptor, it tries again later: an error would end the container at once.
func (s *supervisor) look() error {
	text, err := os.ReadFile("/proc/" + strconv.FormatUint(uint64(s.initPID), 10) + "/status")
	if err != nil {
		fmt.Fprintln(os.Stderr, "berth-supervisor: look at init's signals:", err)
		s.lookAfter(insist)
		return nil
	}
	masks := shutdown.ParseMasks(string(text))
	sig, sure := s.request.looks.Add(masks)
	if !sure {
		s.lookAfter(lookPause)
		return nil
	}
	s.request.looks = shutdown.Looks{}
	if said := s.request.said; said != 0 {
		next, more := shutdown.Next(said, sig, masks)
		if !more {
			s.lookAfter(insist)
			return nil
		}
		sig = next
	}
	if sig == 0 {
		return s.payload.Kill()
	}
	s.lookAfter(insist)
	return s.say(sig)
}

// lookAfter makes look due after a pause. It does not wait.
func (s *supervisor) lookAfter(pause time.Duration) {
	time.AfterFunc(pause, func() { s.events <- event{look: true} })
}

func (s *supervisor) say(sig syscall.Signal) error {
	s.request.said = sig
	if err := pidfd.Signal(s.init, sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}
