package domain

import "slices"

// Def is one container definition, checked and with its defaults filled in. A Def that Parse
// returned obeys every rule in this package. The zero UUID means that the XML had none.
type Def struct {
	UUID        UUID
	Name        string
	Title       string
	Description string
	Metadata    string // inner XML of <metadata>, verbatim

	Memory    Memory
	VCPUs     uint // reported only; libvirt gives it no effect either
	VCPUsNow  uint // vcpu@current, kept only; 0 means unset
	CPU       CPU
	IO        BlockIO
	NUMA      NUMA
	Partition string // <resource><partition>, absolute; "" means the default, /machine
	AppID     string // fibrechannel@appid, kept only

	OS       OS
	IDMap    IDMap
	Features Features
	Clock    Clock

	OnPoweroff Action // default ActionDestroy
	OnReboot   Action // default ActionRestart
	OnCrash    Action // default ActionDestroy

	Emulator    string // kept only: Berth has one supervisor
	Filesystems []Filesystem
	Interfaces  []Interface
	Consoles    []Console // never empty: one pty is added when the XML has none
	Disks       []Disk
	HostDevices []HostDevice

	SecLabels []SecLabel // <seclabel>, each of another model

	Share     Share     // <lxc:namespace>
	Extension Extension // xmlns:berth
	Latencies []Latency // <berth:latency>
	RLimits   []RLimit  // <berth:rlimit>

	Kept Kept // what has no effect in a container, but for what is in devices of it
}

// Memory holds the memory limits in KiB, as libvirt does. Nil means unset.
type Memory struct {
	Max           uint64 // <memory>, > 0
	DumpCore      string // memory@dumpCore, "on", "off" or unset; kept only
	Current       uint64 // <currentMemory>, 1..Max; kept only, as libvirt does
	HardLimit     *uint64
	SoftLimit     *uint64
	SwapHardLimit *uint64
	MinGuarantee  *uint64
}

// Limit returns the limit of memory in KiB, or Unlimited.
func (m *Memory) Limit() uint64 {
	if m.HardLimit != nil {
		return *m.HardLimit
	}
	return m.Max
}

// Unlimited is libvirt's sentinel for "no limit" in memtune, in KiB.
const Unlimited = 9007199254740991

// OS is <os>: the init program, its arguments and its environment.
type OS struct {
	Arch    string // the host's by default, or that of its 32-bit programs
	Init    string // absolute or relative to the container's root; never empty
	Args    []string
	Env     []EnvVar
	Dir     string
	User    string // name, number or +number; looked up in the container's passwd
	Group   string
	Cmdline string // exported as LIBVIRT_LXC_CMDLINE only
}

// EnvVar is one <initenv>.
type EnvVar struct{ Name, Value string }

// IDRange maps Count ids: those from Start in the container to those from Target on the host.
type IDRange struct{ Start, Target, Count uint32 }

// IDMap is <idmap>. Either both lists are empty, or both have at least one range. They are sorted
// by Start.
type IDMap struct{ UIDs, GIDs []IDRange }

// Enabled reports whether the map has ranges, and so whether the container has a user namespace.
func (m IDMap) Enabled() bool { return len(m.UIDs) > 0 }

// ExcludesRoot reports whether the container has a user namespace in which nobody is root of the host: no range has the
// host's user or group 0.
func (m IDMap) ExcludesRoot() bool {
	hasRoot := func(r IDRange) bool { return r.Target == 0 }
	return m.Enabled() && !slices.ContainsFunc(m.UIDs, hasRoot) && !slices.ContainsFunc(m.GIDs, hasRoot)
}

// Features is <features>.
type Features struct {
	PrivNet      bool
	Capabilities Capabilities
	Kept         []string // elements without an effect in a container: acpi, apic, pae, in this order
	APICEOI      string   // apic@eoi, "on", "off" or unset; kept only
}

// CapPolicy is the policy attribute of <capabilities>.
type CapPolicy string

// The policies. CapDefault drops a fixed few capabilities, CapAllow none and CapDeny all.
const (
	CapDefault CapPolicy = "default"
	CapAllow   CapPolicy = "allow"
	CapDeny    CapPolicy = "deny"
)

// Capabilities is <capabilities>: the policy and its exceptions. The names are those of
// capabilities(7) in lower case, without the prefix cap_.
type Capabilities struct {
	Policy CapPolicy
	States map[string]bool // true is state='on'
}

