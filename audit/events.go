package audit

import (
	"cmp"
	"strconv"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// records returns the records of an event.
func records(e service.Audited) []Record {
	s := Subject{Name: e.Name, UUID: e.UUID.String()}
	switch e.Event {
	case service.AuditResources:
		return resources(s, e.Def)
	case service.AuditAttach:
		return plugged(devices(s, "attach", e.Def), e.Failed)
	case service.AuditDetach:
		return plugged(devices(s, "detach", e.Def), e.Failed)
	case service.AuditUpdate:
		return plugged(devices(s, "update", e.Def), e.Failed)
	default:
	}
	r, known := one(s, e)
	if !known {
		return nil
	}
	r.Failed = e.Failed
	return []Record{r}
}

// one returns the record of an event that has one.
func one(s Subject, e service.Audited) (r Record, known bool) {
	switch e.Event {
	case service.AuditStart:
		return Start(s, e.Reason, e.Supervisor), true
	case service.AuditInit:
		return Init(s, e.Supervisor, e.Leader, e.PIDNamespace), true
	case service.AuditStop:
		return Stop(s, e.Reason), true
	case service.AuditExec:
		return Exec(s, e.Supervisor, e.PID, e.Command), true
	case service.AuditMemory:
		return Amount("mem", "update", s, e.OldMemory, e.NewMemory), true
	case service.AuditLimit:
		return Limit(s, e.Group, e.Limit, e.Before, e.After), true
	case service.AuditLabel:
		return Label(s, e.Label.Process, e.Label.Files, e.Label.Model), true
	case service.AuditResources, service.AuditAttach, service.AuditDetach, service.AuditUpdate:
	}
	return Record{}, false
}

// plugged returns the records of a device that a running container has got or lost, or that has changed, or has not.
func plugged(list []Record, failed bool) []Record {
	for i := range list {
		list[i].Failed = failed
	}
	return list
}

// resources returns what a start gives a container, in libvirt's order. libvirt writes none of them as failed.
func resources(s Subject, d *domain.Def) []Record {
	const start = "start"
	list := devices(s, start, d)
	for i := range d.Consoles {
		path := "/dev/pts/" + strconv.Itoa(i) // of the container's own devpts: the host has no path for it
		list = append(list, Device("chardev", start, s, nil, &path))
	}
	return append(list, Amount("mem", start, s, 0, d.Memory.Max), Amount("vcpu", start, s, 0, uint64(cmp.Or(d.VCPUsNow, d.VCPUs))))
}

// devices returns the records of the devices of a definition, which a container gets, or loses, or which change while
// it has them. A ram file system has no path, and so no record.
func devices(s Subject, reason string, d *domain.Def) []Record {
	var list []Record
	add := func(kind, value string) {
		before, after := &value, &value
		switch reason {
		case "detach":
			after = nil
		case "update":
		default:
			before = nil
		}
		list = append(list, Device(kind, reason, s, before, after))
	}
	for i := range d.Disks {
		add("disk", d.Disks[i].Source)
	}
	for i := range d.Filesystems {
		if f := &d.Filesystems[i]; f.Source != "" {
			add("fs", f.Source)
		}
	}
	for i := range d.Interfaces {
		add("net", d.Interfaces[i].MAC.String())
	}
	for i := range d.HostDevices {
		list = append(list, hostDevice(s, reason, &d.HostDevices[i]))
	}
	return list
}

// hostDevice returns the record of a device of the host. That of USB devices has the address in the definition: one
// that is meant by its vendor and product is looked for later in a start.
func hostDevice(s Subject, reason string, h *domain.HostDevice) Record {
	switch h.Kind {
	case domain.HostUSB:
		return USB(reason, s, h.USB.Bus, h.USB.Device)
	case domain.HostStorage:
		return Hostdev("disk", reason, s, h.Source)
	case domain.HostNet:
		return Hostdev("net", reason, s, h.Source)
	case domain.HostMisc:
	}
	return Hostdev("chardev", reason, s, h.Source)
}
