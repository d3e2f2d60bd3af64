//go:build nest

package caps

import (
	"errors"
	"os"
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m, rig.Options{})) }

// TestDropBounding: the bounding set keeps exactly the named capabilities, and without CAP_SETPCAP
// it cannot be changed.
func TestDropBounding(t *testing.T) {
	onThread(func() {
		const keep = uint64(1<<unix.CAP_KILL | 1<<unix.CAP_BPF)
		if err := DropBounding(keep); err != nil {
			t.Error(err)
		}
		for c := range uintptr(unix.CAP_LAST_CAP + 1) {
			has, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, c, 0, 0, 0)
			if want := int(keep >> c & 1); has != want || err != nil {
				t.Errorf("capability %d: %d, %v; want %d", c, has, err, want)
			}
		}
		if err := DropBounding(keep); err != nil {
			t.Errorf("dropped twice: %v", err)
		}
		if err := errors.Join(Set(0, false), DropBounding(0)); !errors.Is(err, unix.EPERM) {
			t.Errorf("without CAP_SETPCAP: %v", err)
		}
	})
}

// TestBecome: the calling thread takes the ids and groups for good, and no other thread does.
func TestBecome(t *testing.T) {
	for name, groups := range map[string][]int{"no groups": nil, "groups": {7, 2000}} {
		t.Run(name, func(t *testing.T) {
			onThread(func() {
				if err := Become(1000, 1001, groups); err != nil {
					t.Error(err)
				}
				uid, _, _ := unix.RawSyscall(unix.SYS_GETUID, 0, 0, 0)
				gid, _, _ := unix.RawSyscall(unix.SYS_GETGID, 0, 0, 0)
				got, err := syscall.Getgroups()
				if uid != 1000 || gid != 1001 || err != nil || !slices.Equal(got, groups) {
					t.Errorf("uid %d, gid %d, groups %v, %v", uid, gid, got, err)
				}
				if err := Become(0, 0, nil); !errors.Is(err, unix.EPERM) {
					t.Errorf("the way back: %v", err)
				}
			})
			if uid := os.Getuid(); uid != 0 {
				t.Errorf("the process's other threads have uid %d", uid)
			}
		})
	}
}
