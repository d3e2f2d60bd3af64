package audit

import (
	"fmt"
	"slices"
	"strconv"
)

// Kind is the type of an audit record.
type Kind uint16

// The kinds (linux/audit.h reserves 2500 to 2599 for virtualization; libaudit.h has the names).
const (
	Control  Kind = 2500
	Resource Kind = 2501
	Machine  Kind = 2502
)

// String returns the name that ausearch(8) has for a kind.
func (k Kind) String() string {
	switch k {
	case Control:
		return "VIRT_CONTROL"
	case Resource:
		return "VIRT_RESOURCE"
	case Machine:
		return "VIRT_MACHINE_ID"
	}
	return strconv.Itoa(int(k))
}

// Subject is the container that a record is about.
type Subject struct {
	Name, UUID string
}

// Record is one record, without what all records have at their end.
type Record struct {
	Kind   Kind
	Failed bool
	fields []field
}

// Sender is what all records of a daemon have at their end. UID is that of the caller for whom the daemon acts; nil if
// it acts by itself.
type Sender struct {
	Exe string
	UID *uint32
}

// Text returns the record as libaudit's audit_log_user_message(3) sends it. The kernel adds the pid, uid, auid, ses and
// subj of the daemon. sauid is where audit_log_user_avc_message(3) has the caller's uid.
func (r Record) Text(s Sender) string { return join(r.all(s)) }

func (r Record) all(s Sender) []field {
	fields := append(slices.Clip(r.fields), str("exe", s.Exe))
	if s.UID != nil {
		fields = append(fields, number("sauid", uint64(*s.UID)))
	}
	result := "success"
	if r.Failed {
		result = "failed"
	}
	return append(fields, word("hostname", ""), word("addr", ""), word("terminal", ""), word("res", result))
}

func number(name string, n uint64) field { return word(name, strconv.FormatUint(n, 10)) }

// identity are the fields that name a container.
func (s Subject) identity() []field { return []field{str("vm", s.Name), word("uuid", s.UUID)} }

// control makes a record of kind Control. reason "" means that it has none.
func control(op, reason string, s Subject, pid uint32, more ...field) Record {
	fields := []field{word("virt", "lxc"), word("op", op)}
	if reason != "" {
		fields = append(fields, word("reason", reason))
	}
	fields = append(append(fields, s.identity()...), number("vm-pid", uint64(pid)))
	return Record{Kind: Control, fields: append(fields, more...)}
}

// Start is the start of a container. pid is its supervisor's; 0 if the start failed.
func Start(s Subject, reason string, pid uint32) Record { return control("start", reason, s, pid) }

// Stop is the end of a container.
func Stop(s Subject, reason string) Record { return control("stop", reason, s, 0) }

// Init is the begin of init. namespace is the inode number of its pid namespace; 0 if that is not known.
func Init(s Subject, pid, leader uint32, namespace uint64) Record {
	ns := word("pid-ns", "")
	if namespace != 0 {
		ns = number("pid-ns", namespace)
	}
	return control("init", "", s, pid, number("init-pid", uint64(leader)), ns)
}

// Exec is a command that was executed in a container; its pid is 0 if it was not. libvirt has no such record. cmd is a
// field of the kernel's dictionary.
func Exec(s Subject, pid, process uint32, command string) Record {
	return control("exec", "", s, pid, number("exec-pid", uint64(process)), str("cmd", command))
}

// Label is the security label of a container that starts: of its processes, and of its files. Both are "" if none could
// be made.
func Label(s Subject, process, files, model string) Record {
	fields := append(append([]field{word("virt", "lxc")}, s.identity()...), word("vm-ctx", process), word("img-ctx", files), word("model", model))
	return Record{Kind: Machine, fields: fields}
}

func resource(kind, reason string, s Subject, more ...field) Record {
	fields := append([]field{word("virt", "lxc"), word("resrc", kind), word("reason", reason)}, s.identity()...)
	return Record{Kind: Resource, fields: append(fields, more...)}
}

// Device is a disk, fs, net or chardev that a container gets or loses. nil means that there was none, or is none any
// more. The value of a net is its address, that of all others a path.
func Device(kind, reason string, s Subject, before, after *string) Record {
	return resource(kind, reason, s, optional("old-"+kind, before), optional("new-"+kind, after))
}

// Amount is the mem of a container in KiB, or its number of vcpu.
func Amount(kind, reason string, s Subject, before, after uint64) Record {
	return resource(kind, reason, s, number("old-"+kind, before), number("new-"+kind, after))
}

// Hostdev is a device of the host. as is disk for a block device, chardev for a character device, and net for a NIC,
// which libvirt has no record of.
func Hostdev(as, reason string, s Subject, path string) Record {
	return resource("hostdev", reason, s, str(as, path))
}

// USB is a USB device of the host. bus and device are 0 if its address is not known.
func USB(reason string, s Subject, bus, device uint16) Record {
	var address *string
	if bus != 0 || device != 0 {
		address = new(fmt.Sprintf("%03d.%03d", bus, device))
	}
	return resource("dev", reason, s, word("bus", "usb"), optional("device", address))
}

// Limit is a limit of a container's control group that changes. libvirt writes records of control groups for devices
// only.
func Limit(s Subject, group, name, before, after string) Record {
	return resource("cgroup", "update", s, str("cgroup", group), word("class", "limit"), word("limit", name), str("old-limit", before), str("new-limit", after))
}
