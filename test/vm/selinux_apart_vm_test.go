//go:build vm

package vm

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	process = "system_u:system_r:container_t:"
	content = "system_u:object_r:container_file_t:"
	mine    = "s0:c1,c2"
	theirs  = "s0:c3,c4"
)

// withPair is a container whose init and files have a pair of categories.
func withPair(t *testing.T, name, pair, devs string) *guest {
	t.Helper()
	g := &guest{Name: name, Devs: devs, More: "<memory unit='MiB'>128</memory>" +
		"<seclabel type='static' model='selinux'><label>" + process + pair + "</label></seclabel>"}
	g.define(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run(t, "cp", self, filepath.Join(g.root, "bin/probe"))
	run(t, "chcon", "--recursive", "--no-dereference", content+pair, g.root)
	run(t, "berthctl", "start", name)
	return g
}

// confined runs a shell text as a process of the container, with its label.
func (g *guest) confined(t *testing.T, text string) result {
	t.Helper()
	return try(t, "berthctl", "exec", g.Name, "--", "/bin/sh", "-c", text)
}

// image makes a file system whose files have labels of their own, as somebody else may have made it.
func image(t *testing.T, labels map[string]string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "image")
	run(t, "truncate", "--size=48M", file)
	run(t, "chcon", "--type=fsadm_tmp_t", file) // mke2fs and debugfs have a domain of their own
	run(t, "mke2fs", "-q", "-F", "-t", "ext4", file)
	for name, label := range labels {
		run(t, "debugfs", "-w", "-R", "write /bin/busybox "+name, file)
		run(t, "debugfs", "-w", "-R", "sif "+name+" mode 0100755", file)
		run(t, "debugfs", "-w", "-R", "ea_set "+name+" security.selinux "+label, file)
	}
	run(t, "chcon", "--type=virt_image_t", file)
	return file
}

// TestLabelledFiles: a root of a container with a label reads and writes its own files, and neither another's nor
// unlabelled ones of the host; without a label it could. Labels that an image brings along give it nothing.
func TestLabelledFiles(t *testing.T) {
	shared := t.TempDir()
	for dir, label := range map[string]string{"mine": content + mine, "theirs": content + theirs, "host": ""} {
		if err := os.MkdirAll(filepath.Join(shared, dir), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(shared, dir, "file"), []byte("words"), 0o666); err != nil {
			t.Fatal(err)
		}
		if label != "" {
			run(t, "chcon", "--recursive", label, filepath.Join(shared, dir))
		}
	}
	run(t, "chcon", content+"s0", shared)
	brought := map[string]string{
		"busybox-other": content + theirs, "busybox-shadow": "system_u:object_r:shadow_t:s0",
		"busybox-program": "system_u:object_r:berthd_exec_t:s0", "busybox-bin": "system_u:object_r:bin_t:s0",
	}
	for name, label := range brought {
		file := filepath.Join(shared, "mine", name)
		run(t, "cp", "/bin/busybox", file)
		run(t, "chcon", label, file)
	}
	// Only who mounts an image on another host can give a file a label that the policy does not have.
	brought["busybox-unknown"] = "x_u:object_r:x_t:s0"
	g := withPair(t, "web", mine, "<filesystem type='mount'><source dir='"+shared+"'/><target dir='/shared'/></filesystem>"+
		"<filesystem type='file'><source file='"+image(t, brought)+"'/><target dir='/image'/></filesystem>")
	if got := domain(t, g.leader(t)); got != "container_t" {
		t.Fatalf("init is in %s", got)
	}
	for text, allowed := range map[string]bool{
		"cat /shared/mine/file":                            true,
		"echo x > /shared/mine/new && rm /shared/mine/new": true,
		"cat /shared/theirs/file":                          false,
		"ls /shared/theirs":                                false,
		"echo x >> /shared/theirs/file":                    false,
		"cat /shared/host/file":                            false,
		"echo x > /shared/host/new":                        false,
		"/shared/mine/busybox-other true":                  false,
		"/shared/mine/busybox-program true":                false,
		"/shared/mine/busybox-bin true":                    false,
		"head -c 9 /shared/mine/busybox-shadow":            false,
	} {
		if r := g.confined(t, text); (r.Status == 0) != allowed {
			t.Errorf("labelled: %s: %+v", text, r)
		}
		if r := g.exec(t, text); r.Status != 0 {
			t.Errorf("without a label: %s: %+v", text, r)
		}
	}
	// The files of an image have the container's label, whatever the image says.
	for name := range brought {
		r := g.confined(t, "/image/"+name+" cat /proc/self/attr/current")
		if got := strings.Trim(r.Out, "\x00\n"); got != process+mine {
			t.Errorf("%s of an image runs with %q: %+v", name, got, r)
		}
	}
	for text, allowed := range map[string]bool{
		"label /shared/mine/file " + content + mine:                 true,
		"label /shared/mine/file " + content + theirs:               false,
		"label /shared/mine/file system_u:object_r:bin_t:s0":        false,
		"confine " + process + mine + " /bin/true":                  false, // no choice at all
		"confine " + process + theirs + " /bin/true":                false,
		"confine system_u:system_r:berth_unconfined_t:s0 /bin/true": false,
	} {
		if r := g.confined(t, "/bin/probe probe "+text); (r.Status == 0) != allowed {
			t.Errorf("labelled: %s: %+v", text, r)
		}
	}
}

// TestLabelledProcesses: a process with one pair may neither signal nor trace one with another pair, look at it in
// /proc or connect to its socket, though it is root in the same namespaces; one with the same pair may.
func TestLabelledProcesses(t *testing.T) {
	as := map[string]string{mine: programAs(t, mine), theirs: programAs(t, theirs)}
	g := withPair(t, "web", theirs, "")
	listening(t, process+theirs, as[theirs], "listen", "berth-test")
	init := g.leader(t)
	for _, c := range [][]string{{"kill", init, "18"}, {"trace", init}, {"connect", "berth-test"}} {
		args := append([]string{process + mine, as[mine], "probe"}, c...)
		if r := try(t, "runcon", args...); r.Status == 0 || strings.TrimSpace(r.Out) != "permission denied" {
			t.Errorf("with another pair: %v: %+v", c, r)
		}
		args[0], args[1] = process+theirs, as[theirs]
		if r := try(t, "runcon", args...); r.Status != 0 {
			t.Errorf("with the same pair: %v: %+v", c, r)
		}
	}
}

// programAs makes a probe with the label of a pair's files, until the test's end.
func programAs(t *testing.T, pair string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "probe")
	run(t, "cp", self, path)
	run(t, "chcon", content+pair, path)
	return path
}

// listening starts a probe with a label, which listens until the test's end. It returns what the probe says besides ok.
func listening(t *testing.T, label, program string, args ...string) string {
	t.Helper()
	victim := exec.Command("runcon", append([]string{label, program, "probe"}, args...)...)
	out, err := victim.StdoutPipe()
	if err == nil {
		err = victim.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = victim.Process.Kill()
		_ = victim.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	said, ok := strings.CutPrefix(strings.TrimSpace(line), "ok")
	if err != nil || !ok {
		t.Fatalf("%q, %v", line, err)
	}
	return strings.TrimSpace(said)
}
