//go:build vm

package nbd

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/berthd/berth/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m, rig.Options{VM: true, Install: true})) }

// served is the socket of a qemu-nbd that has an image of 1 MiB to serve, and has been asked for it.
func served(t *testing.T) (socket *os.File, e Export, ended <-chan error) {
	t.Helper()
	dir := t.TempDir()
	image, path := filepath.Join(dir, "image"), filepath.Join(dir, "socket")
	for _, args := range [][]string{{"modprobe", "nbd"}, {"qemu-img", "create", "-q", "-f", "qcow2", image, "1M"}} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
	}
	cmd := exec.Command("qemu-nbd", "--format=qcow2", "--socket="+path, image)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end := make(chan error, 1)
	go func() { end <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	var conn *net.UnixConn
	for until := time.Now().Add(time.Minute); conn == nil; time.Sleep(10 * time.Millisecond) {
		var err error
		if conn, err = net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"}); err != nil && time.Now().After(until) {
			t.Fatal(err)
		}
	}
	defer func() { _ = conn.Close() }()
	e, err := Negotiate(conn)
	if err != nil {
		t.Fatal(err)
	}
	if socket, err = conn.File(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	return socket, e, end
}

func over(t *testing.T, ended <-chan error) {
	t.Helper()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("the server goes on")
	}
}

// TestAttach: the server ends with the last descriptor of the device, and not before.
func TestAttach(t *testing.T) {
	socket, e, ended := served(t)
	device, err := Attach(socket, e)
	if err != nil {
		t.Fatal(err)
	}
	_ = socket.Close()
	Sweep() // takes no notice of one that is in use
	size, err := device.Seek(0, 2)
	if err != nil || size != 1<<20 || e.Size != 1<<20 || e.ReadOnly() {
		t.Errorf("%d bytes, %v, of %+v", size, err, e)
	}
	if _, err := device.ReadAt(make([]byte, 4096), 0); err != nil {
		t.Error(err)
	}
	_ = device.Close()
	over(t, ended)
}

// TestLetGo: a device that was connected and never opened is let go, by disconnect or by the next
// daemon's sweep.
func TestLetGo(t *testing.T) {
	for name, letGo := range map[string]func(uint32) error{
		"disconnect": disconnect,
		"sweep":      func(uint32) error { Sweep(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			socket, e, ended := served(t)
			index, err := connect(socket, e)
			if err != nil {
				t.Fatal(err)
			}
			_ = socket.Close()
			pid := filepath.Join("/sys/block", filepath.Base(path(index)), "pid")
			if _, err := os.Stat(pid); err != nil {
				t.Fatal(err)
			}
			if err := letGo(index); err != nil {
				t.Error(err)
			}
			over(t, ended)
			for until := time.Now().Add(time.Minute); err == nil && time.Now().Before(until); _, err = os.Stat(pid) {
				time.Sleep(10 * time.Millisecond)
			}
			if err == nil {
				t.Error("the device is still connected")
			}
		})
	}
}
