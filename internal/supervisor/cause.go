package supervisor

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/pidfd"
	"github.com/berthd/berth/internal/wire"
)

// causeLimit is how long a failed start waits for what the init stage says, or for the stage's end.
const causeLimit = time.Second

// firstCause returns the error that the init stage has had, or err if it has had none: an error of this process
// may only follow from the stage's end. All processes of the container have been killed.
func (s *supervisor) firstCause(err error) error {
	if s.stage == nil {
		return err
	}
	reach(s.stage.over)
	limit := time.NewTimer(causeLimit)
	defer limit.Stop()
	for {
		select {
		case e := <-s.events:
			closeFiles(e.files)
			if e.stage == nil || e.stage.err == nil {
				continue
			}
			if failed, ok := errors.AsType[*wire.Failed](e.stage.err); ok {
				return failed
			}
			return err
		case <-limit.C:
			return err
		}
	}
}

// initDied returns why the init stage ended without a message.
func (s *supervisor) initDied() error {
	if err := s.outOfMemory(); err != nil {
		return err
	}
	s.awaitStatus()
	const text = "the init stage ended unexpectedly"
	switch st := s.status; {
	case st == nil:
		return errors.New(text)
	case st.Signal:
		return fmt.Errorf("%s: signal %d (%s)", text, st.Code, unix.SignalName(unix.Signal(st.Code)))
	default:
		return fmt.Errorf("%s: exit status %d", text, st.Code)
	}
}

// awaitStatus waits for the end of the init stage, and reaps it.
func (s *supervisor) awaitStatus() {
	limit := time.NewTimer(causeLimit)
	defer limit.Stop()
	for s.status == nil {
		select {
		case e := <-s.events: // any order comes too late
			closeFiles(e.files)
			if !e.ended {
				continue
			}
			if st, err := pidfd.Reap(s.init); err == nil {
				s.status = &st
			}
			return
		case <-limit.C:
			return
		}
	}
}

// dying reports whether init has no program any more. A process loses it before its descriptors.
func (s *supervisor) dying() bool {
	_, err := os.Readlink("/proc/" + strconv.FormatUint(uint64(s.initPID), 10) + "/exe")
	return err != nil
}

// outOfMemory returns an error if the kernel has killed a process of the container for want of memory.
func (s *supervisor) outOfMemory() error {
	if s.payload == nil {
		return nil
	}
	events, err := s.payload.Read("memory.events")
	if err != nil { // the host does not limit memory
		return nil
	}
	for line := range strings.Lines(events) {
		if n, is := strings.CutPrefix(line, "oom_kill "); is && strings.TrimSpace(n) != "0" {
			return &wire.Failed{Stage: "memory", Text: "the memory limit" + s.memoryLimit() + " is too low to start: the kernel killed init", Number: unix.ENOMEM}
		}
	}
	return nil
}

// memoryLimit returns the limit of the payload or the scope for a sentence.
func (s *supervisor) memoryLimit() string {
	for _, file := range []string{"memory.max", "../memory.max"} {
		text, err := s.payload.Read(file)
		if n, nerr := strconv.ParseUint(strings.TrimSpace(text), 10, 64); err == nil && nerr == nil {
			return fmt.Sprintf(" of %d KiB", n>>10)
		}
	}
	return ""
}

func closeFiles(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}
