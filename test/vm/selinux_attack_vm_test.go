//go:build vm

package vm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// attacks are what root of a container may try, and whether the kernel lets root of the host's user namespace do it.
var attacks = map[string]bool{
	"write PROC/sys/kernel/core_pattern core":       true, // what the host's root executes when a process crashes
	"write PROC/sys/kernel/modprobe /sbin/modprobe": true,
	"write PROC/sys/vm/overcommit_ratio 50":         true,
	"write PROC/sys/fs/protected_hardlinks 1":       true,
	"write PROC/sysrq-trigger h":                    true,
	"read PROC/kmsg":                                true,
	"mount debugfs /tmp":                            true,
	"mount tracefs /tmp":                            true,
	"mount securityfs /tmp":                         true,
	"mount selinuxfs /tmp":                          true,
	"mount cgroup /tmp":                             false, // another control group namespace
	"node /dev/disk 254 0":                          false, // the filter of devices
	"bpf":                                           true,  // a program that may read all memory of the kernel
	"perf":                                          true,  // counts all that a processor does
}

// TestLabelledAttacks: root of a container with a label, with and without a user namespace, cannot write to the
// kernel's settings, not even in a /proc of its own, load programs into the kernel, or look at its log, at the policy
// and at other file systems. Root of a container without either can do most of that.
func TestLabelledAttacks(t *testing.T) {
	confined, open := withPair(t, "confined", mine, ""), &guest{Name: "open", More: "<memory unit='MiB'>128</memory>"}
	inner := &guest{Name: "inner", More: mapped + dynamic}
	for _, g := range []*guest{open, inner} {
		g.define(t)
		run(t, "cp", confined.root+"/bin/probe", g.root+"/bin/probe")
	}
	run(t, "chcon", "-hR", content+"s0", inner.root)
	run(t, "berthctl", "start", "open")
	run(t, "berthctl", "start", "inner")
	for _, g := range []*guest{confined, open} {
		if r := g.attack(t, "mount proc /mnt"); r.Status != 0 {
			t.Fatalf("%s has no /proc of its own: %+v", g.Name, r)
		}
	}
	for attempt, root := range attacks {
		own := strings.ReplaceAll(attempt, "PROC", "/mnt")
		if r := confined.attack(t, own); r.Status == 0 || !denies(r.Out) {
			t.Errorf("with a label: %s: %+v", attempt, r)
		}
		if r := inner.attack(t, strings.ReplaceAll(attempt, "PROC", "/proc")); r.Status == 0 || !denies(r.Out) {
			t.Errorf("with a label and a user namespace: %s: %+v", attempt, r)
		}
		if r := open.attack(t, own); (r.Status == 0) != root {
			t.Errorf("with neither: %s: %+v", attempt, r)
		}
	}
}

// attack has the container's root try something.
func (g *guest) attack(t *testing.T, text string) result {
	t.Helper()
	return try(t, "berthctl", "exec", g.Name, "--", "/bin/sh", "-c", "mkdir -p /mnt; exec /bin/probe probe "+text)
}

// TestLabelledApart: what the kernel does not keep apart by namespaces, or what containers share by choice, is kept
// apart by the pair: keys of root's keyring, shared memory, sockets without a path. The same pair may use it.
func TestLabelledApart(t *testing.T) {
	as := map[string]string{mine: programAs(t, mine), theirs: programAs(t, theirs)}
	call := func(pair string, args ...string) result {
		return try(t, "runcon", append([]string{process + pair, as[pair], "probe"}, args...)...)
	}
	key := listening(t, process+theirs, as[theirs], "leave")
	listening(t, process+theirs, as[theirs], "hear", "berth-test-hear")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	listening(t, "system_u:system_r:initrc_t:s0", self, "hear", "berth-test-host")
	for _, c := range [][]string{{"take", key}, {"attach"}, {"tell", "berth-test-hear"}} {
		if r := call(mine, c...); r.Status == 0 || !denies(r.Out) {
			t.Errorf("with another pair: %v: %+v", c, r)
		}
		if r := call(theirs, c...); r.Status != 0 {
			t.Errorf("with the same pair: %v: %+v", c, r)
		}
	}
	if r := call(mine, "tell", "berth-test-host"); r.Status == 0 || !denies(r.Out) {
		t.Errorf("to a service of the host: %+v", r)
	}
}

// TestLabelledDescriptors: init of a container with a label uses a descriptor that it was given over the bus only if
// the policy lets it use the file: one of its own pair, and neither a file of the host nor one of another pair. A file
// of the host's settings that is open for writing, and a security file, are not passed at all.
func TestLabelledDescriptors(t *testing.T) {
	g := withPair(t, "web", mine, "")
	run(t, "berthctl", "destroy", "web")
	xml := run(t, "berthctl", "dumpxml", "web")
	redefined := filepath.Join(t.TempDir(), "web.xml")
	xml = strings.Replace(xml, "exec sleep 100000", "cat &lt;&amp;3 > /read; echo words >&amp;4; echo > /done; exec sleep 100000", 1)
	if err := os.WriteFile(redefined, []byte(xml), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "berthctl", "define", redefined)
	dir := t.TempDir()
	const uses, useless, refused = "used", "of no use", "not passed"
	for label, want := range map[string]string{
		content + mine: uses, content + theirs: useless, "system_u:object_r:virt_image_t:s0": useless,
		"system_u:object_r:etc_t:s0": refused, "system_u:object_r:shadow_t:s0": refused,
	} {
		allowed := want == uses
		read, written := filepath.Join(dir, "read"), filepath.Join(dir, "written")
		for path, text := range map[string]string{read: "secret", written: ""} {
			if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			run(t, "chcon", label, path)
		}
		_ = os.Remove(filepath.Join(g.root, "done"))
		r := try(t, "sh", "-c", "exec berthctl start web --pass-fds 3,4 3< "+read+" 4>> "+written)
		if (r.Status != 0) != (want == refused) {
			t.Errorf("%s: %+v, want %s", label, r, want)
		}
		if r.Status != 0 {
			continue
		}
		until(t, func() string {
			if _, err := os.Stat(filepath.Join(g.root, "done")); err != nil {
				return err.Error()
			}
			return ""
		})
		run(t, "berthctl", "destroy", "web")
		if got, err := os.ReadFile(filepath.Join(g.root, "read")); err != nil || (string(got) == "secret") != allowed {
			t.Errorf("reads %s: %q, %v", label, got, err)
		}
		if got, err := os.ReadFile(written); err != nil || (string(got) == "words\n") != allowed {
			t.Errorf("writes %s: %q, %v", label, got, err)
		}
	}
}
