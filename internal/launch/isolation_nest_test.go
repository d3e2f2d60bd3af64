//go:build nest

package launch_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/plan"
)

// sleeper runs a program that changes nothing of what it was given, as init.
func sleeper(t *testing.T) (b *box, supervisor, leader string) {
	t.Helper()
	b = newBox(t, "")
	b.plan.Init.Path, b.plan.Init.Args = "/bin/sleep", []string{"-sleep", "1000"}
	s := b.run(t)
	return b, "/proc/" + number(s.PID()), "/proc/" + number(s.Leader())
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// descriptors says what a process has open.
func descriptors(t *testing.T, process string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(process + "/fd")
	if err != nil {
		t.Fatal(err)
	}
	open := map[string]string{}
	for _, e := range entries {
		if open[e.Name()], err = os.Readlink(filepath.Join(process, "fd", e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return open
}

// TestWhatInitGets: init has none of our descriptors, arguments or variables (CVE-2024-21626), and
// the signals, capabilities and umask that a fresh program expects.
func TestWhatInitGets(t *testing.T) {
	b, _, leader := sleeper(t)
	if diff := cmp.Diff(map[string]string{"0": "/dev/pts/0", "1": "/dev/pts/0", "2": "/dev/pts/0"}, descriptors(t, leader)); diff != "" {
		t.Errorf("open files (-want +got):\n%s", diff)
	}
	if got := read(t, leader+"/cmdline"); got != "-sleep\x001000\x00" {
		t.Errorf("arguments %q", got)
	}
	if got := strings.Split(strings.TrimSuffix(read(t, leader+"/environ"), "\x00"), "\x00"); !slices.Equal(got, b.plan.Init.Env) {
		t.Errorf("environment %q", got)
	}
	for link, want := range map[string]string{"cwd": "/", "root": "/", "exe": "/bin/busybox"} {
		if got, err := os.Readlink(filepath.Join(leader, link)); got != want || err != nil {
			t.Errorf("%s is %s, %v", link, got, err)
		}
	}
	status := read(t, leader+"/status")
	kept := fmt.Sprintf("%016x", b.plan.Caps.Keep&ownCaps(t))
	for _, want := range []string{
		"Umask:\t0022", "NSpid:\t" + filepath.Base(leader) + "\t1", "NSsid:\t" + sessionOf(status) + "\t1", "Threads:\t1",
		"SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000", "SigCgt:\t0000000000000000",
		"NoNewPrivs:\t0", "CapInh:\t0000000000000000", "CapAmb:\t0000000000000000", "TracerPid:\t0",
		"CapBnd:\t" + kept, "CapPrm:\t" + kept, "CapEff:\t" + kept,
	} {
		if !strings.Contains(status, "\n"+want+"\n") {
			t.Errorf("status has no %q", want)
		}
	}
	if t.Failed() {
		t.Log(status)
	}
	if got, want := read(t, leader+"/oom_score_adj"), read(t, "/proc/self/oom_score_adj"); got != want {
		t.Errorf("oom_score_adj is %q, not %q", got, want)
	}
}

// TestFileLimit: init has the limit of open files of its plan, or else the host's, and never the one that the Go
// runtime raises for itself.
func TestFileLimit(t *testing.T) {
	shell, err := exec.Command("sh", "-c", "ulimit -Sn; ulimit -Hn").Output()
	if err != nil {
		t.Fatal(err)
	}
	host := strings.Fields(string(shell))
	for name, c := range map[string]struct {
		limits []plan.Limit
		want   []string
	}{
		"the host's": {nil, host},
		"the plan's": {[]plan.Limit{{Name: "nofile", Soft: 321, Hard: 654}}, []string{"321", "654"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t, "exec sleep 1000")
			b.plan.Limits = c.limits
			s := b.run(t)
			seen := 0
			for line := range strings.Lines(read(t, "/proc/"+number(s.Leader())+"/limits")) {
				if rest, ok := strings.CutPrefix(line, "Max open files"); ok {
					seen++
					if got := strings.Fields(rest)[:2]; !slices.Equal(got, c.want) {
						t.Errorf("init has %s, want %s", got, c.want)
					}
				}
			}
			if seen != 1 {
				t.Errorf("%d lines tell the limit", seen)
			}
		})
	}
}

// ownCaps are those that there are to keep.
func ownCaps(t *testing.T) uint64 {
	t.Helper()
	_, rest, _ := strings.Cut(read(t, "/proc/self/status"), "\nCapBnd:\t")
	word, _, _ := strings.Cut(rest, "\n")
	mask, err := strconv.ParseUint(word, 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return mask
}

func sessionOf(status string) string {
	_, rest, _ := strings.Cut(status, "\nNSsid:\t")
	session, _, _ := strings.Cut(rest, "\t")
	return session
}

// TestWhatSupervisorKeeps: the supervisor holds nothing of the container's root, and has no mounts
// of its own.
func TestWhatSupervisorKeeps(t *testing.T) {
	b, supervisor, _ := sleeper(t)
	if got, err := os.Readlink(supervisor + "/cwd"); got != b.runDir || err != nil {
		t.Errorf("it is in %s, %v", got, err)
	}
	for fd, name := range descriptors(t, supervisor) {
		if strings.HasPrefix(name, b.root) {
			t.Errorf("descriptor %s is %s", fd, name)
		}
	}
	if mounts := read(t, supervisor+"/mountinfo"); mounts != read(t, "/proc/self/mountinfo") {
		t.Error("it has mounts of its own")
	}
}

// TestProgram: an init that asks for /proc/self/exe (CVE-2019-5736) can neither write to the
// supervisor's program nor run anything else by it.
func TestProgram(t *testing.T) {
	sum := func() [sha256.Size]byte { return sha256.Sum256([]byte(read(t, program))) }
	before := sum()
	for name, text := range map[string]string{"interpreter": "#!/proc/self/exe\n", "with an argument": "#!/proc/self/exe berth-init\n"} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t, "")
			b.write(t, "init", text)
			if got := over(t, b.run(t)); got != exited(1) {
				t.Errorf("got %+v", got)
			}
			if got := b.output(t, 0); !strings.HasPrefix(got, "berth-supervisor: ") {
				t.Errorf("it said %q", got)
			}
		})
	}
	if sum() != before {
		t.Error("the program was changed")
	}
}

