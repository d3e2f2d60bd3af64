//go:build nest

package nest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHostStaysWritable: no container can make a file system of the host read-only, by its root, a further
// directory or a file of it, whatever the definition has. The host can unmount it meanwhile, and do as it
// likes with it after the container's end.
func TestHostStaysWritable(t *testing.T) {
	clean(t)
	const undo = "mount -o remount,ro /; umount /; mount -o remount,ro /data; mount -o remount,ro /file; mount -o remount,bind,rw / && mount -o remount,ro /"
	for name, more := range map[string]string{
		"plain": "", "user namespace": idmap, "all capabilities": "<features><capabilities policy='allow'/></features>",
		"filter": extension("<seccomp profile='default'/>"),
	} {
		for _, kind := range []string{"tmpfs", "ext4"} {
			for _, root := range []string{"", "<readonly/>"} {
				t.Run(name+"/"+kind+root, func(t *testing.T) {
					clean(t)
					at := t.TempDir()
					var disks []string
					for _, disk := range []string{"root", "data", "file"} {
						disk = filepath.Join(at, disk)
						hostDisk(t, kind, disk)
						disks = append(disks, disk)
					}
					file := filepath.Join(disks[2], "file")
					if err := os.WriteFile(file, nil, 0o600); err != nil {
						t.Fatal(err)
					}
					own := busybox(t)
					run(t, "cp", "-a", own+"/.", disks[0])
					run(t, "mkdir", filepath.Join(disks[0], "data"))
					run(t, "touch", filepath.Join(disks[0], "file"))
					g := guest{Name: "web", Init: "/bin/sh", More: more}
					g.Args = "<initarg>-c</initarg><initarg>" + escape(undo+"; echo THE END; exec sleep 100000") + "</initarg>"
					g.Devs = bindFS(disks[0], "/", root) + bindFS(disks[1], "/data", "") + bindFS(file, "/file", root)
					g.start(t)
					said := says(t, "web", "THE END")
					for _, disk := range disks {
						if err := os.WriteFile(filepath.Join(disk, "written"), nil, 0o600); err != nil {
							t.Errorf("%v; the container said:\n%s", err, said)
						}
					}
					if want := "resource busy"; strings.Count(said, want) < 4 && !strings.Contains(more, "idmap") {
						t.Errorf("the container met something else:\n%s", said)
					}
					// No mount of the host is busy by it.
					unmount(t, disks[1])
					run(t, "berthctl", "destroy", "web")
					run(t, "mount", "-o", "remount,ro", disks[0])
					run(t, "mount", "-o", "remount,ro", disks[2])
				})
			}
		}
	}
}

// TestHostKernelsStayWritable: no container can make the host's cgroup2 or sysfs read-only, which the kernel has
// one of for all. The host's systemd could make no unit any more.
func TestHostKernelsStayWritable(t *testing.T) {
	clean(t)
	// What succeeds is undone at once: the machine around the nest has the same cgroup2.
	const undo = `for at in /sys/fs/cgroup /sys; do mount -o remount,bind,rw $at; mount -o remount,ro $at && mount -o remount,rw $at && echo $at is lost; done; echo THE END; exec sleep 100000`
	for name, more := range map[string]string{
		"plain": "", "user namespace": idmap, "all capabilities": "<features><capabilities policy='allow'/></features>",
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := guest{Name: "web", Init: "/bin/sh", More: more}
			g.Args = "<initarg>-c</initarg><initarg>" + escape(undo) + "</initarg>"
			g.Devs = bindFS(busybox(t), "/", "")
			g.start(t)
			said := says(t, "web", "THE END")
			if strings.Contains(said, "is lost") || more != idmap && strings.Count(said, "resource busy") != 2 {
				t.Errorf("it said:\n%s", said)
			}
		})
	}
}

// hostDisk makes a file system of its own on a directory, until the test's end.
func hostDisk(t *testing.T, kind, dir string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if kind == "tmpfs" {
		run(t, "mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", dir)
	} else {
		run(t, "mount", "-o", "loop", image(t, t.TempDir()), dir)
	}
	t.Cleanup(func() { try(t, "umount", dir) })
}

// TestOwnDiskReadOnly: a container can make its own image read-only.
func TestOwnDiskReadOnly(t *testing.T) {
	clean(t)
	g := guest{Name: "web", Init: "/bin/sh"}
	g.Args = "<initarg>-c</initarg><initarg>mount -o remount,ro /; touch /x; echo THE END; exec sleep 100000</initarg>"
	g.Devs = "<filesystem type='file'><source file='" + image(t, busybox(t)) + "'/><target dir='/'/></filesystem>"
	g.start(t)
	if said := says(t, "web", "THE END"); !strings.Contains(said, "/x: Read-only file system") {
		t.Errorf("it said:\n%s", said)
	}
	run(t, "berthctl", "destroy", "web")
	unlooped(t)
}
