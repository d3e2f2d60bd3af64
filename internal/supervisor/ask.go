package supervisor

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/berthd/berth/internal/linux/pidfd"
	"github.com/berthd/berth/internal/linux/signals"
	"github.com/berthd/berth/internal/shutdown"
	"github.com/berthd/berth/internal/wire"
)

const (
	lookPause = 5 * time.Millisecond // between two looks at init's signals
	insist    = 3 * time.Second      // after which an init that still runs is looked at again
	// A daemon's request is looked after for so many times insist. An order to end has no such limit: the
	// container is killed after its timeout.
	insistences = 5
)

// request is the state of asking init for something. A new one takes the place of the old one.
type request struct {
	order  bool // it must end: a container whose init listens to no signal is killed
	looks  shutdown.Looks
	said   syscall.Signal // 0: nothing yet
	again  int            // how often init was looked at again
	serial uint32         // of the daemon's Request
	signal bool           // the Request allows a signal
	open   bool           // the Request has no answer yet
	cause  error          // why init was not asked by its FIFO
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
	if s.request != nil && s.request.order {
		return nil
	}
	s.replace(&request{order: true})
	if s.stop != 0 {
		return s.say(s.request, s.stop)
	}
	return s.look(s.request)
}

// replace makes r what init is asked for. The daemon gets an answer to the request before.
func (s *supervisor) replace(r *request) {
	if old := s.request; old != nil {
		s.answer(old, errors.New("another request came"))
	}
	s.request = r
}

// look looks once at the signals that init listens to. It sends one when it is sure which. If it cannot look, as
// without a free descriptor, it tries again later: an error would end the container at once.
func (s *supervisor) look(r *request) error {
	if r != s.request {
		return nil
	}
	text, err := os.ReadFile("/proc/" + strconv.FormatUint(uint64(s.initPID), 10) + "/status")
	if err != nil {
		fmt.Fprintln(os.Stderr, "berth-supervisor: look at init's signals:", err)
		s.lookAgain(r)
		return nil
	}
	masks := shutdown.ParseMasks(string(text))
	masks.Caught |= signals.Awaited(s.initPID)
	sig, sure := r.looks.Add(masks)
	if !sure {
		s.lookAfter(r, lookPause)
		return nil
	}
	r.looks = shutdown.Looks{Goal: r.looks.Goal}
	if r.said != 0 {
		next, more := r.looks.Goal.Next(r.said, sig, masks)
		if !more {
			s.lookAgain(r)
			return nil
		}
		sig = next
	}
	switch {
	case r.said == 0 && s.stop != 0 && sig != r.looks.Goal.Systemd():
		return s.say(r, s.stop) // a reboot: the definition names a signal that ends init
	case sig != 0:
	case r.order:
		return s.payload.Kill()
	default:
		s.answer(r, deafError{r.looks.Goal})
		return nil
	}
	s.lookAgain(r)
	return s.say(r, sig)
}

// lookAfter makes look due after a pause. It does not wait.
func (s *supervisor) lookAfter(r *request, pause time.Duration) {
	time.AfterFunc(pause, func() { s.events <- event{look: r} })
}

// lookAgain makes look due later, in case what was said had no effect.
func (s *supervisor) lookAgain(r *request) {
	r.again++
	if r.order || r.again <= insistences {
		s.lookAfter(r, insist)
	}
}

// say sends init a signal, and answers the daemon's request.
func (s *supervisor) say(r *request, sig syscall.Signal) error {
	r.said = sig
	err := pidfd.Signal(s.init, sig)
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	if r.open {
		s.answer(r, err)
		return nil
	}
	return err
}
