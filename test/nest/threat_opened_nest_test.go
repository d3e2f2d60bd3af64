//go:build nest

package nest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// opened is one open of a file, by a read(2) or execve(2) to come.
type opened struct {
	file, by string
	inside   bool // by a process with another pid and mount namespace than the host's
}

// watch notes every open of a file of a file system, by fanotify(7), until the returned function is called. Who
// opens waits until it is noted, so that it is still there. (An O_PATH open gives no contents, and is not seen.)
func watch(t *testing.T, root string) (stop func() []opened) {
	t.Helper()
	fd, err := unix.FanotifyInit(unix.FAN_CLASS_CONTENT|unix.FAN_CLOEXEC|unix.FAN_NONBLOCK, unix.O_RDONLY|unix.O_CLOEXEC)
	if err != nil {
		t.Fatal("fanotify_init: ", err)
	}
	f := os.NewFile(uintptr(fd), "fanotify")
	t.Cleanup(func() { _ = f.Close() })
	if err := unix.FanotifyMark(fd, unix.FAN_MARK_ADD|unix.FAN_MARK_FILESYSTEM, unix.FAN_OPEN_PERM, unix.AT_FDCWD, root); err != nil {
		t.Fatal("fanotify_mark: ", err)
	}
	var seen []opened
	ended := make(chan error, 1)
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := f.Read(buf)
			if err != nil {
				if errors.Is(err, os.ErrClosed) {
					err = nil
				}
				ended <- err
				return
			}
			for events := buf[:n]; len(events) > 0; {
				var e unix.FanotifyEventMetadata
				if _, err := binary.Decode(events, binary.NativeEndian, &e); err != nil {
					ended <- err
					return
				}
				events = events[e.Event_len:]
				seen = append(seen, witness(e))
				answer := unix.FanotifyResponse{Fd: e.Fd, Response: unix.FAN_ALLOW}
				if _, err := f.Write(unsafe.Slice((*byte)(unsafe.Pointer(&answer)), unsafe.Sizeof(answer))); err != nil {
					ended <- err
					return
				}
				_ = unix.Close(int(e.Fd))
			}
		}
	}()
	return func() []opened {
		t.Helper()
		_ = f.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		return seen
	}
}

// witness tells of an event while its process waits.
func witness(e unix.FanotifyEventMetadata) opened {
	file, _ := os.Readlink("/proc/self/fd/" + strconv.Itoa(int(e.Fd)))
	comm, _ := os.ReadFile(proc(int(e.Pid), "comm"))
	o := opened{file: file, by: string(bytes.TrimSpace(comm)), inside: true}
	for _, kind := range []string{"ns/pid", "ns/mnt"} {
		ours, err := os.Readlink("/proc/self/" + kind)
		theirs, gone := os.Readlink(proc(int(e.Pid), kind))
		if err != nil || gone != nil || ours == theirs {
			o.inside = false
		}
	}
	return o
}

// traps are what a program loads, asks or runs without being told to, in the image.
var traps = []string{
	"lib64/ld-linux-x86-64.so.2", "lib/ld-musl-x86_64.so.1", "etc/ld.so.preload", "etc/ld.so.cache", "etc/nsswitch.conf",
	"lib/x86_64-linux-gnu/libc.so.6", "lib/x86_64-linux-gnu/libnss_files.so.2", "lib/x86_64-linux-gnu/libnss_systemd.so.2", "lib/x86_64-linux-gnu/libpthread.so.0",
	"etc/gai.conf", "etc/resolv.conf", "etc/hosts", "etc/localtime", "etc/environment", "etc/profile", "etc/login.defs", "etc/shadow", "etc/subuid",
	"usr/lib/locale/locale-archive", "usr/share/zoneinfo/UTC",
	"usr/sbin/nologin", "usr/sbin/modprobe", "usr/bin/systemctl", "usr/bin/newuidmap", "usr/lib/systemd/systemd", "usr/sbin/init",
	"usr/sbin/berthd", "usr/bin/berthctl", "usr/libexec/berth/berth-supervisor", "etc/berth/berth.conf", "usr/libexec/berth/berth.conf",
}

// nameless is a file of the supervisor's own: it never had a name, so no image has it (mount.Hold).
var nameless = regexp.MustCompile(`^/#[0-9]+ \(deleted\)$`)

// TestHostOpensNothingOfTheImage: no process outside of the container so much as opens a file of the image, from
// its definition to its end and over a restart of the daemon. So none of it runs there, is loaded
// or is read for configuration (CVE-2019-14271, CVE-2026-40226).
func TestHostOpensNothingOfTheImage(t *testing.T) {
	clean(t)
	const life = `echo life; [ -e /tmp/second ] || { touch /tmp/second; reboot -f; }; echo second life; exec sleep 1000`
	for name, more := range map[string]string{plain: "", userns: idmap, privnet: "<features><privnet/></features>"} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := script(t, "web", life)
			root := t.TempDir() // a file system of its own
			run(t, "mount", "-t", "tmpfs", "-o", "mode=755", "image", root)
			t.Cleanup(func() { unmount(t, root) })
			run(t, "cp", "-a", g.Root+"/.", root)
			g.Root, g.More, g.Args = root, more, "<initgroup>extra</initgroup>" // which is looked up in the image
			for _, trap := range traps {
				file := filepath.Join(root, trap)
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte("#!/bin/touch /evil\n"), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			stop := watch(t, root)
			g.define(t)
			run(t, "berthctl", "start", "web")
			says(t, "web", "second life")
			killDaemon(t)
			for _, verb := range []string{"dominfo", "dumpxml", "plan", "console-log", "suspend", "resume", "destroy", "start"} {
				run(t, "berthctl", verb, "web")
			}
			says(t, "web", "second life")
			run(t, "systemctl", "stop", "machine-web.scope")
			eventually(t, func() error {
				if i := info(t, "web"); i.State != "shutoff" {
					return fmt.Errorf("it is %s", i.State)
				}
				return nil
			})
			inits := 0
			for _, o := range stop() {
				if !o.inside && !nameless.MatchString(o.file) {
					t.Errorf("%s was opened by %s of the host", o.file, o.by)
				}
				if strings.HasSuffix(o.file, "/init") {
					inits++
				}
			}
			if inits < 3 {
				t.Errorf("init was seen to be opened %d times only, in three lives", inits)
			}
		})
	}
}
