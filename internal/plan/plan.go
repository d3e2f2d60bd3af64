package plan

// Plan is what init does, in the order of its fields.
type Plan struct {
	Name       string     `json:"name"`
	Namespaces Namespaces `json:"namespaces"`
	Join       []Join     `json:"join,omitempty"` // namespaces of others that init is born in
	UIDs       []IDRange  `json:"uids,omitempty"`
	GIDs       []IDRange  `json:"gids,omitempty"`
	// Sources are opened by the supervisor, before the root is entered; Sources[0] is the root.
	Sources     []Source     `json:"sources"`
	ProcView    bool         `json:"proc_view,omitempty"` // there are mounts of kind MountView
	Detach      []string     `json:"detach,omitempty"`    // mounts of a shared host root that the container must not see
	Mounts      []Mount      `json:"mounts"`              // the basic ones
	Devices     []Device     `json:"devices"`
	Links       []Link       `json:"links"`
	Consoles    int          `json:"consoles"`
	Filesystems []Mount      `json:"filesystems,omitempty"` // the definition's own, in its order
	Group       Mount        `json:"cgroup"`                // made once init is in its control group
	Hostname    string       `json:"hostname,omitempty"`
	LoopbackUp  bool         `json:"loopback_up,omitempty"`
	Deny        []string     `json:"deny_syscalls,omitempty"` // by a filter; none without one
	Caps        Capabilities `json:"capabilities"`
	NoNewPrivs  bool         `json:"no_new_privs,omitempty"` // prctl(2), PR_SET_NO_NEW_PRIVS
	Linux32     bool         `json:"linux32,omitempty"`      // personality(2), PER_LINUX32
	Init        Init         `json:"init"`
	StopSignal  uint32       `json:"stop_signal,omitempty"` // that ends init; 0: the one that it listens to
}

// Namespaces are the kinds that init gets anew; pid and mount always are.
type Namespaces struct {
	IPC    bool `json:"ipc"`
	UTS    bool `json:"uts"`
	Net    bool `json:"net"`
	User   bool `json:"user"`
	Cgroup bool `json:"cgroup"`
}

// Join is a namespace of another container, another process, or of a name below /run/netns.
type Join struct {
	Kind      string `json:"kind"` // net, ipc, uts
	Container string `json:"container,omitempty"`
	PID       uint32 `json:"pid,omitempty"`
	NetNS     string `json:"netns,omitempty"`
}

// IDRange maps Count ids from Inside on to those from Outside on.
type IDRange struct {
	Inside  uint32 `json:"inside"`
	Outside uint32 `json:"outside"`
	Count   uint32 `json:"count"`
}

// SourceKind is what a Source is on the host.
type SourceKind string

// The kinds of sources. SourceTree is the zero value.
const (
	SourceTree  SourceKind = ""      // a directory or file, cloned as a detached mount tree
	SourceBlock SourceKind = "block" // a block device with a file system
	SourceImage SourceKind = "image" // a file with a file system, shown as a block device
	SourceSysfs SourceKind = "sysfs" // a new sysfs of the network namespace that is joined
)

// Source is a part of the host that becomes a detached mount tree.
type Source struct {
	Path      string     `json:"path"`
	Kind      SourceKind `json:"kind,omitempty"`
	Format    string     `json:"format,omitempty"` // of an image that is not raw, as qemu-nbd(8) names it
	Recursive bool       `json:"recursive,omitempty"`
	IDMapped  bool       `json:"idmapped,omitempty"`
	ReadOnly  bool       `json:"readonly,omitempty"`
}

// MountKind is how a mount comes to be.
type MountKind string

// The kinds of mounts.
const (
	MountNew    MountKind = "new"    // a new file system of Type
	MountInner  MountKind = "inner"  // a bind of From, a path inside the container
	MountSource MountKind = "source" // the tree of Sources[Source]
	MountView   MountKind = "view"   // the file From of the container's own part of /proc
)

// Mount is one mount inside the container; its target is made where it is missing.
type Mount struct {
	Kind     MountKind `json:"kind"`
	Target   string    `json:"target"`
	Type     string    `json:"type,omitempty"`
	Options  []Option  `json:"options,omitempty"`
	From     string    `json:"from,omitempty"`
	Source   int       `json:"source,omitempty"`
	ReadOnly bool      `json:"readonly,omitempty"`
	Writable bool      `json:"writable,omitempty"` // an inner mount of a read-only one, made writable
	NoSUID   bool      `json:"nosuid,omitempty"`
	NoDev    bool      `json:"nodev,omitempty"`
	NoExec   bool      `json:"noexec,omitempty"`
	// Optional: it is left out where its target is missing and the file system there is read-only.
	Optional bool   `json:"optional,omitempty"`
	Files    []File `json:"files,omitempty"` // what a new file system has before it becomes read-only
}

// File is a small regular file of a new file system: at its top, and root's.
type File struct {
	Name    string `json:"name"`
	Mode    uint32 `json:"mode"` // permission bits
	Content string `json:"content"`
}

// Option is one parameter of a new file system; an empty value is a flag.
type Option struct {
	Key   string `json:"key"`
	Value string `json:"value,omitempty"`
}

// Device is a character device node below /dev.
type Device struct {
	Path  string `json:"path"`
	Major uint32 `json:"major"`
	Minor uint32 `json:"minor"`
	Mode  uint32 `json:"mode"`
}

// Link is a symbolic link.
type Link struct {
	Path   string `json:"path"`
	Target string `json:"target"`
}

// Capabilities is what init keeps: a mask by capability number.
type Capabilities struct {
	Keep    uint64 `json:"keep"`
	Inherit bool   `json:"inherit,omitempty"` // the inheritable set too
}

// Init is what is executed, and as whom.
type Init struct {
	Path  string   `json:"path"`
	Args  []string `json:"args"` // argv[0] included
	Env   []string `json:"env"`
	Dir   string   `json:"dir"`
	User  string   `json:"user,omitempty"`
	Group string   `json:"group,omitempty"`
}
