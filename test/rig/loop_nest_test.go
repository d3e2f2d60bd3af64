//go:build nest

package rig

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// loopDevice makes a loop device that shows nothing, and is removed at the test's end; it gives its name.
func loopDevice(t *testing.T) string {
	t.Helper()
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = control.Close() }()
	const high = 1000 // where nobody looks for a free one
	n, _, errno := unix.Syscall(unix.SYS_IOCTL, control.Fd(), unix.LOOP_CTL_ADD, uintptr(high+os.Getpid()%high))
	if errno != 0 {
		t.Fatal("LOOP_CTL_ADD: ", errno)
	}
	t.Cleanup(func() {
		control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = control.Close() }()
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, control.Fd(), unix.LOOP_CTL_REMOVE, n); errno != 0 {
			t.Error("LOOP_CTL_REMOVE: ", errno)
		}
	})
	return "loop" + strconv.Itoa(int(n))
}

// TestLoopDeviceLeft: a new idle loop device, which may be anybody's, fails a run with CI=true, where nobody
// else is; elsewhere it is told.
func TestLoopDeviceLeft(t *testing.T) {
	for name, c := range map[string]struct {
		env  string
		want int
	}{"in CI": {"CI=true", 1}, "elsewhere": {"CI=", 0}} {
		t.Run(name, func(t *testing.T) {
			r := beneath(t, "exit 0", c.env)
			device := loopDevice(t)
			if code, said := r.end(t); code != c.want || !strings.Contains(said, "loop device "+device+"\n") {
				t.Errorf("untouched ends with %d, not %d, and says: %s", code, c.want, said)
			}
		})
	}
}

// TestLoops: a device is ours when its file is, on a disk or on a file system in memory; one on a file system
// that only another mount namespace has is not.
func TestLoops(t *testing.T) {
	mounted := t.TempDir()
	attach := func(prefix ...string) string {
		t.Helper()
		text := "mount -t tmpfs image " + mounted + "; truncate -s 1M " + mounted + "/image; losetup --find --show " + mounted + "/image"
		args := append(prefix, "sh", "-c", text)
		out, err := exec.Command(args[0], args[1:]...).Output()
		if err != nil {
			t.Fatal(err)
		}
		device := strings.TrimSpace(string(out))
		t.Cleanup(func() {
			if out, err := exec.Command("losetup", "--detach", device).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
		return device
	}
	file := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(file, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("losetup", "--find", "--show", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	onDisk := strings.TrimSpace(string(out))
	defer func() { _ = exec.Command("losetup", "--detach", onDisk).Run() }()
	others := attach("unshare", "--mount", "--propagation", "private")
	inMemory := attach()
	defer func() { _ = exec.Command("umount", "--lazy", mounted).Run() }()
	got, err := Loops()
	if err != nil {
		t.Fatal(err)
	}
	for device, want := range map[string]bool{onDisk: true, inMemory: true, others: false} {
		if slices.Contains(got, device) != want {
			t.Errorf("%s is ours: %v, want %v", device, !want, want)
		}
	}
}