// Clock is <clock>. A container shares the host's clock.
type Clock struct {
	Offset string // "utc" by default; "localtime" makes nodes of the timers that are devices; the others are kept only
	// The rest is kept only.
	Adjustment string // "reset", or seconds
	Basis      string // of "variable": "utc" or "localtime"
	TimeZone   string // of "timezone"
	Start      string // of "absolute": seconds since 1970
	Timers     []Timer
}

// Action is a life-cycle action word.
type Action string

// The life-cycle actions. The coredump ones are for on_crash only.
const (
	ActionDestroy         Action = "destroy"
	ActionRestart         Action = "restart"
	ActionRenameRestart   Action = "rename-restart"
	ActionPreserve        Action = "preserve"
	ActionCoredumpDestroy Action = "coredump-destroy"
	ActionCoredumpRestart Action = "coredump-restart"
)

// FSType is the type attribute of <filesystem>.
type FSType string

// The file system types that a container can have.
const (
	FSMount FSType = "mount" // a host directory or file
	FSBind  FSType = "bind"  // a path inside the container
	FSBlock FSType = "block" // a host block device
	FSFile  FSType = "file"  // an image file through loop or nbd
	FSRAM   FSType = "ram"   // a tmpfs
)

// Filesystem is one <filesystem>.
type Filesystem struct {
	Type       FSType
	AccessMode string // kept only; "passthrough" by default
	Source     string // host path, in-container path (bind) or device; "" for ram
	Target     string // absolute
	ReadOnly   bool
	Usage      uint64 // bytes, ram only
	Driver     string // "loop" or "nbd", file only
	Format     string // "raw" or another format of qemu-nbd(8), file only
	WrPolicy   string // kept only
	HardLimit  uint64 // space_hard_limit in bytes, kept only
	SoftLimit  uint64 // space_soft_limit in bytes, kept only
	Alias      Alias
	Kept       Kept
}

// Root returns the file system with the target "/", the last one if there are several. It returns
// false if there is none: the container then shares the host's root. One of the type "bind" is the host's
// root, and comes as a mount of it.
func (d *Def) Root() (Filesystem, bool) {
	for _, v := range slices.Backward(d.Filesystems) {
		if v.Target == "/" {
			if v.Type == FSBind {
				v.Type = FSMount
			}
			return v, true
		}
	}
	return Filesystem{}, false
}

// Console is one <console type='pty'>.
type Console struct {
	TargetType string // "lxc" by default
	Port       uint   // its index among the consoles
	Kept       Kept
}

// ShareKind says how a ShareRef names the namespace to share.
type ShareKind string

// The kinds of <lxc:share*>. ShareNone is the zero value: nothing is shared.
const (
	ShareNone  ShareKind = ""
	ShareNetNS ShareKind = "netns" // a name below /run/netns, sharenet only
	ShareName  ShareKind = "name"  // another container
	SharePID   ShareKind = "pid"
)

// ShareRef is one <lxc:sharenet>, <lxc:shareipc> or <lxc:shareuts>.
type ShareRef struct {
	Kind  ShareKind
	Value string
}

// Share is <lxc:namespace>.
type Share struct{ Net, IPC, UTS ShareRef }

// Extension holds the elements that Berth adds to libvirt's XML, in an XML namespace of its own.
type Extension struct {
	AutoIDMap  bool   // <berth:idmap mode='auto'/>: the service chooses 65536 ids and puts them into IDMap
	NoNewPrivs bool   // <berth:no_new_privs/>
	Seccomp    string // <berth:seccomp profile=''/>: "default", "none" or "", which means none too
	Notify     bool   // <berth:notify/>: init says when it is ready (sd_notify(3))
	// ShutdownTimeout is how many seconds init has to end when systemd orders that, before it is killed. 0 means the
	// service's own limit.
	ShutdownTimeout uint64 // <berth:shutdown timeout='30'/>
	ShutdownSignal  string // <berth:shutdown signal='SIGTERM'/>: "" means a signal that init listens to
	Journal         uint64 // <berth:journal console='N'/>: bit N says that the output of console N goes to the journal
	PIDs            uint64 // <berth:pids max=''/>; 0 means systemd-machined's limit
	MemoryMin       uint64 // <berth:protect memory=''/>, in KiB: this much of its memory is never reclaimed
	// TakeDefaultRoute is <berth:take_default_route/>: the container may have a NIC that the host's default route goes by.
	TakeDefaultRoute bool
	Idle             bool   // <berth:idle/>: it gets the processor time that no other unit wants
	OwnerUID         uint32 // <berth:owner uid=''/>: the user whose container it is; 0 means root's
}