// TestProgramIsImmutable: a process with all rights and a descriptor of the supervisor's program
// cannot change it, while it runs and after its end.
func TestProgramIsImmutable(t *testing.T) {
	b := newBox(t, "exec sleep 1000")
	s := b.run(t)
	exe, err := os.OpenFile("/proc/"+number(s.PID())+"/exe", unix.O_PATH, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = exe.Close() }()
	again := fmt.Sprintf("/proc/self/fd/%d", exe.Fd())
	attack := func(when string) {
		// What succeeds of this does not matter, but what is left.
		_ = unix.MountSetattr(int(exe.Fd()), "", unix.AT_EMPTY_PATH, &unix.MountAttr{Attr_clr: unix.MOUNT_ATTR_RDONLY})
		_ = os.Chmod(again, 0o777)
		_ = os.Truncate(again, 10)
		if f, err := os.OpenFile(again, os.O_RDWR, 0); err == nil {
			_, _ = f.WriteAt([]byte("evil"), 0)
			_ = unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 0, 4096)
			if page, err := unix.Mmap(int(f.Fd()), 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err == nil {
				copy(page, "evil")
				_ = unix.Munmap(page)
			}
			_ = f.Close()
		}
		if read(t, again) != read(t, program) {
			t.Errorf("the program was changed %s", when)
		}
	}
	attack("while it runs")
	if err := b.scope.Kill(); err != nil {
		t.Fatal(err)
	}
	over(t, s)
	attack("after its end")
	next := newBox(t, "exit 8")
	if got := over(t, next.run(t)); got != exited(8) {
		t.Errorf("the next container: %+v", got)
	}
}
