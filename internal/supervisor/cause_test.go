package supervisor

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/wire"
)

// stagePair returns the supervisor's and the init stage's end of a connection.
func stagePair(t *testing.T) (ours, theirs *wire.Conn) {
	t.Helper()
	ours, file, err := wire.Pair()
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	_ = file.Close()
	if err != nil {
		t.Fatal(err)
	}
	if theirs, err = wire.NewConn(fd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = ours.Close(), theirs.Close() })
	return ours, theirs
}

// TestFirstCause: an error of the init stage goes before an error of the supervisor that may only follow from it,
// whether or not the supervisor already listens. Without one, the supervisor's is the cause.
func TestFirstCause(t *testing.T) {
	t.Parallel()
	own := errors.New("write cgroup.procs: no such process")
	for name, c := range map[string]struct {
		listening bool
		sent      []wire.Message
		files     int
		want      string
	}{
		"told before the supervisor listens":   {false, []wire.Message{&wire.Failed{Stage: "mounts", Text: "no such file", Number: syscall.ENOENT}}, 0, "mounts: no such file"},
		"told while it listens":                {true, []wire.Message{&wire.Failed{Stage: "mounts", Text: "no such file", Number: syscall.ENOENT}}, 0, "mounts: no such file"},
		"after another message":                {false, []wire.Message{&wire.Consoles{}, &wire.Failed{Stage: "user", Text: "unknown"}}, 2, "user: unknown"},
		"after another, while it listens":      {true, []wire.Message{&wire.Consoles{}, &wire.Failed{Stage: "user", Text: "unknown"}}, 2, "user: unknown"},
		"nothing said":                         {false, nil, 0, own.Error()},
		"nothing said, while it listens":       {true, nil, 0, own.Error()},
		"no word of failing":                   {false, []wire.Message{&wire.Ready{}}, 0, own.Error()},
		"no word of failing, while it listens": {true, []wire.Message{&wire.Ready{}}, 0, own.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ours, theirs := stagePair(t)
			s := &supervisor{initConn: ours, events: make(chan event), listening: c.listening}
			for i, m := range c.sent {
				var files []*os.File
				for range c.files * (1 - i) {
					files = append(files, os.Stderr)
				}
				if err := theirs.Send(m, files...); err != nil {
					t.Fatal(err)
				}
			}
			_ = theirs.Close()
			if c.listening {
				go s.listen(ours)
			}
			if got := s.firstCause(own); got.Error() != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
