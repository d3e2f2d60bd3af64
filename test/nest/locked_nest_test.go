//go:build nest

package nest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// lockedFlags are the flags of a mount that the host sets, each with the option that asks for its contrary.
var lockedFlags = map[string]string{
	"ro": "rw", "nosuid": "suid", "nodev": "dev", "noexec": "exec",
	"noatime": "strictatime", "relatime": "noatime", "strictatime": "relatime", "nodiratime": "diratime",
}

// bindFS is a directory of the host in a container.
func bindFS(source, target, more string) string {
	return "<filesystem type='mount'><source dir='" + source + "'/><target dir='" + target + "'/>" + more + "</filesystem>"
}

// hostMount mounts a tmpfs on a directory of the host until the test's end.
func hostMount(t *testing.T, dir, options string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, "mount", "-t", "tmpfs", "-o", options, "tmpfs", dir)
	t.Cleanup(func() { unmount(t, dir) })
}

// hasFlag says whether a mount's flags have one; strictatime is the lack of the others.
func hasFlag(flags, flag string) bool {
	list := strings.Split(flags, ",")
	if flag == "strictatime" {
		return !slices.Contains(list, "noatime") && !slices.Contains(list, "relatime")
	}
	return slices.Contains(list, flag)
}

// TestFlagsAreLocked: root of a user namespace can clear no flag of a mount that the host gives it, and
// change no kind of access times, with each flag alone and on the root too.
func TestFlagsAreLocked(t *testing.T) {
	clean(t)
	at := t.TempDir()
	for flag := range lockedFlags {
		hostMount(t, filepath.Join(at, flag), flag)
	}
	plain := filepath.Join(at, "plain")
	if err := os.Mkdir(plain, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, more := range map[string]string{"host network": idmap, "privnet": idmap + "<features><privnet/></features>"} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := guest{Name: "web", Root: busybox(t), More: more}
			want := map[string]string{"/": "ro", "/m/plain": "ro"}
			text := "mount -o remount,bind,rw /; mount -o remount,bind,rw /m/plain; touch /m/plain/written /written\n"
			for flag, contrary := range lockedFlags {
				want["/m/"+flag] = flag
				g.Devs += bindFS(filepath.Join(at, flag), "/m/"+flag, "")
				text += fmt.Sprintf("mount -o remount,bind,%s /m/%s\n", contrary, flag)
			}
			if !strings.Contains(more, "privnet") {
				want["/sys"] = "ro" // the host's
				text += "mount -o remount,bind,rw /sys\n"
			}
			if err := os.MkdirAll(filepath.Join(g.Root, "m/plain"), 0o755); err != nil {
				t.Fatal(err)
			}
			for flag := range lockedFlags {
				if err := os.Mkdir(filepath.Join(g.Root, "m", flag), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			g.Devs += bindFS(plain, "/m/plain", "<readonly/>") + bindFS(g.Root, "/", "<readonly/>")
			root := g.Root
			g.Root = "" // the definition has it, read-only
			g.Init = "/init"
			if err := os.WriteFile(filepath.Join(root, "init"), []byte("#!/bin/sh\n"+text+"cat /proc/self/mountinfo; echo THE END; exec sleep 100000\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			g.start(t)
			said := says(t, "web", "THE END")
			seen := map[string]string{}
			for line := range strings.Lines(said) {
				if f := strings.Fields(line); len(f) > 6 && strings.Contains(line, " - ") {
					seen[f[4]] = f[5]
				}
			}
			for target, flag := range want {
				if !hasFlag(seen[target], flag) {
					t.Errorf("%s is %q, without %s:\n%s", target, seen[target], flag, said)
				}
			}
			for _, file := range []string{filepath.Join(plain, "written"), filepath.Join(root, "written")} {
				if _, err := os.Stat(file); err == nil {
					t.Errorf("%s was written", file)
				}
			}
			run(t, "berthctl", "destroy", "web")
		})
	}
}

// TestHiddenStaysHidden: root of a user namespace cannot take away, move, copy around or replace a mount of
// the host that hides something below its root. The host's control groups and settings are out of its reach.
func TestHiddenStaysHidden(t *testing.T) {
	clean(t)
	for name, more := range map[string]string{"host network": idmap, "privnet": idmap + "<features><privnet/></features>"} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := guest{Name: "web", Root: busybox(t), More: more}
			cover := filepath.Join(g.Root, "covered")
			if err := os.Mkdir(cover, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(cover, "secret"), []byte("the secret\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			hostMount(t, cover, "mode=755")
			g.Devs = "<filesystem type='bind'><source dir='/'/><target dir='/again'/></filesystem>"
			got := tell(t, g, `cat /again/covered/secret
umount /covered; cat /covered/secret; umount -l /covered; cat /covered/secret; mount -o move /covered /tmp; cat /covered/secret
mount -o bind / /mnt && cat /mnt/covered/secret; unshare -m sh -c 'umount /covered; cat /covered/secret'
unshare -U -r -m sh -c 'umount /covered; mount -o bind / /mnt; cat /covered/secret /mnt/covered/secret'
umount /sys/fs/cgroup; umount /sys/fs/cgroup; ls /sys/fs/cgroup | grep -x machine.slice
umount /proc/sys; echo 77 > /proc/sys/kernel/panic; cat /proc/sys/kernel/panic`)
			if strings.Contains(got, "the secret") || strings.Contains(got, "\nmachine.slice") || strings.HasSuffix(got, "\n77") {
				t.Errorf("it got at the host's:\n%s", got)
			}
			if strings.Count(got, "secret': No such file") < 6 || !strings.Contains(got, "/proc/sys/kernel/panic: ") {
				t.Errorf("it did not get that far:\n%s", got)
			}
		})
	}
}
