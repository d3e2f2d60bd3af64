//go:build nest

package nest

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/test/rig/command"
)

const (
	patience = 60 * time.Second      // for what should take milliseconds, on a machine with a load of 40, too
	pulse    = 10 * time.Millisecond // between two looks
)

// eventually waits until a condition holds, and fails the test with its last answer when it does not.
func eventually(t testing.TB, condition func() error) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(pulse) {
		err := condition()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %v", patience, err)
		}
	}
}

type result = command.Result

var (
	try = command.Try
	run = command.Run
)

// kept makes a value once for all tests, and once more after it was forgotten. A connection is such a
// value: the bus allows 256 to a user.
type kept[T any] struct {
	make  func() (T, error)
	mutex sync.Mutex
	value *T
}

func (k *kept[T]) get() (T, error) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if k.value == nil {
		value, err := k.make()
		if err != nil {
			return value, err
		}
		k.value = &value
	}
	return *k.value, nil
}

func (k *kept[T]) forget() {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	k.value = nil
}

var dial = kept[*dbus.Conn]{make: func() (*dbus.Conn, error) { return dbus.ConnectSystemBus() }}

// systemBus is connected to the host's bus.
func systemBus(t testing.TB) *dbus.Conn {
	t.Helper()
	conn, err := dial.get()
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// busybox makes a root directory with Debian's static busybox and an applet for each of its
// names, as examples and tests boot it. It is on a tmpfs and goes with the test.
func busybox(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"bin", "dev", "etc", "proc", "sys", "tmp", "run", "root", "mnt"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"etc/passwd":     "root:x:0:0:root:/root:/bin/sh\nguest:x:1000:1000::/tmp:/bin/sh\n",
		"etc/group":      "root:x:0:\nguest:x:1000:\nextra:x:2000:guest\n",
		"etc/os-release": "ID=busybox\nNAME=BusyBox\nPRETTY_NAME=\"BusyBox of a test\"\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "cp", "/bin/busybox", filepath.Join(dir, "bin"))
	run(t, "chroot", dir, "/bin/busybox", "--install", "-s", "/bin")
	return dir
}
