//go:build nest

package inherit

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m, rig.Options{})) }

// noSetuidFixup is a securebit that has no effect on the test.
const noSetuidFixup = 1 << 2

// spoil gives the calling thread other values than a fresh one has.
func spoil(t *testing.T) {
	t.Helper()
	if err := unix.SchedSetAttr(0, &unix.SchedAttr{Policy: unix.SCHED_BATCH, Nice: 9, Flags: 1}, 0); err != nil {
		t.Error(err)
	}
	for _, call := range [][4]uintptr{
		{unix.SYS_IOPRIO_SET, 1, 0, 3 << 13},
		{unix.SYS_PERSONALITY, 8},
		{unix.SYS_PRCTL, unix.PR_SET_TIMERSLACK, 777},
		{unix.SYS_PRCTL, unix.PR_SET_SECUREBITS, noSetuidFixup},
	} {
		if _, _, errno := unix.RawSyscall(call[0], call[1], call[2], call[3]); errno != 0 {
			t.Errorf("%v: %v", call, errno)
		}
	}
	var one unix.CPUSet
	one.Set(0)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		t.Error(err)
	}
}

type values struct {
	policy                      uint32
	nice                        int32
	flags                       uint64
	io, personality, slack, bit uintptr
	processors                  unix.CPUSet
}

func look(t *testing.T) (v values) {
	t.Helper()
	attr, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	v.policy, v.nice, v.flags = attr.Policy, attr.Nice, attr.Flags&1
	v.io, _, _ = unix.RawSyscall(unix.SYS_IOPRIO_GET, 1, 0, 0)
	v.personality, _, _ = unix.RawSyscall(unix.SYS_PERSONALITY, 0xffffffff, 0, 0)
	v.slack, _, _ = unix.RawSyscall(unix.SYS_PRCTL, unix.PR_GET_TIMERSLACK, 0, 0)
	v.bit, _, _ = unix.RawSyscall(unix.SYS_PRCTL, unix.PR_GET_SECUREBITS, 0, 0)
	if err := unix.SchedGetaffinity(0, &v.processors); err != nil {
		t.Error(err)
	}
	return v
}

func onThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		f()
	}()
	<-done
}

// TestReset: a thread with other scheduling, priorities, processors, personality, timer slack and securebits
// becomes as a fresh one.
func TestReset(t *testing.T) {
	onThread(func() {
		fresh := look(t)
		all := fresh.processors
		spoil(t)
		if got := look(t); got == fresh || got.bit == 0 || got.personality == 0 || got.flags == 0 {
			t.Errorf("the test changes nothing: %+v", got)
		}
		err := Thread{Affinity: all, TimerSlack: 50000}.Reset()
		fresh.io, fresh.slack = 0, 50000
		if got := look(t); got != fresh || err != nil {
			t.Errorf("got %+v, want %+v; %v", got, fresh, err)
		}
	})
}

// TestResetWithoutRights: what may not be set is named, and the rest is set all the same.
func TestResetWithoutRights(t *testing.T) {
	onThread(func() {
		spoil(t)
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var none [2]unix.CapUserData
		if err := unix.Capset(&header, &none[0]); err != nil {
			t.Fatal(err)
		}
		err := Thread{TimerSlack: 50000}.Reset()
		got := look(t)
		if err == nil || !strings.Contains(err.Error(), "scheduling policy: ") || !strings.Contains(err.Error(), "securebits: ") {
			t.Errorf("error %v", err)
		}
		if got.slack != 50000 || got.personality != 0 || got.io != 0 || got.nice != 9 {
			t.Errorf("got %+v", got)
		}
	})
}
