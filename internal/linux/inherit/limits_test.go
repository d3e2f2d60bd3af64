package inherit

import (
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
func TestSetLimits(t *testing.T) { //nolint:paralleltest // it changes the process
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
