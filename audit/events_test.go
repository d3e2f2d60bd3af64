package audit

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// TestEvents: each event of the core has its records: those of a start's resources are of all that has a path, and of
// the amounts.
func TestEvents(t *testing.T) {
	t.Parallel()
	def, err := domain.Parse([]byte(`<domain type='lxc'><name>web</name><uuid>` + uuid + `</uuid><memory>65536</memory><vcpu>2</vcpu><os><type>exe</type><init>/init</init></os><devices>
<filesystem><source dir='/srv/web'/><target dir='/'/></filesystem><filesystem type='ram'><source usage='64'/><target dir='/tmp'/></filesystem>
<filesystem type='block'><source dev='/dev/vdb'/><target dir='/mnt'/></filesystem><console type='pty'/><console type='pty'/>
<disk type='block'><source dev='/dev/vdc'/><target dev='xvda'/></disk><hostdev mode='capabilities' type='misc'><source><char>/dev/rtc0</char></source></hostdev>
<hostdev mode='capabilities' type='storage'><source><block>/dev/vdd</block></source></hostdev>
<interface type='bridge'><mac address='52:54:00:00:00:0A'/><source bridge='br0'/></interface>
<hostdev mode='subsystem' type='usb'><source><address bus='1' device='4'/></source></hostdev></devices></domain>`))
	if err != nil {
		t.Fatal(err)
	}
	about := service.Audited{Name: "web", UUID: def.UUID, Def: def, Reason: "booted", Supervisor: 7, Leader: 8, PIDNamespace: 9, Command: "ls", PID: 10}
	about.OldMemory, about.NewMemory, about.Group, about.Limit, about.Before, about.After = 1, 2, "/g", "CPUWeight", "infinity", "5"
	about.Label = service.Label{Model: "selinux", Process: "u:r:t:s0", Files: "u:o:f:s0"}
	const vm = `vm="web" uuid=` + uuid
	plug := func(reason string, values func(kind, value string) string) (list []string) {
		head := func(resource string) string {
			return `virt=lxc resrc=` + resource + ` reason=` + reason + ` ` + vm + ` `
		}
		for _, d := range [][2]string{{"disk", `"/dev/vdc"`}, {"fs", `"/srv/web"`}, {"fs", `"/dev/vdb"`}, {"net", `"52:54:00:00:00:0a"`}} {
			list = append(list, head(d[0])+values(d[0], d[1]))
		}
		return append(list, head("hostdev")+`chardev="/dev/rtc0"`, head("hostdev")+`disk="/dev/vdd"`, head("dev")+`bus=usb device="001.004"`)
	}
	for event, want := range map[service.AuditEvent][]string{
		service.AuditResources: {
			`virt=lxc resrc=disk reason=start ` + vm + ` old-disk="?" new-disk="/dev/vdc"`,
			`virt=lxc resrc=fs reason=start ` + vm + ` old-fs="?" new-fs="/srv/web"`, `virt=lxc resrc=fs reason=start ` + vm + ` old-fs="?" new-fs="/dev/vdb"`,
			`virt=lxc resrc=net reason=start ` + vm + ` old-net="?" new-net="52:54:00:00:00:0a"`,
			`virt=lxc resrc=hostdev reason=start ` + vm + ` chardev="/dev/rtc0"`, `virt=lxc resrc=hostdev reason=start ` + vm + ` disk="/dev/vdd"`,
			`virt=lxc resrc=dev reason=start ` + vm + ` bus=usb device="001.004"`,
			`virt=lxc resrc=chardev reason=start ` + vm + ` old-chardev="?" new-chardev="/dev/pts/0"`,
			`virt=lxc resrc=chardev reason=start ` + vm + ` old-chardev="?" new-chardev="/dev/pts/1"`,
			`virt=lxc resrc=mem reason=start ` + vm + ` old-mem=0 new-mem=65536`, `virt=lxc resrc=vcpu reason=start ` + vm + ` old-vcpu=0 new-vcpu=2`,
		},
		service.AuditStart:  {`virt=lxc op=start reason=booted ` + vm + ` vm-pid=7`},
		service.AuditInit:   {`virt=lxc op=init ` + vm + ` vm-pid=7 init-pid=8 pid-ns=9`},
		service.AuditStop:   {`virt=lxc op=stop reason=booted ` + vm + ` vm-pid=0`},
		service.AuditExec:   {`virt=lxc op=exec ` + vm + ` vm-pid=7 exec-pid=10 cmd="ls"`},
		service.AuditMemory: {`virt=lxc resrc=mem reason=update ` + vm + ` old-mem=1 new-mem=2`},
		service.AuditLimit:  {`virt=lxc resrc=cgroup reason=update ` + vm + ` cgroup="/g" class=limit limit=CPUWeight old-limit="infinity" new-limit="5"`},
		service.AuditLabel:  {`virt=lxc ` + vm + ` vm-ctx=u:r:t:s0 img-ctx=u:o:f:s0 model=selinux`},
		service.AuditAttach: plug("attach", func(kind, value string) string { return `old-` + kind + `="?" new-` + kind + `=` + value }),
		service.AuditDetach: plug("detach", func(kind, value string) string { return `old-` + kind + `=` + value + ` new-` + kind + `="?"` }),
		service.AuditUpdate: plug("update", func(kind, value string) string { return `old-` + kind + `=` + value + ` new-` + kind + `=` + value }),
		99:                  nil,
	} {
		e := about
		e.Event = event
		var got []string
		for _, r := range records(e) {
			text, _, _ := strings.Cut(r.Text(Sender{}), " exe=")
			got = append(got, text)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("event %d (-want +got):\n%s", event, diff)
		}
	}
}
