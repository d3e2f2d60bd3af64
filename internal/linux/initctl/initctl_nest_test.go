//go:build nest

package initctl

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m, rig.Options{})) }

// box is a root with a process in it that stands for init.
type box struct{ root string }

func newBox(t *testing.T) *box {
	t.Helper()
	b := &box{root: t.TempDir()}
	for _, dir := range []string{"bin", "run", "dev", "etc"} {
		if err := os.Mkdir(filepath.Join(b.root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile("/bin/busybox")
	if err == nil {
		err = os.WriteFile(filepath.Join(b.root, "bin/busybox"), text, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fifo makes a FIFO and opens it.
func fifo(t *testing.T, file string) *os.File {
	t.Helper()
	if err := unix.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Open(file, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), file)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// begin starts a process in the box that has files open.
func (b *box) begin(t *testing.T, files ...*os.File) uint32 {
	t.Helper()
	cmd := exec.Command("/bin/busybox", "sleep", "100000")
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: b.root}
	cmd.Dir, cmd.ExtraFiles = "/", files
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return uint32(cmd.Process.Pid)
}

func none() ([]uint32, error) { return nil, nil }

// got returns what came through a FIFO, and whether it is a request.
func got(t *testing.T, f *os.File, level Level) (n int, is bool) {
	t.Helper()
	buf := make([]byte, 4096)
	n, err := unix.Read(int(f.Fd()), buf)
	if errors.Is(err, unix.EAGAIN) {
		return 0, false
	}
	if err != nil {
		t.Fatal(err)
	}
	return n, bytes.Equal(buf[:n], request(level))
}

// TestSend: a request arrives by each name that an init uses, at init and at a process to which init has passed the
// FIFO.
func TestSend(t *testing.T) {
	for _, name := range names() {
		for _, level := range []Level{PowerOff, Reboot} {
			for _, passed := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s %c passed on %v", name, level, passed), func(t *testing.T) {
					b := newBox(t)
					f := fifo(t, filepath.Join(b.root, name))
					c := Container{Processes: none}
					if passed {
						c.Init = b.begin(t)
						other := b.begin(t, f)
						c.Processes = func() ([]uint32, error) { return []uint32{c.Init, other}, nil }
					} else {
						c.Init = b.begin(t, f)
					}
					if err := c.Send(level); err != nil {
						t.Fatal(err)
					}
					if n, is := got(t, f, level); !is {
						t.Errorf("%d bytes arrived", n)
					}
				})
			}
		}
	}
}

// hosts is where the tests have the host's FIFO: systemd reads the other ones.
const hosts = "/etc/.initctl"

// TestSendRefuses: nothing is written to a FIFO that no process of the container has open, to one outside of the root,
// to the host's own, or to what is no FIFO.
func TestSendRefuses(t *testing.T) {
	host := fifo(t, hosts)
	t.Cleanup(func() { _ = os.Remove(hosts) })
	outside := fifo(t, filepath.Join(t.TempDir(), "initctl"))
	for name, tc := range map[string]struct {
		lay  func(b *box) error
		held bool // init has the host's and the outside FIFO open
	}{
		"nothing there":      {lay: func(*box) error { return nil }},
		"nobody reads":       {lay: func(b *box) error { return unix.Mkfifo(b.root+"/run/initctl", 0o600) }},
		"a regular file":     {lay: func(b *box) error { return os.WriteFile(b.root+"/run/initctl", nil, 0o600) }},
		"a device":           {lay: func(b *box) error { return unix.Mknod(b.root+"/dev/initctl", unix.S_IFCHR|0o600, 0x103) }},
		"a directory":        {lay: func(b *box) error { return os.Mkdir(b.root+"/run/initctl", 0o755) }},
		"an absolute link":   {held: true, lay: func(b *box) error { return os.Symlink(hosts, b.root+"/dev/initctl") }},
		"a link that climbs": {held: true, lay: func(b *box) error { return os.Symlink("../../../../../.."+hosts, b.root+"/dev/initctl") }},
		"/run is a link that climbs": {held: true, lay: func(b *box) error {
			_ = os.Remove(b.root + "/run")
			return os.Symlink("../../../../etc", b.root+"/run")
		}},
		"a link to the outside":           {held: true, lay: func(b *box) error { return os.Symlink(outside.Name(), b.root+"/run/initctl") }},
		"a link to itself":                {lay: func(b *box) error { return os.Symlink("initctl", b.root+"/run/initctl") }},
		"a magic link":                    {held: true, lay: func(b *box) error { return os.Symlink("/proc/self/fd/3", b.root+"/run/initctl") }},
		"the host's FIFO, mounted inside": {held: true, lay: func(b *box) error { return bind(hosts, b.root+"/run/initctl") }},
		"a FIFO of the host, in a bind":   {lay: func(b *box) error { return bind(outside.Name(), b.root+"/run/initctl") }},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			if err := tc.lay(b); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = unix.Unmount(b.root+"/run/initctl", unix.MNT_DETACH) })
			var files []*os.File
			if tc.held {
				files = []*os.File{host, outside}
			}
			c := Container{Init: b.begin(t, files...), Processes: none}
			if err := c.Send(PowerOff); err == nil {
				t.Error("it was sent")
			}
			for _, f := range []*os.File{host, outside} {
				if n, _ := got(t, f, PowerOff); n > 0 {
					t.Errorf("%s got %d bytes", f.Name(), n)
				}
			}
		})
	}
}

// TestFull: a FIFO that takes no more is an error, and no wait.
func TestFull(t *testing.T) {
	b := newBox(t)
	f := fifo(t, b.root+"/run/initctl")
	for {
		if _, err := unix.Write(int(f.Fd()), make([]byte, 4096)); err != nil {
			break
		}
	}
	c := Container{Init: b.begin(t, f), Processes: none}
	if err := c.Send(Reboot); !errors.Is(err, unix.EAGAIN) {
		t.Errorf("got %v", err)
	}
}

func bind(from, to string) error {
	if err := os.WriteFile(to, nil, 0o600); err != nil {
		return err
	}
	return unix.Mount(from, to, "", unix.MS_BIND, "")
}
