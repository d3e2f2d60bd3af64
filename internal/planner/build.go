package planner

import (
	"slices"
	"strconv"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/procview"
)

// Host is what Build must know of the host and its configuration.
type Host struct {
	ContainerEnv string // the value of container=
	Path         string // the value of PATH=
	OSRelease    string // the text of its os-release(5), "" where it has none
	SecurityFS   bool   // it has securityfs mounted on /sys/kernel/security
	SELinuxFS    bool   // it has selinuxfs mounted on /sys/fs/selinux
	ProcView     bool   // it can serve a container its own part of /proc
}

// Build plans a start. The definition must be valid; everything that can be refused was refused
// when it was parsed.
func Build(d *domain.Def, h Host) *plan.Plan {
	p := &plan.Plan{
		Name:       d.Name,
		Namespaces: namespaces(d),
		Join:       joins(d),
		UIDs:       ranges(d.IDMap.UIDs),
		GIDs:       ranges(d.IDMap.GIDs),
		Devices:    devices(),
		Consoles:   len(d.Consoles),
		Hostname:   d.Hostname(),
		Caps: plan.Capabilities{
			Keep: d.Features.Capabilities.Keep(),
			// libvirt fills the inheritable set under policy deny only (observed).
			Inherit: d.Features.Capabilities.Policy == domain.CapDeny,
		},
		Deny:       denied(d),
		NoNewPrivs: d.Extension.NoNewPrivs,
		Linux32:    d.OS.Personality32(),
		Init:       initOf(d, h),
		StopSignal: d.Extension.StopSignal(),
	}
	p.LoopbackUp = p.Namespaces.Net
	if !p.Namespaces.UTS {
		p.Hostname = "" // it is another's, and keeps its name
	}
	rootOf(p, d)
	basicMounts(p, h)
	if len(p.Detach) == 0 { // the /run of a shared root is the host's own
		p.Mounts = append(p.Mounts, runMounts(p, h)...)
	}
	if h.ProcView {
		procView(p)
	}
	if p.Namespaces.User {
		borrow(p)
	}
	links(p)
	filesystems(p, d)
	return p
}

func namespaces(d *domain.Def) plan.Namespaces {
	return plan.Namespaces{
		IPC:    d.Share.IPC.Kind == domain.ShareNone,
		UTS:    d.Share.UTS.Kind == domain.ShareNone,
		Net:    d.Features.PrivNet && d.Share.Net.Kind == domain.ShareNone,
		User:   d.IDMap.Enabled(),
		Cgroup: true,
	}
}

// joins lists the namespaces of others.
func joins(d *domain.Def) []plan.Join {
	var list []plan.Join
	for _, share := range []struct {
		kind string
		ref  domain.ShareRef
	}{{"net", d.Share.Net}, {"ipc", d.Share.IPC}, {"uts", d.Share.UTS}} {
		j := plan.Join{Kind: share.kind}
		switch share.ref.Kind {
		case domain.ShareName:
			j.Container = share.ref.Value
		case domain.SharePID:
			pid, _ := strconv.ParseUint(share.ref.Value, 10, 31) // checked when it was read
			j.PID = uint32(pid)
		case domain.ShareNetNS:
			j.NetNS = share.ref.Value
		default:
			continue
		}
		list = append(list, j)
	}
	return list
}

func ranges(list []domain.IDRange) []plan.IDRange {
	var out []plan.IDRange
	for _, r := range list {
		out = append(out, plan.IDRange{Inside: r.Start, Outside: r.Target, Count: r.Count})
	}
	return out
}

// rootOf plans Sources[0]. A root that is not given is the host's, less what belongs to the host's
// processes and devices.
func rootOf(p *plan.Plan, d *domain.Def) {
	root, private := d.Root()
	if !private {
		root.Source = "/"
	}
	p.Sources = []plan.Source{{Path: root.Source, Kind: sourceKind(root.Type), Format: imageFormat(root), Recursive: true, IDMapped: p.Namespaces.User, ReadOnly: root.ReadOnly}}
	if root.Source == "/" {
		p.Detach = []string{"/proc", "/sys", "/dev"}
	}
}

// basicMounts is the table of the driver's page: each has a place of its own in every container.
func basicMounts(p *plan.Plan, h Host) {
	p.Mounts = []plan.Mount{
		{Kind: plan.MountNew, Target: "/proc", Type: "proc", NoSUID: true, NoDev: true, NoExec: true},
		{Kind: plan.MountInner, Target: "/proc/sys", From: "/proc/sys", ReadOnly: true, NoSUID: true, NoDev: true, NoExec: true},
	}
	if p.Namespaces.Net {
		for _, family := range []string{"ipv4", "ipv6"} {
			dir := "/proc/sys/net/" + family
			p.Mounts = append(p.Mounts, plan.Mount{Kind: plan.MountInner, Target: dir, From: dir, Writable: true, NoSUID: true, NoDev: true, NoExec: true})
		}
	}
	p.Mounts = append(p.Mounts, kernelView("/sys", "sysfs"))
	// These show the host's own, which the root of a user namespace may not mount.
	if h.SecurityFS && !p.Namespaces.User {
		p.Mounts = append(p.Mounts, kernelView("/sys/kernel/security", "securityfs"))
	}
	if h.SELinuxFS && !p.Namespaces.User {
		p.Mounts = append(p.Mounts, kernelView("/sys/fs/selinux", "selinuxfs"))
	}
	p.Mounts = append(p.Mounts,
		plan.Mount{
			Kind: plan.MountNew, Target: "/dev", Type: "tmpfs", NoSUID: true,
			Options: []plan.Option{{Key: "mode", Value: "755"}, {Key: "size", Value: "65536"}},
		},
		plan.Mount{
			Kind: plan.MountNew, Target: "/dev/pts", Type: "devpts", NoSUID: true, NoExec: true,
			Options: ptsOptions(p.GIDs),
		},
	)
	p.Group = plan.Mount{Kind: plan.MountNew, Target: "/sys/fs/cgroup", Type: "cgroup2", NoSUID: true, NoDev: true, NoExec: true}
}

