//go:build nest

package nest

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// hostileGuest has an image one of whose paths is a symbolic link.
func hostileGuest(t *testing.T, path, link string) guest {
	t.Helper()
	g := script(t, "web", `echo "dev=$(stat -f -c %T /dev) pts=$(stat -f -c %T /dev/pts) sys=$(stat -f -c %T /sys) null=$(stat -c %t:%T /dev/null)"; exec sleep 1000`)
	g.Devs = "<filesystem><source dir='/etc'/><target dir='/data/deep'/></filesystem><filesystem type='ram'><source usage='1' units='MiB'/><target dir='/data/ram'/></filesystem>"
	place := filepath.Join(g.Root, path)
	for _, step := range []error{os.RemoveAll(place), os.MkdirAll(filepath.Dir(place), 0o755), os.Symlink(link, place)} {
		if step != nil {
			t.Fatal(step)
		}
	}
	return g
}

// contents is what a directory of the host has, with the owners and modes.
func contents(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			list = append(list, info.Mode().String()+" "+strconv.FormatInt(info.Size(), 10)+" "+path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestImageLinksOutOfTheRoot: an image's symbolic links in the place of what we mount on, make or open lead
// nowhere but into it. The host's files stay as they are, and nothing is mounted on them. A
// container that starts all the same has the true /dev, /dev/pts and /sys (CVE-2013-6456,
// CVE-2015-1335, CVE-2025-31133, CVE-2025-52565).
func TestImageLinksOutOfTheRoot(t *testing.T) {
	clean(t)
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "null"), []byte("the host's"), 0o600); err != nil {
		t.Fatal(err)
	}
	host := strconv.Itoa(os.Getpid())
	for _, path := range []string{
		"dev", "proc", "sys", "dev/pts", "dev/console", "dev/null", "dev/initctl", "run", "sys/fs", "data", "data/deep", "data/ram",
	} {
		for name, link := range map[string]string{
			"absolute":              outside,
			"climbing":              strings.Repeat("../", 20) + outside[1:],
			"by the host's process": "/proc/" + host + "/root" + outside,
			"by its own":            "/proc/self/root" + outside,
			"to itself":             filepath.Base(path),
			"to the root":           "/",
		} {
			t.Run(path+" "+name, func(t *testing.T) {
				clean(t)
				before, mounted := contents(t, outside), mounts(t, os.Getpid())
				g := hostileGuest(t, path, link)
				g.define(t)
				r := try(t, "berthctl", "start", "web")
				if diff := contents(t, outside); !slices.Equal(before, diff) {
					t.Errorf("the host's directory was %v and is %v", before, diff)
				}
				if now := mounts(t, os.Getpid()); !slices.Equal(mounted, now) {
					t.Errorf("the host's mounts were %v and are %v", mounted, now)
				}
				if r.Status == 0 {
					says(t, "web", "dev=tmpfs pts=devpts sys=sysfs null=1:3")
				} else if !strings.Contains(r.Err, "cannot start domain") || strings.Contains(r.Err, "\n") {
					t.Errorf("start: %+v", r)
				}
			})
		}
	}
}

// TestImageBringsCodeForTheHost: no process outside of the container executes or maps a file of the image, also
// not to find a user in it (CVE-2019-14271).
func TestImageBringsCodeForTheHost(t *testing.T) {
	clean(t)
	g := guest{Name: "web", Root: busybox(t), Init: "/bin/sleep", Args: "<initarg>1000</initarg><inituser>guest</inituser>"}
	for _, lib := range []string{"lib/ld-linux.so.2", "lib64/ld-linux-x86-64.so.2", "lib/libnss_files.so.2", "lib/libc.so.6"} {
		file := filepath.Join(g.Root, lib)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("#!/bin/touch /evil\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	g.start(t)
	leader := int(info(t, "web").Leader)
	for pid := range processes(t) {
		if pid == leader {
			continue
		}
		maps, err := os.ReadFile(proc(pid, "maps"))
		if err == nil && strings.Contains(string(maps), g.Root) {
			t.Errorf("process %d maps the image:\n%s", pid, maps)
		}
	}
	for _, file := range []string{"/evil", filepath.Join(g.Root, "evil")} {
		if _, err := os.Stat(file); err == nil {
			t.Errorf("code of the image ran, and made %s", file)
		}
	}
}
