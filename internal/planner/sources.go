package planner

import (
	"slices"
	"strconv"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// rootOf plans Sources[0], the root. Without a root of its own the container gets the host's, but not
// the host's /proc, /sys and /dev.
func rootOf(p *plan.Plan, d *domain.Def) {
	root, private := d.Root()
	if !private {
		root.Source = "/"
	}
	p.Sources = []plan.Source{{Path: root.Source, Kind: sourceKind(root.Type), Format: imageFormat(root), Recursive: true, IDMapped: p.Namespaces.User, ReadOnly: root.ReadOnly}}
	if root.Source == "/" {
		p.Sources[0].Hide = []string{"/proc", "/sys", "/dev"}
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

// imageFormat returns the format that qemu-nbd must serve. It returns "" if fs needs no qemu-nbd.
func imageFormat(fs domain.Filesystem) string {
	if fs.Driver != "nbd" {
		return ""
	}
	return fs.Format
}

// SourceOf returns the source of a block device or image that a running container gets.
func SourceOf(fs domain.Filesystem) plan.Source {
	return plan.Source{Path: fs.Source, Kind: sourceKind(fs.Type), Format: imageFormat(fs), ReadOnly: fs.ReadOnly}
}

func sourceKind(t domain.FSType) plan.SourceKind {
	return map[domain.FSType]plan.SourceKind{domain.FSBlock: plan.SourceBlock, domain.FSFile: plan.SourceImage}[t]
}

// borrow plans mounts from the host for what the root of a user namespace may not create: device
// nodes, and a sysfs if the container has no network namespace of its own. The host's /sys shows the
// host's network. The host's control groups are covered there: an umount of the container's
// would uncover them. For a joined network namespace the host makes a new sysfs instead: that takes
// CAP_SYS_ADMIN in the user namespace that owns the network namespace (kobj_ns_current_may_mount,
// kernel 3.12).
func borrow(p *plan.Plan) {
	add := func(s plan.Source) int {
		p.Sources = append(p.Sources, s)
		return len(p.Sources) - 1
	}
	sys := plan.Source{Path: "/sys", Recursive: true, ReadOnly: true, Hide: []string{"/fs/cgroup"}}
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