// kernelView is a read-only mount of a file system in which the kernel shows itself.
func kernelView(target, fstype string) plan.Mount {
	return plan.Mount{Kind: plan.MountNew, Target: target, Type: fstype, ReadOnly: true, NoSUID: true, NoDev: true, NoExec: true}
}

// procView puts the container's own files of /proc over the kernel's.
func procView(p *plan.Plan) {
	p.ProcView = true
	for _, name := range procview.Names() {
		p.Mounts = append(p.Mounts, plan.Mount{Kind: plan.MountView, Target: "/proc/" + name, From: name})
	}
}

// ptsOptions: terminals belong to group tty, which is 5 everywhere, where the container has a group 5.
func ptsOptions(gids []plan.IDRange) []plan.Option {
	options := []plan.Option{{Key: "ptmxmode", Value: "0666"}, {Key: "mode", Value: "0620"}}
	const tty = 5
	mapped := len(gids) == 0
	for _, r := range gids {
		mapped = mapped || r.Inside <= tty && tty-r.Inside < r.Count
	}
	if mapped {
		options = append(options, plan.Option{Key: "gid", Value: strconv.Itoa(tty)})
	}
	return options
}

// borrow takes from the host what the root of a user namespace may not make: device nodes, and,
// without a network namespace of its own, a sysfs. The host's shows the host's network, so that of
// another's network is made on the host (kobj_ns_current_may_mount, kernel 3.12: it takes CAP_SYS_ADMIN
// over the owner of the network namespace).
func borrow(p *plan.Plan) {
	add := func(s plan.Source) int {
		p.Sources = append(p.Sources, s)
		return len(p.Sources) - 1
	}
	sys := plan.Source{Path: "/sys", Recursive: true, ReadOnly: true}
	if slices.ContainsFunc(p.Join, func(j plan.Join) bool { return j.Kind == "net" }) {
		sys = plan.Source{Path: "/sys", Kind: plan.SourceSysfs, ReadOnly: true}
	}
	for i := range p.Mounts {
		if m := &p.Mounts[i]; m.Type == "sysfs" && !p.Namespaces.Net {
			*m = plan.Mount{Kind: plan.MountSource, Target: m.Target, Source: add(sys)}
		}
	}
	for _, d := range p.Devices {
		p.Mounts = append(p.Mounts, plan.Mount{Kind: plan.MountSource, Target: d.Path, Source: add(plan.Source{Path: d.Path})})
	}
	p.Devices = nil
}

func links(p *plan.Plan) {
	p.Links = []plan.Link{
		{Path: "/dev/fd", Target: "/proc/self/fd"},
		{Path: "/dev/stdin", Target: "/proc/self/fd/0"},
		{Path: "/dev/stdout", Target: "/proc/self/fd/1"},
		{Path: "/dev/stderr", Target: "/proc/self/fd/2"},
		{Path: "/dev/ptmx", Target: "pts/ptmx"},
	}
	for i := range p.Consoles {
		p.Links = append(p.Links, plan.Link{Path: "/dev/tty" + strconv.Itoa(i+1), Target: "pts/" + strconv.Itoa(i)})
	}
}

func filesystems(p *plan.Plan, d *domain.Def) {
	for _, fs := range d.Filesystems {
		if fs.Target == "/" {
			continue
		}
		m := plan.Mount{Target: fs.Target, ReadOnly: fs.ReadOnly}
		switch fs.Type {
		case domain.FSBind:
			m.Kind, m.From = plan.MountInner, fs.Source
		case domain.FSRAM:
			m.Kind, m.Type, m.NoSUID, m.NoDev = plan.MountNew, "tmpfs", true, true
			m.Options = []plan.Option{{Key: "size", Value: strconv.FormatUint(fs.Usage, 10)}}
		default:
			p.Sources = append(p.Sources, plan.Source{Path: fs.Source, Kind: sourceKind(fs.Type), Format: imageFormat(fs), IDMapped: p.Namespaces.User, ReadOnly: fs.ReadOnly})
			m.Kind, m.Source = plan.MountSource, len(p.Sources)-1
		}
		p.Filesystems = append(p.Filesystems, m)
	}
}

// imageFormat: a raw image needs no server.
func imageFormat(fs domain.Filesystem) string {
	if fs.Driver != "nbd" {
		return ""
	}
	return fs.Format
}

func sourceKind(t domain.FSType) plan.SourceKind {
	return map[domain.FSType]plan.SourceKind{domain.FSBlock: plan.SourceBlock, domain.FSFile: plan.SourceImage}[t]
}

// devices are the nodes that every container has (numbers: Documentation/admin-guide/devices.txt).
func devices() []plan.Device {
	return []plan.Device{
		{Path: "/dev/null", Major: 1, Minor: 3, Mode: 0o666},
		{Path: "/dev/zero", Major: 1, Minor: 5, Mode: 0o666},
		{Path: "/dev/full", Major: 1, Minor: 7, Mode: 0o666},
		{Path: "/dev/random", Major: 1, Minor: 8, Mode: 0o666},
		{Path: "/dev/urandom", Major: 1, Minor: 9, Mode: 0o666},
		{Path: "/dev/tty", Major: 5, Minor: 0, Mode: 0o666},
	}
}
