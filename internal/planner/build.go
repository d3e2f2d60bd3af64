package planner

import (
	"strconv"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// Host holds the facts of the host and of its configuration that Build needs.
type Host struct {
	ContainerEnv string       // the value of container=
	Path         string       // the value of PATH=
	OSRelease    string       // the text of the host's os-release(5), or "" if the host has none
	SecurityFS   bool         // securityfs is mounted on /sys/kernel/security
	SELinuxFS    bool         // selinuxfs is mounted on /sys/fs/selinux
	MQueue       bool         // the kernel has POSIX message queues
	ProcView     bool         // the host has FUSE, which a container's view of /proc needs
	Limits       []plan.Limit // those that a service of the host begins with
}

// Build returns the plan of a start. The definition must come from domain.Parse, which refuses all
// that Build cannot plan. So Build returns no error.
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
			Keep: kept(d),
			// libvirt sets the inheritable set with the policy "deny" only (observed).
			Inherit: d.Features.Capabilities.Policy == domain.CapDeny,
		},
		Deny:       denied(d),
		NoNewPrivs: d.Extension.NoNewPrivs,
		Linux32:    d.OS.Personality32(),
		Limits:     h.Limits,
		RLimits:    rlimits(d),
		Init:       initOf(d, h),
		StopSignal: d.Extension.StopSignal(),
		Journal:    journal(d),
	}
	notify(p, d)
	p.LoopbackUp = p.Namespaces.Net
	if !p.Namespaces.UTS {
		p.Hostname = "" // the UTS namespace is another's, and keeps its host name
	}
	rootOf(p, d)
	basicMounts(p, h)
	sharedMemory(p, d, h)
	if len(p.Sources[0].Hide) == 0 { // a container that shares the host's root has the host's /run
		p.Mounts = append(p.Mounts, runMounts(p, h)...)
	}
	protect(p)
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
		Net:    (d.Features.PrivNet || d.HasLinks()) && d.Share.Net.Kind == domain.ShareNone,
		User:   d.IDMap.Enabled(),
		Cgroup: true,
	}
}

// joins returns the namespaces that the container shares with others.
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

func rlimits(d *domain.Def) []plan.Limit {
	var out []plan.Limit
	for _, l := range d.RLimits {
		out = append(out, plan.Limit(l))
	}
	return out
}

func ranges(list []domain.IDRange) []plan.IDRange {
	var out []plan.IDRange
	for _, r := range list {
		out = append(out, plan.IDRange{Inside: r.Start, Outside: r.Target, Count: r.Count})
	}
	return out
}
