//go:build vm

package vm

import (
	"encoding/hex"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// virt are the kinds of records about containers.
const virt = "VIRT_CONTROL,VIRT_RESOURCE,VIRT_MACHINE_ID"

// records returns the records about a container that auditd has written, in order: kind, and what is in msg=”. It waits
// for the last one. An earlier container of the name had another UUID.
func records(t testing.TB, name, last string) (list []string) {
	t.Helper()
	vm := `vm="` + name + `"`
	if strings.ContainsAny(name, "\"\n ") || !isASCII(name) {
		vm = "vm=" + strings.ToUpper(hex.EncodeToString([]byte(name)))
	}
	until(t, func() string {
		list = nil
		r := try(t, "ausearch", "--input-logs", "--message", virt, "--raw")
		for line := range strings.Lines(r.Out) {
			kind, _, _ := strings.Cut(strings.TrimPrefix(line, "type="), " ")
			head, text, found := strings.Cut(line, " msg='")
			if found && !recordHead.MatchString(head) {
				t.Errorf("the kernel's fields of a record are %s", head)
			}
			if text, _, _ = strings.Cut(text, "'"); found && strings.Contains(text, vm+" ") {
				list = append(list, kind+" "+text)
			}
		}
		if len(list) > 0 {
			uuid := regexp.MustCompile(` uuid=\S+`).FindString(list[len(list)-1])
			list = slices.DeleteFunc(list, func(record string) bool { return !strings.Contains(record, uuid+" ") })
		}
		if len(list) == 0 || !strings.Contains(list[len(list)-1], last) {
			return "the records end with " + strings.Join(list[max(0, len(list)-1):], "") + ", not with " + last + "; " + r.Err
		}
		return ""
	})
	return list
}

// recordHead is what the kernel adds: who has sent a record, which here is berthd.
var recordHead = regexp.MustCompile(`^type=VIRT_\w+ msg=audit\(\d+\.\d{3}:\d+\): pid=[1-9]\d* uid=0 auid=4294967295 ses=4294967295 subj=system_u:system_r:(berthd|initrc)_t:s0(-s0:c0\.c\d+)?$`)

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > '~' })
}

// pattern makes a regular expression of what the records of one container are, with the end that all have.
func pattern(t testing.TB, vm string, lines []string) []*regexp.Regexp {
	t.Helper()
	var list []*regexp.Regexp
	for _, line := range lines {
		result := "success"
		if before, failed := strings.CutSuffix(line, " failed"); failed {
			line, result = before, "failed"
		}
		by := " sauid=0"
		if before, itself := strings.CutSuffix(line, " itself"); itself {
			line, by = before, ""
		}
		text := strings.NewReplacer("VM", "vm="+vm+" uuid=[0-9a-f-]{36}", "?", `\?`).Replace(line)
		list = append(list, regexp.MustCompile("^"+text+` exe="/usr/sbin/berthd"`+by+` hostname=\? addr=\? terminal=\? res=`+result+"$"))
	}
	return list
}

func compare(t testing.TB, got []string, want []*regexp.Regexp) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(want):
			t.Errorf("not wanted: %s", got[i])
		case i >= len(got):
			t.Errorf("missing: %s", want[i])
		case !want[i].MatchString(got[i]):
			t.Errorf("record %d\n got %s\nwant %s", i, got[i], want[i])
		}
	}
}

// reported are the events of containers that aureport(8) lists.
func reported(t testing.TB) []string {
	t.Helper()
	r := try(t, "sh", "-c", "ausearch --input-logs --message "+virt+" --raw | aureport --virt")
	return regexp.MustCompile(`(?m)^[0-9]+\. .*$`).FindAllString(r.Out, -1)
}

