//go:build vm

package vm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAuditOfDevices: a device that a running container gets, that changes, or that it loses has libvirt's record with
// the reason attach, update or detach; one that it does not get has it, too, with res=failed.
func TestAuditOfDevices(t *testing.T) {
	const mac = "52:54:00:00:00:0b"
	g := guest{Name: "plugged", More: "<memory unit='MiB'>64</memory>", Devs: "<interface type='ethernet'><mac address='" + mac + "'/></interface>"}
	g.start(t)
	shared := t.TempDir()
	devices := map[string]string{
		"fs":      "<filesystem type='mount'><source dir='" + shared + "'/><target dir='/shared'/></filesystem>",
		"ram":     "<filesystem type='ram'><source usage='1024'/><target dir='/ram'/></filesystem>",
		"chardev": "<hostdev mode='capabilities' type='misc'><source><char>/dev/rtc0</char></source></hostdev>",
		"disk":    "<hostdev mode='capabilities' type='storage'><source><block>/dev/vda</block></source></hostdev>",
		"missing": "<filesystem type='mount'><source dir='" + shared + "/missing'/><target dir='/missing'/></filesystem>",
		"link":    "<interface type='ethernet'><mac address='" + mac + "'/><link state='down'/></interface>",
	}
	dir := t.TempDir()
	call := func(verb, name string) result {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(devices[name]), 0o600); err != nil {
			t.Fatal(err)
		}
		return try(t, "berthctl", verb, g.Name, file)
	}
	for _, name := range []string{"fs", "ram", "chardev", "disk", "missing"} {
		if r := call("attach-device", name); (r.Status == 0) != (name != "missing") {
			t.Errorf("attach %s: %+v", name, r)
		}
	}
	if r := call("update-device", "link"); r.Status != 0 {
		t.Errorf("update: %+v", r)
	}
	for _, name := range []string{"fs", "ram", "chardev", "disk", "link"} {
		if r := call("detach-device", name); r.Status != 0 {
			t.Errorf("detach %s: %+v", name, r)
		}
	}
	run(t, "berthctl", "destroy", g.Name)
	var got []string
	for _, record := range records(t, g.Name, "op=stop") {
		if !strings.Contains(record, "reason=start ") && strings.HasPrefix(record, "VIRT_RESOURCE") {
			got = append(got, record)
		}
	}
	fs, missing, net := `"`+shared+`"`, `"`+shared+`/missing"`, `"`+mac+`"`
	compare(t, got, pattern(t, `"plugged"`, []string{
		`VIRT_RESOURCE virt=lxc resrc=fs reason=attach VM old-fs="?" new-fs=` + fs,
		`VIRT_RESOURCE virt=lxc resrc=hostdev reason=attach VM chardev="/dev/rtc0"`,
		`VIRT_RESOURCE virt=lxc resrc=hostdev reason=attach VM disk="/dev/vda"`,
		`VIRT_RESOURCE virt=lxc resrc=fs reason=attach VM old-fs="?" new-fs=` + missing + ` failed`,
		`VIRT_RESOURCE virt=lxc resrc=net reason=update VM old-net=` + net + ` new-net=` + net,
		`VIRT_RESOURCE virt=lxc resrc=fs reason=detach VM old-fs=` + fs + ` new-fs="?"`,
		`VIRT_RESOURCE virt=lxc resrc=hostdev reason=detach VM chardev="/dev/rtc0"`,
		`VIRT_RESOURCE virt=lxc resrc=hostdev reason=detach VM disk="/dev/vda"`,
		`VIRT_RESOURCE virt=lxc resrc=net reason=detach VM old-net=` + net + ` new-net="?"`,
	}))
}
