//go:build nest

package nest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestKeptElements: a definition with parts that have no effect is accepted with one warning on the terminal and one in
// the journal, and all of them come back, live and inactive, after an edit, a device, another limit, a rename and a
// restart of the daemon.
func TestKeptElements(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.More = "<memoryBacking><locked/></memoryBacking><cpu mode='host-passthrough'/><sysinfo type='smbios'><bios><entry name='vendor'>LENOVO</entry></bios></sysinfo>" +
		"<features><acpi/><hap/><hyperv mode='custom'><relaxed state='on'/></hyperv></features><clock offset='timezone' timezone='Europe/Paris'><timer name='kvmclock' present='no'/></clock>" +
		"<pm><suspend-to-mem enabled='no'/></pm><keywrap><cipher name='aes' state='on'/></keywrap>" +
		"<metadata><app:owner xmlns:app='http://example.org/app' app:since='2024'>ops</app:owner></metadata>"
	g.Devs = "<controller type='usb' index='0' model='none'/><memballoon model='none'/><graphics type='vnc' port='-1'/><video><model type='cirrus'/></video>" +
		"<filesystem><source dir='/srv'/><target dir='/srv'/><address type='pci' slot='0x04'/></filesystem>"
	kept := []string{
		"<locked/>", "<cpu mode='host-passthrough'/>", "<entry name='vendor'>LENOVO</entry>", "<acpi/>\n", "<hap state='on'/>", "<relaxed state='on'/>",
		"<clock offset='timezone' timezone='Europe/Paris'>", "<timer name='kvmclock' present='no'/>", "<suspend-to-mem enabled='no'/>", "<cipher name='aes' state='on'/>",
		"<app:owner xmlns:app='http://example.org/app' app:since='2024'>ops</app:owner>", "<controller type='usb' index='0' model='none'/>", "<memballoon model='none'/>",
		"<graphics type='vnc' port='-1'/>", "<model type='cirrus'/>", "<address type='pci' slot='0x04'/>",
	}
	file := g.file(t)
	r := try(t, "berthctl", "define", file)
	t.Cleanup(func() {
		for _, name := range []string{"web", "shop"} {
			try(t, "berthctl", "destroy", name)
			try(t, "berthctl", "undefine", name)
		}
	})
	const names = "memoryBacking, cpu, sysinfo, features/acpi, features/hap, features/hyperv, clock@offset, clock@timezone, clock/timer@name, pm, keywrap, " +
		"devices/filesystem/address, devices/controller, devices/memballoon, devices/graphics, devices/video"
	if want := "warning: " + file + ": kept, and without effect in a container, as with libvirt: " + names; r.Status != 0 || strings.Count(r.Err, "warning") != 1 || !sameNames(r.Err, want) {
		t.Errorf("defined: %+v, want %s", r, want)
	}
	const record = "no effect in a container"
	entries := journal(t, "--output=cat", "--unit=berthd.service", "--grep="+record)
	if strings.Count(entries, record) != 1 || !strings.Contains(entries, "devices/memballoon") {
		t.Errorf("the journal:\n%s", entries)
	}
	back := func(when, name string, flags ...string) {
		t.Helper()
		xml := run(t, "berthctl", append([]string{"dumpxml", name}, flags...)...)
		for _, one := range kept {
			if !strings.Contains(xml, one) {
				t.Errorf("%s: %s is lost:\n%s", when, one, xml)
			}
		}
	}
	back("defined", "web")
	run(t, "berthctl", "start", "web")
	back("running", "web")
	if r := editing(t, "web", "sed -i 's,<memory ,<title>new</title>&,'"); r.Status != 0 || strings.Count(r.Err, "devices/memballoon") != 1 {
		t.Errorf("edited: %+v", r)
	}
	back("edited", "web", "--inactive")
	device := xmlFile(t, "<filesystem><source dir='/usr'/><target dir='/mnt'/><boot order='7'/></filesystem>")
	if r := try(t, "berthctl", "attach-device", "web", device, "--live", "--config"); r.Status != 0 || !strings.Contains(r.Err, "filesystem/boot") {
		t.Errorf("attached: %+v", r)
	}
	kept = append(kept, "<boot order='7'/>")
	back("attached", "web")
	back("attached", "web", "--inactive")
	killDaemon(t)
	back("another daemon", "web")
	run(t, "berthctl", "detach-device", "web", device, "--live", "--config")
	if kept = kept[:len(kept)-1]; strings.Contains(run(t, "berthctl", "dumpxml", "web"), "order='7'") {
		t.Error("it is not detached")
	}
	run(t, "berthctl", "desc", "web", "--live", "--config", "words")
	run(t, "berthctl", "setmaxmem", "web", "70000", "--config")
	back("changed", "web")
	back("changed", "web", "--inactive")
	run(t, "berthctl", "destroy", "web")
	run(t, "berthctl", "domrename", "web", "shop")
	back("renamed", "shop")
	run(t, "systemctl", "restart", "berthd")
	back("read from the disk", "shop")
	if r := try(t, "berthctl", "create", xmlFile(t, strings.ReplaceAll(g.xml(), "<name>web", "<name>once"))); r.Status != 0 || strings.Count(r.Err, "devices/memballoon") != 1 {
		t.Errorf("created: %+v", r)
	}
	back("transient", "once")
	run(t, "berthctl", "destroy", "once")
}

