package inherit

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func limit(t *testing.T, n int) unix.Rlimit {
	t.Helper()
	var l unix.Rlimit
	if err := unix.Prlimit(0, n, nil, &l); err != nil {
		t.Fatal(err)
	}
	return l
}

// TestNames: the names have the numbers of the kernel's limits, which are an ABI.
func TestNames(t *testing.T) {
	t.Parallel()
	for name, n := range map[string]int{
		"cpu": unix.RLIMIT_CPU, "core": unix.RLIMIT_CORE, "nofile": unix.RLIMIT_NOFILE, "nproc": unix.RLIMIT_NPROC,
		"memlock": unix.RLIMIT_MEMLOCK, "as": unix.RLIMIT_AS, "sigpending": unix.RLIMIT_SIGPENDING, "rttime": unix.RLIMIT_RTTIME,
	} {
		if Names()[n] != name {
			t.Errorf("limit %d is %s, not %s", n, Names()[n], name)
		}
	}
	if len(Names()) != 16 {
		t.Errorf("there are %d", len(Names()))
	}
}

// TestSetLimits: the process gets the limits. A hard limit that it may not raise stays, and the soft one is at most
// that. The limit of open files is the hard one, and Files tells what the next program gets.
func TestSetLimits(t *testing.T) {
	t.Parallel()
	const child = "BERTH_TEST_LIMITS"
	if os.Getenv(child) == "" { // a process of its own: not every root can raise the limits again
		cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^TestSetLimits$", "-test.v")
		cmd.Env = append(os.Environ(), child+"=1")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestSetLimits") {
			t.Errorf("%v:\n%s", err, out)
		}
		return
	}
	if err := SetLimits([]Limit{{"core", 10, 1000}}); err != nil || limit(t, unix.RLIMIT_CORE) != (unix.Rlimit{Cur: 10, Max: 1000}) {
		t.Errorf("%v, %v", limit(t, unix.RLIMIT_CORE), err)
	}
	withoutRights(func() {
		for _, soft := range []uint64{20, 5000, ^uint64(0)} {
			err := SetLimits([]Limit{{"core", soft, ^uint64(0)}})
			if want := (unix.Rlimit{Cur: min(soft, 1000), Max: 1000}); err != nil || limit(t, unix.RLIMIT_CORE) != want {
				t.Errorf("%d: %v, want %v; %v", soft, limit(t, unix.RLIMIT_CORE), want, err)
			}
		}
	})
	hard := limit(t, unix.RLIMIT_NOFILE).Max
	list := []Limit{{"core", 0, 0}, {Nofile, 300, hard}}
	if err := SetLimits(list); err != nil || limit(t, unix.RLIMIT_NOFILE) != (unix.Rlimit{Cur: hard, Max: hard}) {
		t.Errorf("%v, %v", limit(t, unix.RLIMIT_NOFILE), err)
	}
	if files, err := Files(list); err != nil || files == nil || *files != (unix.Rlimit{Cur: 300, Max: hard}) {
		t.Errorf("%v, %v", files, err)
	}
	if files, err := Files(nil); files != nil || err != nil {
		t.Errorf("%v, %v", files, err)
	}
	if err := SetLimits([]Limit{{"files", 1, 1}}); err == nil || !strings.Contains(err.Error(), `limit "files": unknown`) {
		t.Error(err)
	}
}

// withoutRights runs f on a thread without capabilities, which ends with it.
func withoutRights(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var none [2]unix.CapUserData
		if err := unix.Capset(&header, &none[0]); err != nil {
			panic(err)
		}
		f()
	}()
	<-done
}

// TestSetOf: another process gets the limit, and this one keeps its own.
func TestSetOf(t *testing.T) {
	t.Parallel()
	sleep := exec.CommandContext(t.Context(), "sleep", "100")
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = sleep.Process.Kill()
		_ = sleep.Wait()
	})
	own := limit(t, unix.RLIMIT_SIGPENDING)
	if err := (Limit{"sigpending", 3, 5}).SetOf(sleep.Process.Pid); err != nil {
		t.Fatal(err)
	}
	var got unix.Rlimit
	if err := unix.Prlimit(sleep.Process.Pid, unix.RLIMIT_SIGPENDING, nil, &got); err != nil || got != (unix.Rlimit{Cur: 3, Max: 5}) {
		t.Errorf("%v, %v", got, err)
	}
	if now := limit(t, unix.RLIMIT_SIGPENDING); now != own {
		t.Errorf("this process's became %v", now)
	}
	if err := (Limit{"files", 1, 1}).SetOf(sleep.Process.Pid); err == nil {
		t.Error("an unknown limit was set")
	}
	for hard, want := range map[uint64]bool{own.Max: false, own.Max + 1: true, own.Max - 1: false} {
		if n, raised, err := (Limit{"sigpending", 1, hard}).Raised(); n != unix.RLIMIT_SIGPENDING || raised != want || err != nil {
			t.Errorf("%d with %d: %d, %v, %v", hard, own.Max, n, raised, err)
		}
	}
}
