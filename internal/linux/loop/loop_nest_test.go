//go:build nest

package loop

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m, rig.Options{})) }

// image is an open file of 1 MiB that begins with a word.
func image(t *testing.T) *os.File {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(t.TempDir(), "image"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if _, err := f.WriteString("shown"); err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(1 << 20); err != nil {
		t.Fatal(err)
	}
	return f
}

// about reads an attribute of a device; "" when it shows nothing.
func about(device, name string) string {
	b, err := os.ReadFile(filepath.Join("/sys/block", filepath.Base(device), name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// gone waits until a device shows nothing.
func gone(t *testing.T, device string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); about(device, "loop/backing_file") != ""; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s is left", device)
		}
	}
}

// TestAttach: a loop device shows the file, is read-only when it must be, and goes with its last
// descriptor.
func TestAttach(t *testing.T) {
	for name, c := range map[string]struct {
		readOnly bool
		ro       string
	}{"writable": {false, "0"}, "read-only": {true, "1"}} {
		t.Run(name, func(t *testing.T) {
			f := image(t)
			d, err := Attach(f, c.readOnly)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = d.Close() }()
			if got := about(d.Name(), "ro"); got != c.ro {
				t.Errorf("%s: ro is %q, want %q", d.Name(), got, c.ro)
			}
			if got := about(d.Name(), "loop/backing_file"); got != f.Name() {
				t.Errorf("%s shows %q, want %s", d.Name(), got, f.Name())
			}
			word := make([]byte, 5)
			if _, err := d.ReadAt(word, 0); string(word) != "shown" || err != nil {
				t.Errorf("read %q, %v", word, err)
			}
			flags, err := unix.FcntlInt(d.Fd(), unix.F_GETFL, 0)
			if err != nil || flags&unix.O_ACCMODE != unix.O_RDONLY {
				t.Errorf("open with %#x, %v: some kernels mount nothing that is open for writing", flags, err)
			}
			_ = d.Close()
			gone(t, d.Name())
		})
	}
}

// TestLock: a lock of the file is held by the device, too, and goes with it.
func TestLock(t *testing.T) {
	f := image(t)
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	d, err := Attach(f, false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	path := f.Name()
	_ = f.Close()
	again, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Close() }()
	if err := unix.Flock(int(again.Fd()), unix.LOCK_SH|unix.LOCK_NB); !errors.Is(err, unix.EWOULDBLOCK) {
		t.Errorf("while it is shown: %v", err)
	}
	_ = d.Close()
	gone(t, d.Name())
	if err := unix.Flock(int(again.Fd()), unix.LOCK_SH); err != nil {
		t.Error(err)
	}
}

// TestAttachMany: devices that are attached at once are different, and none is left. They are fewer
// than the kernel starts with: more would stay on the machine, whose kernel this is.
func TestAttachMany(t *testing.T) {
	var wg sync.WaitGroup
	names := make(chan string, 4)
	for range cap(names) {
		f := image(t)
		wg.Go(func() {
			d, err := Attach(f, false)
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(func() { _ = d.Close(); gone(t, d.Name()) })
			names <- d.Name()
		})
	}
	wg.Wait()
	close(names)
	seen := map[string]bool{}
	for n := range names {
		if seen[n] {
			t.Errorf("%s was given twice", n)
		}
		seen[n] = true
	}
}

// TestAttachFails: a file that cannot be attached leaves no device in use.
func TestAttachFails(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	if d, err := Attach(null, false); !errors.Is(err, unix.EINVAL) {
		t.Errorf("%v, %v", d, err)
	}
	if left, err := rig.Loops(); len(left) > 0 || err != nil {
		t.Errorf("left: %v, %v", left, err)
	}
}