// sameNames compares two warnings; the order of the names is that of the document.
func sameNames(got, want string) bool {
	split := func(text string) map[string]bool {
		set := map[string]bool{}
		for name := range strings.SplitSeq(text[strings.LastIndex(text, ": ")+2:], ", ") {
			set[strings.TrimSpace(name)] = true
		}
		return set
	}
	a, b := split(got), split(want)
	for name := range a {
		if !b[name] {
			return false
		}
	}
	return len(a) == len(b) && strings.HasPrefix(got, want[:strings.LastIndex(want, ": ")])
}

// TestSchema: libvirt's own schema judges a definition in validate and with --validate: Berth's elements do not count,
// what it has not is named with its line, and nothing is stored. Without the schema there is a warning.
func TestSchema(t *testing.T) {
	clean(t)
	const schema = "/usr/share/libvirt/schemas"
	g := sleeper(t, "web")
	g.More = "<container xmlns='urn:berth:container:1'><idle/></container>"
	if r := try(t, "berthctl", "validate", g.file(t)); r.Status != 0 || r.Err != "" || !strings.HasSuffix(r.Out, ": right") {
		t.Errorf("right: %+v", r)
	}
	g.More += "\n<features><capabilities><bpf/></capabilities></features>"
	file := g.file(t)
	if r := try(t, "berthctl", "validate", file); r.Status != 1 || !strings.Contains(r.Out, file+":2: ") {
		t.Errorf("against the schema: %+v", r)
	}
	for _, verb := range []string{"define", "create"} {
		if r := try(t, "berthctl", verb, file, "--validate"); r.Status != 1 || !strings.HasPrefix(r.Err, "error: XML document failed to validate against schema: "+file+":2: ") {
			t.Errorf("%s: %+v", verb, r)
		}
	}
	if out := run(t, "berthctl", "list", "--all", "--name"); strings.Contains(out, "web") {
		t.Errorf("it is stored: %s", out)
	}
	if err := os.Rename(filepath.Join(schema, "domain.rng"), filepath.Join(schema, "domain.away")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Rename(filepath.Join(schema, "domain.away"), filepath.Join(schema, "domain.rng")) })
	r := try(t, "berthctl", "define", file, "--validate")
	t.Cleanup(func() { try(t, "berthctl", "undefine", "web") })
	if r.Status != 0 || !strings.Contains(r.Err, "warning: "+file+": not compared with libvirt's schema: ") || !strings.Contains(r.Err, "libvirt0") {
		t.Errorf("without a schema: %+v", r)
	}
}
