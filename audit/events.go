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
	if e.Event == service.AuditResources {
		return resources(s, e.Def)
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
	case service.AuditResources:
	}
	return Record{}, false
}

// resources returns what a start gives a container, in libvirt's order. libvirt writes none of them as failed. A ram
// file system has no path, and so no record.
func resources(s Subject, d *domain.Def) []Record {
	const start = "start"
	var list []Record
	for i := range d.Disks {
		list = append(list, Device("disk", start, s, nil, &d.Disks[i].Source))
	}
	for i := range d.Filesystems {
		if f := &d.Filesystems[i]; f.Source != "" {
			list = append(list, Device("fs", start, s, nil, &f.Source))
		}
	}
	for i := range d.Interfaces {
		mac := d.Interfaces[i].MAC.String()
		list = append(list, Device("net", start, s, nil, &mac))
	}
	for i := range d.HostDevices {
		list = append(list, hostDevice(s, &d.HostDevices[i]))
	}
	for i := range d.Consoles {
		path := "/dev/pts/" + strconv.Itoa(i) // of the container's own devpts: the host has no path for it
		list = append(list, Device("chardev", start, s, nil, &path))
	}
	return append(list, Amount("mem", start, s, 0, d.Memory.Max), Amount("vcpu", start, s, 0, uint64(cmp.Or(d.VCPUsNow, d.VCPUs))))
}

// hostDevice returns the record of a device of the host. That of USB devices has the address in the definition: one
// that is meant by its vendor and product is looked for later in a start.
func hostDevice(s Subject, h *domain.HostDevice) Record {
	switch h.Kind {
	case domain.HostUSB:
		return USB("start", s, h.USB.Bus, h.USB.Device)
	case domain.HostStorage:
		return Hostdev("disk", "start", s, h.Source)
	case domain.HostMisc:
	}
	return Hostdev("chardev", "start", s, h.Source)
}
