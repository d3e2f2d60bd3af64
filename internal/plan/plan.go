package plan

// Plan says what the init stage does. It works through the fields in their order.
type Plan struct {
	Name       string     `json:"name"`
	Namespaces Namespaces `json:"namespaces"`
	Join       []Join     `json:"join,omitempty"` // existing namespaces that init is created in
	UIDs       []IDRange  `json:"uids,omitempty"`
	GIDs       []IDRange  `json:"gids,omitempty"`
	// The supervisor opens the sources before the init stage enters the root. Sources[0] is the root.
	Sources  []Source `json:"sources"`
	ProcView bool     `json:"proc_view,omitempty"` // some mounts are of kind MountView
	Mounts   []Mount  `json:"mounts"`              // the mounts that every container has
	Hold     bool     `json:"hold,omitempty"`      // nobody can make the file systems of the sources read-only
	// Where these paths exist, they are read-only, or empty. The words are those of the OCI runtime specification.
	ReadOnlyPaths []string     `json:"readonly_paths,omitempty"`
	MaskedPaths   []string     `json:"masked_paths,omitempty"`
	Devices       []Device     `json:"devices"`
	Links         []Link       `json:"links"`
	Consoles      int          `json:"consoles"`
	Filesystems   []Mount      `json:"filesystems,omitempty"` // those of the definition, in its order
	Cgroup        Mount        `json:"cgroup"`                // mounted after init was moved into its control group
	Hostname      string       `json:"hostname,omitempty"`
	LoopbackUp    bool         `json:"loopback_up,omitempty"`
	Deny          []string     `json:"deny_syscalls,omitempty"` // system calls that the filter denies; empty means no filter
	Caps          Capabilities `json:"capabilities"`
	NoNewPrivs    bool         `json:"no_new_privs,omitempty"` // prctl(2), PR_SET_NO_NEW_PRIVS
	Linux32       bool         `json:"linux32,omitempty"`      // personality(2), PER_LINUX32
	Limits        []Limit      `json:"limits,omitempty"`       // of init; none means berthd's own
	Init          Init         `json:"init"`
	StopSignal    uint32       `json:"stop_signal,omitempty"` // asks init to end; 0 means a signal that init listens to
	Passed        int          `json:"passed,omitempty"`      // descriptors that init gets, from 3 on
	Journal       Journal      `json:"journal,omitzero"`
	RLimits       []Limit      `json:"rlimits,omitempty"` // of init, in the place of those in Limits
	Notify        string       `json:"notify,omitempty"`  // path of the socket that hears sd_notify(3); "" means none
	// Nodes are in the source of kind SourceNodes, by their numbers in this list. berthd makes them.
	Nodes []Device `json:"nodes,omitempty"`
	Label Label    `json:"label,omitzero"`
}

// Label is the security label of the container. The zero Label is none.
type Label struct {
	Process string `json:"process"` // of init, and of the commands that are executed later
	// Files is the label of all that is mounted for the container alone: every tmpfs and devpts, images and block
	// devices, and the view of /proc.
	Files    string `json:"files"`
	Required bool   `json:"required,omitempty"` // init does not run without it
}

// Journal says which consoles' output goes to the host's journal, and with which fields.
type Journal struct {
	Consoles []uint32 `json:"consoles,omitempty"`
	Fields   []string `json:"fields,omitempty"` // KEY=value
}

// Namespaces says which kinds of namespaces are new for init. The pid and mount namespaces always are.
type Namespaces struct {
	IPC    bool `json:"ipc"`
	UTS    bool `json:"uts"`
	Net    bool `json:"net"`
	User   bool `json:"user"`
	Cgroup bool `json:"cgroup"`
}

// Join is one existing namespace: of another container, of a process, or of a name below /run/netns.
type Join struct {
	Kind      string `json:"kind"` // net, ipc, uts
	Container string `json:"container,omitempty"`
	PID       uint32 `json:"pid,omitempty"`
	NetNS     string `json:"netns,omitempty"`
}

// IDRange maps Count ids: those from Inside in the container to those from Outside on the host.
type IDRange struct {
	Inside  uint32 `json:"inside"`
	Outside uint32 `json:"outside"`
	Count   uint32 `json:"count"`
}

// SourceKind says what a Source is on the host.
type SourceKind string