// TestAuditOfALife: auditd has all records of a container's life, each with libvirt's fields in libvirt's order, and
// those that libvirt has not. aureport(8) counts them, the pid namespace is init's, and the journal has the same
// records with their fields.
func TestAuditOfALife(t *testing.T) {
	if got := run(t, "busctl", "get-property", "org.berth1", "/org/berth1", "org.berth1.Manager", "Audit"); got != `s "on"` {
		t.Fatalf("the property Audit is %s", got)
	}
	before := reported(t)
	g := guest{Name: "audited", More: dynamic, Devs: "<interface type='ethernet'><mac address='52:54:00:00:00:0a'/></interface>", Init: `trap "exec reboot -f" HUP; while :; do sleep 0.2; done`}
	startLabelled(t, &g)
	namespace := strings.Trim(strings.TrimPrefix(run(t, "readlink", "/proc/"+g.leader(t)+"/ns/pid"), "pid:"), "[]")
	run(t, "berthctl", "exec", g.Name, "--", "/bin/true")
	try(t, "berthctl", "exec", g.Name, "--", "/no such")
	if r := set(t, g.Name, "2", "MemoryMax", "t", "50331648", "CPUWeight", "t", "50", "1", "live", "b", "true"); r.Status != 0 {
		t.Fatalf("%+v", r)
	}
	run(t, "berthctl", "suspend", g.Name)
	run(t, "berthctl", "resume", g.Name)
	run(t, "berthctl", "reboot", g.Name, "--mode", "signal", "--wait", "--timeout", "60")
	run(t, "berthctl", "destroy", g.Name)
	resources := func(by string) []string {
		return []string{
			`VIRT_MACHINE_ID virt=lxc VM vm-ctx=system_u:system_r:container_t:s0:c\d+,c\d+ img-ctx=system_u:object_r:container_file_t:s0:c\d+,c\d+ model=selinux` + by,
			`VIRT_RESOURCE virt=lxc resrc=fs reason=start VM old-fs="?" new-fs="` + g.root + `"` + by, `VIRT_RESOURCE virt=lxc resrc=net reason=start VM old-net="?" new-net="52:54:00:00:00:0a"` + by,
			`VIRT_RESOURCE virt=lxc resrc=chardev reason=start VM old-chardev="?" new-chardev="/dev/pts/0"` + by,
			`VIRT_RESOURCE virt=lxc resrc=mem reason=start VM old-mem=0 new-mem=65536` + by, `VIRT_RESOURCE virt=lxc resrc=vcpu reason=start VM old-vcpu=0 new-vcpu=1` + by,
		}
	}
	got := records(t, g.Name, "op=stop reason=destroyed")
	compare(t, got, pattern(t, `"audited"`, slices.Concat(
		resources(""), []string{
			`VIRT_CONTROL virt=lxc op=start reason=booted VM vm-pid=[1-9]\d*`, `VIRT_CONTROL virt=lxc op=init VM vm-pid=[1-9]\d* init-pid=[1-9]\d* pid-ns=` + namespace,
			`VIRT_CONTROL virt=lxc op=exec VM vm-pid=[1-9]\d* exec-pid=[1-9]\d* cmd="/bin/true"`,
			`VIRT_CONTROL virt=lxc op=exec VM vm-pid=[1-9]\d* exec-pid=0 cmd=2F6E6F2073756368 failed`,
			`VIRT_RESOURCE virt=lxc resrc=mem reason=update VM old-mem=65536 new-mem=49152`,
			`VIRT_RESOURCE virt=lxc resrc=cgroup reason=update VM cgroup="/machine.slice/machine-audited.scope" class=limit limit=CPUWeight old-limit="infinity" new-limit="50"`,
			`VIRT_CONTROL virt=lxc op=stop reason=reboot VM vm-pid=0 itself`,
		},
		resources(" itself"), []string{
			`VIRT_CONTROL virt=lxc op=start reason=reboot VM vm-pid=[1-9]\d* itself`, `VIRT_CONTROL virt=lxc op=init VM vm-pid=[1-9]\d* init-pid=[1-9]\d* pid-ns=[1-9]\d* itself`,
			`VIRT_CONTROL virt=lxc op=stop reason=destroyed VM vm-pid=0`,
		})))
	if after := reported(t); len(after) != len(before)+len(got) {
		t.Errorf("aureport has %d events more, not %d:\n%s", len(after)-len(before), len(got), strings.Join(after, "\n"))
	}
	run(t, "journalctl", "--sync")
	journal := strings.Split(run(t, "journalctl", "--output=cat", "--output-fields=MESSAGE", "CONTAINER_NAME=audited", "AUDIT_WRITTEN=yes"), "\n")
	if diff := cmp.Diff(got, journal); diff != "" {
		t.Errorf("the journal has not the same records (-audit +journal):\n%s", diff)
	}
	if got := run(t, "journalctl", "--output=cat", "AUDIT_FIELD_OP=exec", "AUDIT_FIELD_CMD=/no such", "AUDIT_FIELD_SAUID=0"); strings.Count(got, "op=exec") != 1 {
		t.Errorf("a record by its fields: %s", got)
	}
}

