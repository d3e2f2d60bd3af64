package launch

import (
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/inherit"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/wire"
)

// TestPrepare: a plan becomes the supervisor's first message, with the version, clone flags, id maps,
// sources and shares.
func TestPrepare(t *testing.T) {
	t.Parallel()
	const always = unix.CLONE_NEWPID
	for name, tc := range map[string]struct {
		plan     plan.Plan
		settings []inherit.Setting
		want     wire.Prepare
	}{
		"the least": {plan.Plan{}, nil, wire.Prepare{Version: wire.Version, CloneFlags: always}},
		// Init makes the cgroup and the mount namespace itself.
		"all namespaces": {
			plan.Plan{
				Namespaces: plan.Namespaces{IPC: true, UTS: true, Net: true, User: true, Cgroup: true},
				Sources:    []plan.Source{{Path: "/srv"}, {Path: "/sys", Hide: []string{"/fs/cgroup"}}},
			},
			nil,
			wire.Prepare{Version: wire.Version, Sources: []wire.Source{{Path: "/srv"}, {Path: "/sys"}}, Hide: []wire.Hidden{{Source: 1, Path: "/fs/cgroup"}}, CloneFlags: unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWNET | unix.CLONE_NEWUSER},
		},
		"the rest": {
			plan.Plan{
				StopSignal: 37, Hold: true, Journal: plan.Journal{Consoles: []uint32{1}, Fields: []string{"A=b"}},
				Join: []plan.Join{{Kind: "net", NetNS: "red"}, {Kind: "ipc", PID: 1}},
				UIDs: []plan.IDRange{{Inside: 0, Outside: 100000, Count: 1000}}, GIDs: []plan.IDRange{{Inside: 1, Outside: 2, Count: 3}},
				Sources: []plan.Source{{Path: "/srv", Recursive: true, IDMapped: true}, {Path: "/", ReadOnly: true, Hide: []string{"/proc"}}},
				Limits:  []plan.Limit{{Name: "nofile", Soft: 1024, Hard: plan.Infinity}},
			},
			[]inherit.Setting{{File: inherit.OOMScoreAdj, Value: "0"}},
			wire.Prepare{
				Version: wire.Version, StopSignal: 37, Hold: true, Journal: []uint32{1}, Fields: []string{"A=b"}, Join: []string{"net", "ipc"},
				CloneFlags: always, UIDs: []wire.IDRange{{Inside: 0, Outside: 100000, Count: 1000}}, GIDs: []wire.IDRange{{Inside: 1, Outside: 2, Count: 3}},
				Sources: []wire.Source{{Path: "/srv", Recursive: true, IDMapped: true}, {Path: "/", ReadOnly: true}},
				Limits:  []wire.Limit{{Name: "nofile", Soft: 1024, Hard: plan.Infinity}}, Settings: []wire.Setting{{File: "oom_score_adj", Value: "0"}},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := wire.Decode(wire.Encode(prepare(&tc.plan, tc.settings)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wire.Message(&tc.want), got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestSealed: the plan that is handed to the supervisor cannot be changed by anybody.
func TestSealed(t *testing.T) {
	t.Parallel()
	p := &plan.Plan{Name: "web"}
	f, err := file(p)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.WriteAt([]byte("x"), 0); !errors.Is(err, syscall.EPERM) {
		t.Errorf("write: %v", err)
	}
	if err := f.Truncate(0); !errors.Is(err, syscall.EPERM) {
		t.Errorf("truncate: %v", err)
	}
	text, err := io.ReadAll(io.NewSectionReader(f, 0, wire.MaxPlan))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := plan.Unpack(text); err != nil || cmp.Diff(p, got) != "" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := file(&plan.Plan{Name: strings.Repeat("x", wire.MaxPlan)}); err == nil {
		t.Error("a plan beyond its bound was taken")
	}
}

// TestImmutable: the copy of a program is executable, equal to the original, and cannot be written
// to.
func TestImmutable(t *testing.T) {
	t.Parallel()
	f, err := immutable("/bin/echo")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	path := "/proc/self/fd/" + strconv.Itoa(int(f.Fd()))
	const inChild = "/proc/self/fd/3"
	original, err := os.ReadFile("/bin/echo")
	if err != nil {
		t.Fatal(err)
	}
	if w, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
		if _, err := w.WriteAt([]byte("x"), 0); !errors.Is(err, syscall.EPERM) {
			t.Errorf("write: %v", err)
		}
		_ = w.Close()
	}
	if copied, err := os.ReadFile(path); err != nil || string(copied) != string(original) {
		t.Errorf("the copy has %d bytes, %v, not %d", len(copied), err, len(original))
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	pid, err := syscall.ForkExec(inChild, []string{"echo", "it", "runs"}, &syscall.ProcAttr{Files: []uintptr{0, w.Fd(), 2, f.Fd()}})
	_ = w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if said, err := io.ReadAll(r); string(said) != "it runs\n" {
		t.Errorf("it said %q, %v", said, err)
	}
	if _, err := syscall.Wait4(pid, nil, 0, nil); err != nil {
		t.Error(err)
	}
	if _, err := immutable("/nonesuch"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing program: %v", err)
	}
}

// TestForkWhateverTheNumbers: the supervisor starts whichever number its program's descriptor has,
// also the one that ForkExec takes for its pipe in the child.
func TestForkWhateverTheNumbers(t *testing.T) {
	t.Parallel()
	program, err := immutable("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = program.Close() }()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	const above = 500
	for _, number := range []int{above - 1, above + 1, above + 2} {
		files := map[int]*os.File{above: null, number: program}
		for n, f := range files {
			fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, n)
			if err != nil || fd != n {
				t.Fatalf("%d is %d, %v", n, fd, err)
			}
			files[n] = os.NewFile(uintptr(fd), f.Name())
		}
		s := &Supervisors{program: files[number], null: null}
		p, err := s.exec(files[above])
		if err != nil {
			t.Errorf("the program as %d: %v", number, err)
		} else if _, err := syscall.Wait4(int(p.PID()), nil, 0, nil); err != nil {
			t.Error(err)
		}
		for _, f := range files {
			_ = f.Close()
		}
	}
}
