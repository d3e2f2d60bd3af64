package namespace

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestNewTime: what a thread with a new time namespace executes finds both clocks at their beginning, and
// the kernel's own figures agree with them. The thread itself keeps the host's. Kernels before Linux 6.2 give
// none.
func TestNewTime(t *testing.T) {
	t.Parallel()
	var out []byte
	err := aside(func() error {
		before := time.Now()
		if _, err := NewTime(); err != nil {
			return err
		}
		if took := time.Since(before); took > time.Hour || took < 0 {
			t.Errorf("the thread's own clock went on by %v", took)
		}
		cmd := exec.Command("/bin/sh", "-c", "cut -d' ' -f1 /proc/uptime; sed 's/.*) //' /proc/$$/stat | cut -d' ' -f20; readlink /proc/self/ns/time /proc/self/ns/time_for_children")
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		var err error
		out, err = cmd.Output()
		return err
	})
	if !switchesAtExec() && errors.Is(err, ErrNoOwnTime) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	told := strings.Fields(string(out))
	uptime, err1 := strconv.ParseFloat(told[0], 64)
	started, err2 := strconv.ParseFloat(told[1], 64)
	host, err3 := os.Readlink("/proc/self/ns/time")
	if err1 != nil || err2 != nil || err3 != nil || uptime > 60 || started/100 > uptime || told[2] != told[3] || told[2] == host {
		t.Errorf("%q on %s: %v, %v, %v", told, host, err1, err2, err3)
	}
}

// TestOffsets: the offsets are the negative clocks, in the kernel's form.
func TestOffsets(t *testing.T) {
	t.Parallel()
	if got := offsets(5_000_000_001, 7_000_000_000); got != "monotonic -6 999999999\nboottime -7 0\n" {
		t.Errorf("%q", got)
	}
}

// TestAtLeast: a kernel's release is compared by its first two numbers.
func TestAtLeast(t *testing.T) {
	t.Parallel()
	for release, want := range map[string]bool{
		"6.2.0": true, "6.2-rc1": true, "6.18.44-x": true, "7.0": true, "10.1": true, "6.2": true,
		"6.1.0-44-amd64": false, "5.19": false, "": false, "6": false, "x.y": false, "6.x": false,
	} {
		if got := atLeast(release, 6, 2); got != want {
			t.Errorf("%q: %v", release, got)
		}
	}
}
