package supervisor

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/pidfd"
	"github.com/berthd/berth/internal/wire"
)

// asked returns a supervisor whose init is a process, and the daemon's end of their connection.
func asked(t *testing.T, script string) (*supervisor, *wire.Conn) {
	t.Helper()
	cmd := exec.Command("sh", "-c", script)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	_, _ = out.Read(make([]byte, 16)) // it has said that it is ready
	daemon, theirs, err := wire.Pair()
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.FcntlInt(theirs.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	_ = theirs.Close()
	if err != nil {
		t.Fatal(err)
	}
	control, err := wire.NewConn(fd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = control.Close(); _ = daemon.Close() })
	handle, err := pidfd.Open(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = handle.Close() })
	return &supervisor{
		control: control, running: true, init: handle, initPID: uint32(cmd.Process.Pid),
		events: make(chan event, 16), writing: make(chan struct{}, 1),
	}, daemon
}

// answered handles events until the daemon has an answer.
func answered(t *testing.T, s *supervisor, daemon *wire.Conn) *wire.Answered {
	t.Helper()
	answers := make(chan *wire.Answered, 1)
	go func() {
		m, _, _ := daemon.Recv()
		a, _ := m.(*wire.Answered)
		answers <- a
	}()
	for {
		select {
		case a := <-answers:
			if a == nil {
				t.Fatal("that was no answer")
			}
			return a
		case e := <-s.events:
			if _, err := s.handle(e); err != nil {
				t.Fatal(err)
			}
		case <-time.After(atLast):
			t.Fatal("no answer")
		}
	}
}

// TestServe: each request has one answer, with its serial, and init gets the signal that it listens to.
func TestServe(t *testing.T) {
	t.Parallel()
	const listens, deaf = "trap 'exit 3' TERM; echo up; while :; do sleep 0.01; done", "echo up; exec sleep 1000"
	for name, tc := range map[string]struct {
		script  string
		request wire.Request
		fault   string
		ends    bool
	}{
		"a signal":           {listens, wire.Request{Serial: 7, Signal: true}, "", true},
		"a reboot":           {listens, wire.Request{Serial: 8, Signal: true, Reboot: true}, "", true},
		"a deaf init":        {deaf, wire.Request{Serial: 9, Signal: true}, deafError{}.Error(), false},
		"in no way":          {deaf, wire.Request{Serial: 10}, deafError{}.Error(), false},
		"by a FIFO only":     {listens, wire.Request{Serial: 11, Initctl: true}, "no process of the container reads", false},
		"by either, a FIFO":  {listens, wire.Request{Serial: 12, Initctl: true, Signal: true}, "", true},
		"by either, to none": {deaf, wire.Request{Serial: 13, Initctl: true, Signal: true}, "FIFO, and " + deafError{}.Error(), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, daemon := asked(t, tc.script)
			if err := s.serve(&tc.request); err != nil {
				t.Fatal(err)
			}
			a := answered(t, s, daemon)
			if a.Serial != tc.request.Serial || (a.Fault == "") != (tc.fault == "") || !strings.Contains(a.Fault, tc.fault) {
				t.Errorf("answered %+v", a)
			}
			limit := 100 * time.Millisecond // for what must not happen
			if tc.ends {
				limit = atLast
			}
			err := pidfd.WaitFor(s.init, limit)
			if ended := !errors.Is(err, os.ErrDeadlineExceeded); ended != tc.ends {
				t.Errorf("init has ended: %v", ended)
			}
		})
	}
}

// TestServeRefuses: a request is refused while the container is being stopped, before init was executed, and while an
// earlier write to the FIFO does not come back; a new request takes the place of an old one.
func TestServeRefuses(t *testing.T) {
	t.Parallel()
	const deaf = "echo up; exec sleep 1000"
	for name, tc := range map[string]struct {
		make  func(s *supervisor)
		fault string
	}{
		"being stopped":  {func(s *supervisor) { s.request = &request{order: true} }, errOrder.Error()},
		"not executed":   {func(s *supervisor) { s.running = false }, "init has not been executed"},
		"stuck":          {func(s *supervisor) { s.writing <- struct{}{} }, errStuck.Error()},
		"an earlier one": {func(s *supervisor) { s.request = &request{serial: 1, open: true} }, "another request came"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, daemon := asked(t, deaf)
			tc.make(s)
			if err := s.serve(&wire.Request{Serial: 7, Initctl: true}); err != nil {
				t.Fatal(err)
			}
			if a := answered(t, s, daemon); !strings.Contains(a.Fault, tc.fault) {
				t.Errorf("answered %+v", a)
			}
		})
	}
}

// TestExecDeprived: a command whose descriptors are lost on their way is refused at once, and not executed without
// them.
func TestExecDeprived(t *testing.T) {
	t.Parallel()
	s, daemon := asked(t, "echo; exec sleep 1000")
	if _, err := s.handle(event{from: s.control, message: &wire.Exec{Request: 3, Argv: []string{"ls"}}, err: wire.ErrDescriptors}); err != nil {
		t.Fatal(err)
	}
	m, _, err := daemon.Recv()
	if refused, ok := m.(*wire.Refused); err != nil || !ok || refused.Request != 3 || refused.Failed.Text != wire.ErrDescriptors.Error() {
		t.Errorf("%+v, %v", m, err)
	}
}