// TestAuditOfFailedStart: a start that fails has the records of libvirt's: those of its resources, and one that it
// failed.
func TestAuditOfFailedStart(t *testing.T) {
	g := guest{Name: "fails", More: "<memory unit='MiB'>64</memory>"}
	g.define(t)
	run(t, "rm", g.root+"/bin/sh")
	if r := try(t, "berthctl", "start", g.Name); r.Status == 0 {
		t.Fatal("it has started")
	}
	got := records(t, g.Name, "op=start")
	compare(t, got, pattern(t, `"fails"`, []string{
		`VIRT_RESOURCE virt=lxc resrc=fs reason=start VM old-fs="?" new-fs="` + g.root + `"`,
		`VIRT_RESOURCE virt=lxc resrc=chardev reason=start VM old-chardev="?" new-chardev="/dev/pts/0"`,
		`VIRT_RESOURCE virt=lxc resrc=mem reason=start VM old-mem=0 new-mem=65536`, `VIRT_RESOURCE virt=lxc resrc=vcpu reason=start VM old-vcpu=0 new-vcpu=1`,
		`VIRT_CONTROL virt=lxc op=start reason=booted VM vm-pid=0 failed`,
	}))
}

// TestAuditForged: a name of another script, with quotes and fields in it, is one value of a record that ausearch(8)
// reads.
func TestAuditForged(t *testing.T) {
	const name = `ü" res=success virt=x`
	g := guest{Name: "forged", More: "<memory unit='MiB'>64</memory>"}
	g.define(t)
	xml := run(t, "berthctl", "dumpxml", g.Name)
	file := t.TempDir() + "/forged.xml"
	xml = strings.Replace(xml, "<name>forged</name>", `<name>ü" res=success virt=x</name><description>a&#10;type=VIRT_CONTROL</description>`, 1)
	xml = regexp.MustCompile(`<uuid>.*</uuid>`).ReplaceAllString(xml, "")
	if err := os.WriteFile(file, []byte(xml), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := try(t, "berthctl", "create", file); r.Status != 0 {
		t.Fatalf("%+v", r)
	}
	run(t, "berthctl", "destroy", name)
	got := records(t, name, "op=stop reason=destroyed")
	code := strings.ToUpper(hex.EncodeToString([]byte(name)))
	compare(t, got[len(got)-1:], pattern(t, code, []string{`VIRT_CONTROL virt=lxc op=stop reason=destroyed VM vm-pid=0`}))
	if read := run(t, "ausearch", "--input-logs", "--message", "VIRT_CONTROL", "--interpret", "--start", "recent"); !strings.Contains(read, "vm="+name) {
		t.Errorf("ausearch --interpret does not read the name in\n%s", read)
	}
}

// TestAuditRequired: with Audit=required, containers start while the kernel takes records, and do not while audit is
// switched off. The error says why, and nothing of the container is left.
func TestAuditRequired(t *testing.T) {
	const file = "/etc/berth/berth.conf.d/audit.conf"
	if err := os.WriteFile(file, []byte("[Daemon]\nAudit=required\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = os.Remove(file)
		run(t, "systemctl", "restart", "berthd")
	})
	run(t, "systemctl", "restart", "berthd")
	g := guest{Name: "required", More: "<memory unit='MiB'>64</memory>"}
	g.start(t)
	run(t, "berthctl", "destroy", g.Name)
	t.Cleanup(func() { run(t, "auditctl", "-e", "1") })
	run(t, "auditctl", "-e", "0")
	if r := try(t, "berthctl", "start", g.Name); r.Status == 0 || !strings.Contains(r.Err, "auditctl -e 1") || !strings.Contains(r.Err, "required") {
		t.Errorf("while audit is off: %+v", r)
	}
	if got := run(t, "machinectl", "list", "--no-legend"); got != "" {
		t.Errorf("left behind: %s", got)
	}
	run(t, "auditctl", "-e", "1")
	run(t, "berthctl", "start", g.Name)
	run(t, "berthctl", "destroy", g.Name)
}
