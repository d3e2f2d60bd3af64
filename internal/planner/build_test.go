package planner

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

func minimal() *domain.Def {
	return &domain.Def{
		UUID: domain.UUID{15: 1}, Name: "web", OS: domain.OS{Init: "/init"},
		Features:    domain.Features{Capabilities: domain.Capabilities{Policy: domain.CapDefault}},
		Filesystems: []domain.Filesystem{{Type: domain.FSMount, Source: "/srv/web", Target: "/"}},
		Consoles:    []domain.Console{{TargetType: "lxc"}},
	}
}

// TestAlone: each word of a definition changes its part of the plan, and nothing else.
func TestAlone(t *testing.T) {
	t.Parallel()
	type (
		def = *domain.Def
		out = *plan.Plan
	)
	caps := func(p domain.CapPolicy, states map[string]bool) func(def) {
		return func(d def) { d.Features.Capabilities = domain.Capabilities{Policy: p, States: states} }
	}
	unmounting := func(p out) { p.Mounts[0].Whole, p.Mounts[2].Whole, p.Hold = false, false, false }
	netnsSysctls := []plan.Mount{
		{Kind: plan.MountInner, Target: "/proc/sys/net/ipv4", From: "/proc/sys/net/ipv4", Writable: true, NoSUID: true, NoDev: true, NoExec: true},
		{Kind: plan.MountInner, Target: "/proc/sys/net/ipv6", From: "/proc/sys/net/ipv6", Writable: true, NoSUID: true, NoDev: true, NoExec: true},
	}
	for _, c := range []struct {
		name  string
		alter func(def)
		want  func(out)
	}{
		{"nothing", func(def) {}, func(out) {}},
		{"what is kept only", func(d def) {
			d.Title, d.Description, d.Metadata, d.Emulator, d.Partition = "t", "d", "<m/>", "/e", "/machine/x"
			d.VCPUs, d.VCPUsNow = 4, 2
			d.OnCrash, d.OnReboot, d.OnPoweroff = domain.ActionPreserve, domain.ActionDestroy, domain.ActionRestart
			d.Features.Kept, d.Clock.Offset = []string{"acpi"}, "localtime"
			d.Filesystems[0].AccessMode, d.Filesystems[0].WrPolicy = "squash", "immediate"
			d.Consoles[0] = domain.Console{TargetType: "serial", Port: 7}
		}, func(out) {}},
		{"capabilities, some", caps(domain.CapDefault, map[string]bool{"mknod": true, "chown": false}), func(p out) { p.Caps.Keep = 0x1fdbdfefffe }},
		{"capabilities, all", caps(domain.CapAllow, nil), func(p out) { p.Caps.Keep = 0x1ffffffffff }},
		{"capabilities, all but one", caps(domain.CapAllow, map[string]bool{"sys_admin": false}), func(p out) { p.Caps.Keep = 0x1ffffdfffff; unmounting(p) }},
		{"capabilities, none", caps(domain.CapDeny, nil), func(p out) { p.Caps = plan.Capabilities{Inherit: true}; unmounting(p) }},
		{"capabilities, one", caps(domain.CapDeny, map[string]bool{"kill": true}), func(p out) { p.Caps = plan.Capabilities{Keep: 1 << 5, Inherit: true}; unmounting(p) }},
		{"private network", func(d def) { d.Features.PrivNet = true }, func(p out) {
			p.Namespaces.Net, p.LoopbackUp = true, true
			p.Mounts = slices.Insert(p.Mounts, 2, netnsSysctls...)
		}},
		{"interface", func(d def) { d.Interfaces = []domain.Interface{{Type: domain.InterfaceEthernet}} }, func(p out) {
			p.Namespaces.Net, p.LoopbackUp = true, true
			p.Mounts = slices.Insert(p.Mounts, 2, netnsSysctls...)
		}},
		{"network of another", func(d def) { d.Share.Net = domain.ShareRef{Kind: domain.ShareNetNS, Value: "red"} }, func(p out) {
			p.Join = []plan.Join{{Kind: "net", NetNS: "red"}}
		}},
		{"network of another, and a private one", func(d def) {
			d.Features.PrivNet, d.Share.Net = true, domain.ShareRef{Kind: domain.ShareName, Value: "db"}
		}, func(p out) { p.Join = []plan.Join{{Kind: "net", Container: "db"}} }},
		{"ipc of another", func(d def) { d.Share.IPC = domain.ShareRef{Kind: domain.SharePID, Value: "1"} }, func(p out) {
			p.Namespaces.IPC, p.Join = false, []plan.Join{{Kind: "ipc", PID: 1}}
		}},
		{"uts of another", func(d def) { d.Share.UTS = domain.ShareRef{Kind: domain.ShareName, Value: "db"} }, func(p out) {
			p.Namespaces.UTS, p.Hostname, p.Join = false, "", []plan.Join{{Kind: "uts", Container: "db"}}
		}},
		{"read-only root", func(d def) { d.Filesystems[0].ReadOnly = true }, func(p out) { p.Sources[0].ReadOnly = true }},
		{"root that is a device", func(d def) { d.Filesystems[0].Type, d.Filesystems[0].Source = domain.FSBlock, "/dev/vg/lv" }, func(p out) {
			p.Sources[0].Path, p.Sources[0].Kind = "/dev/vg/lv", plan.SourceBlock
		}},
		{"image", func(d def) {
			d.Filesystems = append(d.Filesystems, domain.Filesystem{Type: domain.FSFile, Source: "/srv/a.img", Target: "/a", ReadOnly: true})
		}, func(p out) {
			p.Sources = append(p.Sources, plan.Source{Path: "/srv/a.img", Kind: plan.SourceImage, ReadOnly: true})
			p.Filesystems = []plan.Mount{{Kind: plan.MountSource, Target: "/a", Source: 1, ReadOnly: true}}
		}},
		{"two roots", func(d def) {
			d.Filesystems = append(d.Filesystems, domain.Filesystem{Type: domain.FSMount, Source: "/srv/new", Target: "/"})
		}, func(p out) { p.Sources[0].Path = "/srv/new" }},
		{"no root", func(d def) { d.Filesystems = nil }, func(p out) {
			p.Sources[0].Path, p.Sources[0].Hide = "/", []string{"/proc", "/sys", "/dev"}
			p.Mounts = slices.DeleteFunc(p.Mounts, func(m plan.Mount) bool { return strings.HasPrefix(m.Target, "/run") })
		}},
		{"filter of system calls", func(d def) { d.Extension.Seccomp = "default" }, func(p out) {
			p.Deny = slices.Concat(always(), without("sys_time"), without("sys_module"))
			slices.Sort(p.Deny)
		}},
		{"no filter of system calls", func(d def) { d.Extension.Seccomp = "none" }, func(out) {}},
		{"no new privileges", func(d def) { d.Extension.NoNewPrivs = true }, func(p out) { p.NoNewPrivs = true }},
		{"signal to stop", func(d def) { d.Extension.ShutdownSignal = "SIGRTMIN+3" }, func(p out) { p.StopSignal = 37 }},
		{"output to the journal", func(d def) { d.Extension.Journal = 1 }, func(p out) {
			p.Journal = plan.Journal{Consoles: []uint32{0}, Fields: []string{
				"SYSLOG_IDENTIFIER=web", "PRIORITY=6", "MACHINE=web", "CONTAINER_NAME=web", "CONTAINER_UUID=" + minimal().UUID.String(),
				"OBJECT_SYSTEMD_UNIT=machine-web.scope",
			}}
		}},
		{"directory of init", func(d def) { d.OS.Dir = "/x" }, func(p out) { p.Init.Dir = "/x" }},
		{"another name", func(d def) { d.Name = "a_b" }, func(p out) {
			p.Name, p.Hostname, p.Init.Env[6] = "a_b", "ab", "LIBVIRT_LXC_NAME=a_b"
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, want := minimal(), Build(minimal(), testHost())
			c.alter(d)
			c.want(want)
			got := Build(d, testHost())
			checkPlan(t, got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestEnvironment: initenv replaces a default in its place, and new variables come last in their
// own order.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	d := minimal()
	for _, e := range []string{"B=1", "TERM=vt100", "A=", "LIBVIRT_LXC_NAME=other", "B=2", "container_ttys=none", "Path=/x"} {
		name, value, _ := strings.Cut(e, "=")
		d.OS.Env = append(d.OS.Env, domain.EnvVar{Name: name, Value: value})
	}
	d.OS.Cmdline = "a b"
	id := d.UUID.String()
	want := []string{
		"PATH=/sbin", "TERM=vt100", "container=lxc-libvirt", "HOME=/", "container_uuid=" + id,
		"LIBVIRT_LXC_UUID=" + id, "LIBVIRT_LXC_NAME=other", "LIBVIRT_LXC_CMDLINE=a b",
		"B=2", "A=", "container_ttys=none", "Path=/x",
	}
	got := Build(d, Host{ContainerEnv: "lxc-libvirt", Path: "/sbin"}).Init.Env
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestTTYGroup: terminals belong to group 5 where the container has one. The mount would fail where
// it has not.
func TestTTYGroup(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		gids []domain.IDRange
		want bool
	}{
		{"no map", nil, true},
		{"whole", []domain.IDRange{{Start: 0, Target: 100000, Count: 65536}}, true},
		{"up to it", []domain.IDRange{{Start: 0, Target: 100000, Count: 6}}, true},
		{"short of it", []domain.IDRange{{Start: 0, Target: 100000, Count: 5}}, false},
		{"itself", []domain.IDRange{{Start: 0, Target: 100000, Count: 1}, {Start: 5, Target: 5, Count: 1}}, true},
		{"around it", []domain.IDRange{{Start: 0, Target: 100000, Count: 5}, {Start: 6, Target: 100006, Count: 60000}}, false},
		{"all there are", []domain.IDRange{{Start: 0, Target: 0, Count: 1<<32 - 1}}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := minimal()
			if c.gids != nil {
				d.IDMap = domain.IDMap{UIDs: []domain.IDRange{{Start: 0, Target: 100000, Count: 65536}}, GIDs: c.gids}
			}
			p := Build(d, testHost())
			checkPlan(t, p)
			i := slices.IndexFunc(p.Mounts, func(m plan.Mount) bool { return m.Type == "devpts" })
			if got := slices.Contains(p.Mounts[i].Options, plan.Option{Key: "gid", Value: "5"}); got != c.want {
				t.Errorf("gid=5 is among %v: %v, want %v", p.Mounts[i].Options, got, c.want)
			}
		})
	}
}
