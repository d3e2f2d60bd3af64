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

// TestLoopDeviceLeft: a loop device that was not there before is found by a run of nests and by the
// script untouched, idle or attached.
func TestLoopDeviceLeft(t *testing.T) {
	before, err := observe()
	if err != nil {
		t.Fatal(err)
	}
	guard := exec.CommandContext(t.Context(), "./untouched", "sh", "-c", "echo begun; read -r end; exit 0")
	guard.Env = append(os.Environ(), "CI=true")
	var said strings.Builder
	guard.Stderr = &said
	in, inErr := guard.StdinPipe()
	out, outErr := guard.StdoutPipe()
	if inErr != nil || outErr != nil {
		t.Fatal(inErr, outErr)
	}
	if err := guard.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 16)); err != nil { // it has looked
		t.Fatal(err)
	}
	device := loopDevice(t)
	file := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(file, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := exec.Command("losetup", "/dev/"+device, file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	attached, err := observe()
	if err != nil {
		t.Fatal(err)
	}
	if text, err := exec.Command("losetup", "--detach", "/dev/"+device).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	idle, err := observe()
	if err != nil {
		t.Fatal(err)
	}
	const line, shown = "loop device /sys/block/", "loop device of "
	if left := leftovers(before, attached, ""); !slices.Contains(left, line+device) || !slices.Contains(left, shown+file) {
		t.Errorf("an attached one: %q", left)
	}
	if left := leftovers(before, idle, ""); !slices.Contains(left, line+device) || slices.Contains(left, shown+file) {
		t.Errorf("an idle one: %q", left)
	}
	_ = in.Close()
	if code, err := status(guard.Wait()); code != 1 || err != nil || !strings.Contains(said.String(), "loop device "+device+"\n") {
		t.Errorf("untouched ends with %d, %v, and says: %s", code, err, said.String())
	}
}