// The kinds of sources. SourceTree is the zero value.
const (
	SourceTree  SourceKind = ""      // a directory or file, cloned as a detached mount tree
	SourceBlock SourceKind = "block" // a block device with a file system
	SourceImage SourceKind = "image" // a file with a file system, shown as a block device
	SourceSysfs SourceKind = "sysfs" // a new sysfs of the network namespace in Join
	SourceNodes SourceKind = "nodes" // a new tmpfs with the plan's Nodes, each with its index as its name
)

// Source is a part of the host that becomes a detached mount tree.
type Source struct {
	Path      string     `json:"path"`
	Kind      SourceKind `json:"kind,omitempty"`
	Format    string     `json:"format,omitempty"` // qemu-nbd(8)'s name of an image's format; empty means raw
	Recursive bool       `json:"recursive,omitempty"`
	IDMapped  bool       `json:"idmapped,omitempty"`
	ReadOnly  bool       `json:"readonly,omitempty"`
	Hide      []string   `json:"hide,omitempty"` // mounts of the tree that the container must not see, by their path in it
}

// MountKind says what a mount shows.
type MountKind string

// The kinds of mounts.
const (
	MountNew    MountKind = "new"    // a new file system of Type
	MountInner  MountKind = "inner"  // a bind of From, a path inside the container
	MountSource MountKind = "source" // the tree of Sources[Source], or the file From in it
	MountView   MountKind = "view"   // the file From of the container's view of /proc (package procview)
	MountBootID MountKind = "bootid" // a new file with a random boot id; the container must have its /dev by then
)

// Mount is one mount inside the container. The init stage creates the target if it is missing.
type Mount struct {
	Kind     MountKind `json:"kind"`
	Target   string    `json:"target"`
	Type     string    `json:"type,omitempty"`
	Options  []Option  `json:"options,omitempty"`
	From     string    `json:"from,omitempty"`
	Source   int       `json:"source,omitempty"`
	ReadOnly bool      `json:"readonly,omitempty"`
	Writable bool      `json:"writable,omitempty"` // an inner mount becomes writable although From is read-only
	NoSUID   bool      `json:"nosuid,omitempty"`
	NoDev    bool      `json:"nodev,omitempty"`
	NoExec   bool      `json:"noexec,omitempty"`
	// An optional mount is left out if its target is missing and cannot be created on a read-only
	// file system.
	Optional bool `json:"optional,omitempty"`
	// A whole file system is also mounted a second time, out of reach, where nothing is mounted below it.
	Whole bool   `json:"whole,omitempty"`
	Files []File `json:"files,omitempty"` // created in a new file system before that becomes read-only
}

// File is a small regular file in the top directory of a new file system. It belongs to root.
type File struct {
	Name    string `json:"name"`
	Mode    uint32 `json:"mode"` // permission bits
	Content string `json:"content"`
}

// Option is one parameter of a new file system. A flag has an empty value.
type Option struct {
	Key   string `json:"key"`
	Value string `json:"value,omitempty"`
}

// Device is a device node below /dev: one of a character device, unless Block is true.
type Device struct {
	Path  string `json:"path"`
	Block bool   `json:"block,omitempty"`
	Major uint32 `json:"major"`
	Minor uint32 `json:"minor"`
	Mode  uint32 `json:"mode"`
	// Image is a file of the host that a loop device shows. The start chooses the device, and so the minor number.
	Image string `json:"image,omitempty"`
}

// Link is a symbolic link.
type Link struct {
	Path   string `json:"path"`
	Target string `json:"target"`
}

// Capabilities has the mask of the capabilities that init keeps. Bit n stands for capability n.
type Capabilities struct {
	Keep    uint64 `json:"keep"`
	Inherit bool   `json:"inherit,omitempty"` // the inheritable set gets them too
}

// Limit is one resource limit of init (getrlimit(2)). Infinity means none.
type Limit struct {
	Name string `json:"name"` // in lower case and without RLIMIT_: nofile, core, ...
	Soft uint64 `json:"soft"`
	Hard uint64 `json:"hard"`
}

// Init is the program that is executed, with its arguments, environment, directory and user.
type Init struct {
	Path  string   `json:"path"`
	Args  []string `json:"args"` // argv[0] included
	Env   []string `json:"env"`
	Dir   string   `json:"dir"`
	User  string   `json:"user,omitempty"`
	Group string   `json:"group,omitempty"`
}
