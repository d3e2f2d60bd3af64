package domain

import (
	"strconv"
	"strings"

	"libvirt.org/go/libvirtxml"
)

const atShare = "domain/lxc:namespace"

func readShare(d *Def, x *document, f *faults) {
	if x.LXC == nil {
		return
	}
	for _, s := range []struct {
		name string
		from *libvirtxml.DomainLXCNamespaceMap
		to   *ShareRef
	}{{"sharenet", x.LXC.ShareNet, &d.Share.Net}, {"shareipc", x.LXC.ShareIPC, &d.Share.IPC}, {"shareuts", x.LXC.ShareUTS, &d.Share.UTS}} {
		if s.from == nil || s.from.Type == "none" {
			continue
		}
		at := atShare + "/lxc:" + s.name
		ref, e := readShareRef(at, s.from)
		f.add(e)
		if e == nil && ref.Kind == ShareNetNS && s.to != &d.Share.Net {
			f.unsupported(at+"@type", "'netns' is possible for sharenet only")
		}
		*s.to = ref
	}
}

func readShareRef(at string, x *libvirtxml.DomainLXCNamespaceMap) (ShareRef, *Error) {
	ref := ShareRef{Kind: ShareKind(x.Type), Value: x.Value}
	switch {
	case x.Value == "":
		return ref, invalid(at+"@value", "it is missing or empty")
	case ref.Kind == ShareNetNS:
		if strings.Contains(x.Value, "/") || x.Value == "." || x.Value == ".." {
			return ref, invalid(at+"@value", "'%.60s' is not the name of a network namespace below /run/netns", x.Value)
		}
		return ref, checkPath(at+"@value", x.Value)
	case ref.Kind == ShareName:
	case ref.Kind == SharePID:
		if n, err := strconv.ParseUint(x.Value, 10, 31); err != nil || n == 0 {
			return ref, invalid(at+"@value", "'%.20s' is not a pid", x.Value)
		}
	default:
		return ref, invalid(at+"@type", "'%s' is unknown; known are netns, name, pid, none", x.Type)
	}
	return ref, nil
}

func readExtension(d *Def, x *document, f *faults) {
	e := x.Berth
	if e == nil {
		return
	}
	const at = "domain/berth:container/berth:"
	if e.IDMap != nil {
		if e.IDMap.Mode != "auto" {
			f.invalid(at+"idmap@mode", "'%s' is unknown; known is 'auto'", e.IDMap.Mode)
		}
		d.Extension.AutoIDMap = true
	}
	d.Extension.NoNewPrivs = e.NoNewPrivs != nil
	readJournal(d, e, f)
	if e.Seccomp != nil {
		if e.Seccomp.Profile != "default" && e.Seccomp.Profile != "none" {
			f.invalid(at+"seccomp@profile", "'%.40s' is unknown; known are 'default' and 'none'", e.Seccomp.Profile)
		}
		d.Extension.Seccomp = e.Seccomp.Profile
	}
	readShutdown(d, e, f)
	d.Extension.Notify = e.Notify != nil
	d.Extension.TakeDefaultRoute = e.TakeDefaultRoute != nil
	readProtect(d, e, f)
	readRLimits(d, e, f)
	readOwner(d, e, f)
}
