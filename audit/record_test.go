package audit

import (
	"encoding/hex"
	"regexp"
	"strings"
	"testing"
)

const uuid = "11111111-2222-3333-4444-555555555555"

// TestRecords: each record has libvirt's fields in libvirt's order.
func TestRecords(t *testing.T) {
	t.Parallel()
	web := Subject{Name: "web", UUID: uuid}
	const vm = `vm="web" uuid=` + uuid
	for name, c := range map[string]struct {
		record Record
		want   string
	}{
		"start":        {Start(web, "booted", 7), `virt=lxc op=start reason=booted ` + vm + ` vm-pid=7`},
		"failed start": {Start(web, "reboot", 0), `virt=lxc op=start reason=reboot ` + vm + ` vm-pid=0`},
		"stop":         {Stop(web, "destroyed"), `virt=lxc op=stop reason=destroyed ` + vm + ` vm-pid=0`},
		"init":         {Init(web, 7, 8, 4026532000), `virt=lxc op=init ` + vm + ` vm-pid=7 init-pid=8 pid-ns=4026532000`},
		"init, ended":  {Init(web, 7, 8, 0), `virt=lxc op=init ` + vm + ` vm-pid=7 init-pid=8 pid-ns=?`},
		"exec":         {Exec(web, 7, 9, "/bin/ls"), `virt=lxc op=exec ` + vm + ` vm-pid=7 exec-pid=9 cmd="/bin/ls"`},
		"fs":           {Device("fs", "start", web, nil, new("/srv/web")), `virt=lxc resrc=fs reason=start ` + vm + ` old-fs="?" new-fs="/srv/web"`},
		"disk, gone":   {Device("disk", "detach", web, new("/dev/vdb"), nil), `virt=lxc resrc=disk reason=detach ` + vm + ` old-disk="/dev/vdb" new-disk="?"`},
		"net": {
			Device("net", "attach", web, nil, new("52:54:00:00:00:01")),
			`virt=lxc resrc=net reason=attach ` + vm + ` old-net="?" new-net="52:54:00:00:00:01"`,
		},
		"chardev":         {Device("chardev", "start", web, nil, new("/dev/pts/0")), `virt=lxc resrc=chardev reason=start ` + vm + ` old-chardev="?" new-chardev="/dev/pts/0"`},
		"mem":             {Amount("mem", "start", web, 0, 65536), `virt=lxc resrc=mem reason=start ` + vm + ` old-mem=0 new-mem=65536`},
		"vcpu":            {Amount("vcpu", "update", web, 1, 2), `virt=lxc resrc=vcpu reason=update ` + vm + ` old-vcpu=1 new-vcpu=2`},
		"hostdev storage": {Hostdev("disk", "start", web, "/dev/sdb"), `virt=lxc resrc=hostdev reason=start ` + vm + ` disk="/dev/sdb"`},
		"hostdev misc":    {Hostdev("chardev", "start", web, "/dev/input/event3"), `virt=lxc resrc=hostdev reason=start ` + vm + ` chardev="/dev/input/event3"`},
		"usb":             {USB("attach", web, 1, 12), `virt=lxc resrc=dev reason=attach ` + vm + ` bus=usb device="001.012"`},
		"usb by vendor":   {USB("start", web, 0, 0), `virt=lxc resrc=dev reason=start ` + vm + ` bus=usb device="?"`},
		"label": {
			Label(web, "u:r:t:s0:c1,c2", "u:object_r:f:s0:c1,c2", "selinux"),
			`virt=lxc ` + vm + ` vm-ctx=u:r:t:s0:c1,c2 img-ctx=u:object_r:f:s0:c1,c2 model=selinux`,
		},
		"no label": {Label(web, "", "", ""), `virt=lxc ` + vm + ` vm-ctx=? img-ctx=? model=?`},
		"limit": {
			Limit(web, "/machine.slice/machine-web.scope", "CPUWeight", "infinity", "50"),
			`virt=lxc resrc=cgroup reason=update ` + vm + ` cgroup="/machine.slice/machine-web.scope" class=limit limit=CPUWeight old-limit="infinity" new-limit="50"`,
		},
		"a name in quotes": {
			Stop(Subject{Name: `a" op=start`, UUID: uuid}, "shutdown"),
			`virt=lxc op=stop reason=shutdown vm=6122206F703D7374617274 uuid=` + uuid + ` vm-pid=0`,
		},
		"a line break":   {Device("fs", "start", web, nil, new("/a\nb")), `virt=lxc resrc=fs reason=start ` + vm + ` old-fs="?" new-fs=2F610A62`},
		"another script": {Stop(Subject{Name: "ü", UUID: uuid}, "shutdown"), `virt=lxc op=stop reason=shutdown vm=C3BC uuid=` + uuid + ` vm-pid=0`},
		"empty":          {Exec(web, 7, 0, ""), `virt=lxc op=exec ` + vm + ` vm-pid=7 exec-pid=0 cmd=""`},
		"a forged word":  {Stop(web, "a res=success"), `virt=lxc op=stop reason=61207265733D73756363657373 ` + vm + ` vm-pid=0`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const end = ` exe="/usr/sbin/berthd" hostname=? addr=? terminal=? res=`
			if got := c.record.Text(Sender{Exe: "/usr/sbin/berthd"}); got != c.want+end+"success" {
				t.Errorf("got  %s\nwant %s", got, c.want+end+"success")
			}
			c.record.Failed = true
			if got := c.record.Text(Sender{Exe: "/usr/sbin/berthd"}); got != c.want+end+"failed" {
				t.Errorf("got  %s", got)
			}
		})
	}
}

