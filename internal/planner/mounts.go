package planner

import (
	"strconv"

	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/procview"
)

// basicMounts plans the mounts that libvirt's LXC driver page lists for every container
// (https://libvirt.org/drvlxc.html).
func basicMounts(p *plan.Plan, h Host) {
	p.Mounts = []plan.Mount{
		{Kind: plan.MountNew, Target: "/proc", Type: "proc", NoSUID: true, NoDev: true, NoExec: true, Whole: nestedProc(p)},
		{Kind: plan.MountInner, Target: "/proc/sys", From: "/proc/sys", ReadOnly: true, NoSUID: true, NoDev: true, NoExec: true},
	}
	if p.Namespaces.Net {
		for _, family := range []string{"ipv4", "ipv6"} {
			dir := "/proc/sys/net/" + family
			p.Mounts = append(p.Mounts, plan.Mount{Kind: plan.MountInner, Target: dir, From: dir, Writable: true, NoSUID: true, NoDev: true, NoExec: true})
		}
	}
	sys := kernelView("/sys", "sysfs")
	sys.Whole = !p.Namespaces.User && nestedProc(p) // protect mounts something in it, which would hinder a new one
	p.Mounts = append(p.Mounts, sys)
	// These two show the host's state, and the root of a user namespace may not mount them.
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
			Options: ptsOptions(p.GIDs, p.Consoles),
		},
		// systemd-nspawn and LXC mount one too. Without it the journal inside has all lives in one boot.
		plan.Mount{
			Kind: plan.MountBootID, Target: "/proc/sys/kernel/random/boot_id",
			ReadOnly: true, NoSUID: true, NoDev: true, NoExec: true,
		},
	)
	p.Cgroup = plan.Mount{Kind: plan.MountNew, Target: "/sys/fs/cgroup", Type: "cgroup2", NoSUID: true, NoDev: true, NoExec: true}
}

// nestedProc reports whether a user namespace inside the container may mount a proc of its own, as
// bubblewrap and rootless podman do. The kernel allows that only if the mount namespace has a whole proc,
// one that nothing locked is mounted in (mount_too_revealing, Linux 4.2).
//
// Without a user namespace, the container's root is the host's to /proc/sys: in a new proc it may write
// there. With CAP_SYS_ADMIN it can mount a new one anyway. Without, it must not get one this way.
func nestedProc(p *plan.Plan) bool {
	return p.Namespaces.User || mayMount(p)
}

// mayMount reports whether init has CAP_SYS_ADMIN.
func mayMount(p *plan.Plan) bool {
	const sysAdmin = 21 // linux/capability.h
	return p.Caps.Keep&(1<<sysAdmin) != 0
}

// kernelView returns a read-only mount of a new file system through which the kernel shows its state.
func kernelView(target, fstype string) plan.Mount {
	return plan.Mount{Kind: plan.MountNew, Target: target, Type: fstype, ReadOnly: true, NoSUID: true, NoDev: true, NoExec: true}
}

// procView plans mounts of the container's own /proc files over the kernel's.
func procView(p *plan.Plan) {
	p.ProcView = true
	for _, name := range procview.Names() {
		p.Mounts = append(p.Mounts, plan.Mount{Kind: plan.MountView, Target: "/proc/" + name, From: name})
	}
}

// ptsOptions returns the options of the devpts. Terminals get the group tty, which is 5 on all
// distributions, unless the container's id map has no group 5.
// One container has at most 1,024 terminals besides its consoles: the
// kernel has 3,072 for all containers together (kernel.pty.max less kernel.pty.reserve), and 1,024 more for the
// host.
func ptsOptions(gids []plan.IDRange, consoles int) []plan.Option {
	const most = 1024
	options := []plan.Option{{Key: "ptmxmode", Value: "0666"}, {Key: "mode", Value: "0620"}, {Key: "max", Value: strconv.Itoa(most + consoles)}}
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

// devices returns the device nodes that every container has (Documentation/admin-guide/devices.txt).
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
