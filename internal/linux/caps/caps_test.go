package caps

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// sets are the three sets of a thread that capget(2) knows.
type sets struct{ effective, permitted, inheritable uint64 }

func read(t *testing.T) sets {
	t.Helper()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		t.Error(err)
	}
	whole := func(low, high uint32) uint64 { return uint64(low) | uint64(high)<<32 }
	return sets{
		whole(data[0].Effective, data[1].Effective), whole(data[0].Permitted, data[1].Permitted),
		whole(data[0].Inheritable, data[1].Inheritable),
	}
}

// onThread runs f on a thread that ends with it, so that no other test gets what f leaves there.
func onThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		f()
	}()
	<-done
}

// TestSet: a thread keeps exactly the named capabilities that it had, and cannot take back the
// others.
func TestSet(t *testing.T) {
	t.Parallel()
	const all = ^uint64(0)
	for name, tc := range map[string]struct {
		keep    uint64
		inherit bool
	}{
		"nothing":            {0, false},
		"nothing, inherited": {0, true},
		"all":                {all, false},
		"low word":           {1<<unix.CAP_CHOWN | 1<<unix.CAP_KILL, false},
		"high word":          {1<<unix.CAP_BPF | 1<<unix.CAP_MAC_ADMIN, false},
		"both, inherited":    {1<<unix.CAP_CHOWN | 1<<unix.CAP_SYSLOG, true},
		"unknown":            {1 << 63, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onThread(func() {
				keep := tc.keep & read(t).permitted // it can only lose
				want := sets{effective: keep, permitted: keep}
				if tc.inherit {
					want.inheritable = keep
				}
				if err := Set(tc.keep, tc.inherit); err != nil {
					t.Error(err)
				}
				if got := read(t); got != want {
					t.Errorf("got %+x, want %+x", got, want)
				}
				if err := Set(all, tc.inherit); err != nil || read(t) != want {
					t.Errorf("taken back: %+x, %v", read(t), err)
				}
			})
		})
	}
}