// TestCaller: the uid of the caller is where libaudit has it for a daemon that acts for others.
func TestCaller(t *testing.T) {
	t.Parallel()
	uid := uint32(1000)
	got := Stop(Subject{Name: "web", UUID: uuid}, "destroyed").Text(Sender{Exe: "/a b", UID: &uid})
	if !strings.HasSuffix(got, ` vm-pid=0 exe=2F612062 sauid=1000 hostname=? addr=? terminal=? res=success`) {
		t.Errorf("got %s", got)
	}
}

// TestKinds: the kinds have the numbers and the names of libaudit.h.
func TestKinds(t *testing.T) {
	t.Parallel()
	for kind, want := range map[Kind]string{2500: "VIRT_CONTROL", 2501: "VIRT_RESOURCE", 2502: "VIRT_MACHINE_ID", 7: "7"} {
		if kind.String() != want {
			t.Errorf("%d is %s", kind, kind)
		}
	}
	if Control != 2500 || Resource != 2501 || Machine != 2502 {
		t.Error("a kind has another number")
	}
}

// form is how a record must look, whatever its values are.
var form = regexp.MustCompile(`^[a-z-]+=("[!#-~]*"|[!#-~]*)( [a-z-]+=("[!#-~]*"|[!#-~]*))*$`)

// read splits a record as ausearch(8) does, and decodes the values of the named fields. It returns the names in their
// order.
func read(t *testing.T, text string, coded map[string]bool) (names []string, values map[string]string) {
	t.Helper()
	if !form.MatchString(text) {
		t.Fatalf("%q is no record", text)
	}
	values = map[string]string{}
	for part := range strings.SplitSeq(text, " ") {
		name, value, _ := strings.Cut(part, "=")
		names = append(names, name)
		switch quoted, isQuoted := strings.CutPrefix(value, `"`); {
		case isQuoted:
			value = strings.TrimSuffix(quoted, `"`)
		case coded[name]:
			bytes, err := hex.DecodeString(value)
			if err != nil {
				t.Fatalf("%s in %q: %v", part, text, err)
			}
			value = string(bytes)
		}
		values[name] = value
	}
	return names, values
}

// FuzzRecord: no value of a container makes another field, hides one, or makes a record that the kernel cuts off. Each
// is read back whole, unless it is too long.
func FuzzRecord(f *testing.F) {
	for _, s := range []string{
		"web", "", `a"b`, "a b", "a\nb", "\x00", "a=b res=failed", "ü", "\x7f", `"`, `" res=failed exe="`, "?", "41", "\xff\xfe", strings.Repeat("ü", 3000), strings.Repeat("a", 9000),
	} {
		f.Add(s, s, s)
	}
	f.Fuzz(func(t *testing.T, name, file, exe string) {
		s := Subject{Name: name, UUID: uuid}
		coded := map[string]bool{"vm": true, "old-fs": true, "new-fs": true, "exe": true}
		text := Device("fs", "start", s, &file, &file).Text(Sender{Exe: exe})
		names, values := read(t, text, coded)
		want := "virt resrc reason vm uuid old-fs new-fs exe hostname addr terminal res"
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%q has the fields %s", text, got)
		}
		if values["res"] != "success" || values["uuid"] != uuid || values["virt"] != "lxc" {
			t.Errorf("forged: %q", text)
		}
		if len(text) > maxText {
			t.Errorf("%d bytes", len(text))
		}
		whole := len(name)+2*len(file)+len(exe) < (maxText-200)/2
		for field, value := range map[string]string{"vm": name, "new-fs": file, "old-fs": file, "exe": exe} {
			if got := values[field]; got != value && (whole || !strings.HasPrefix(value, got)) {
				t.Errorf("%s is read as %q, not %q", field, got, value)
			}
		}
		raw := Stop(s, "x"+file).Text(Sender{Exe: exe})
		names, _ = read(t, raw, coded)
		if got := strings.Join(names, " "); got != "virt op reason vm uuid vm-pid exe hostname addr terminal res" {
			t.Errorf("%q has the fields %s", raw, got)
		}
	})
}
