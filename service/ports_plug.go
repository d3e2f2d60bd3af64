package service

import (
	"context"
	"os"

	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/shift"
)

// Device is a disk or a device of the host that a run has. It is in notes.
type Device struct {
	Alias  string `json:"alias"` // that the run has chosen
	Path   string `json:"path"`  // of its node
	Block  bool   `json:"block,omitempty"`
	Major  uint32 `json:"major"`
	Minor  uint32 `json:"minor"`
	Access string `json:"access"`          // letters of DeviceAllow=
	Image  bool   `json:"image,omitempty"` // a loop device, which the supervisor holds
}

// Insides changes what a running container has. Its methods return os.ErrProcessDone if the container has ended, and
// ctx's cause if a file system of the container does not answer before ctx ends. Paths are resolved in the container's
// root: no link leads out of that.
type Insides interface {
	// HoldDisk has the supervisor hold a loop device under a name as long as it lives. What it held under that name it
	// lets go. The caller still has to close the device.
	HoldDisk(ctx context.Context, name string, device *os.File) error
	// LetGo has the supervisor close what it holds under a name. A name that it does not know is no error.
	LetGo(ctx context.Context, name string) error
	// MakeNode makes a node in the container's /dev, for its root. If it fails nothing is left of the node.
	MakeNode(ctx context.Context, n DeviceNode) error
	// OpenSource returns a detached mount of what a file system has as its source, other than an image or block device,
	// and its root.
	OpenSource(ctx context.Context, o FSSource) (tree *os.File, root FileID, err error)
	// HoldSource has the supervisor keep the host's file system of a path from being made read-only, under a name.
	HoldSource(ctx context.Context, name, path string) error
	// Exists reports whether the container has a file at a path.
	Exists(ctx context.Context, root Owner, path string) (bool, error)
	// Mount attaches a detached mount in the container. The caller still has to close it. If it fails, nothing is mounted.
	Mount(ctx context.Context, tree *os.File, o FSMount) error
	// Unmount detaches what Mount attached; a process that has a file open keeps that. It leaves another mount alone.
	Unmount(ctx context.Context, o FSMount, root FileID, made bool) error
	// RemoveNode removes a node. It leaves alone what is no node of this device in the container's /dev.
	RemoveNode(ctx context.Context, n DeviceNode) error
}

// DeviceNode is a node of a device in a container's /dev.
type DeviceNode struct {
	plan.Device
	Root   Owner  // the container's root on the host
	Label  string // of the container's files; "" means none
	Mapped bool   // the container has a user namespace, in whose file systems a node opens nothing
}

// Owner is the ids of a user on the host.
type Owner struct{ UID, GID uint32 }

// FileID tells a file from all others. It is in notes.
type FileID struct {
	Dev uint64 `json:"dev"`
	Ino uint64 `json:"ino"`
}

// Mounted is a file system that was attached to a running container. It is in notes.
type Mounted struct {
	Alias string `json:"alias"`
	FileID
	Made bool `json:"made,omitempty"` // the mount point, which goes with it if it is empty then
}

// FSSource is the source of a file system: Path of the host, or of the container if Inner is true, or a tmpfs of Size
// bytes.
type FSSource struct {
	Path     string
	Inner    bool
	Size     uint64
	ReadOnly bool
	Root     Owner
	Label    string
}

// FSMount is a place in a container.
type FSMount struct {
	Target string
	Root   Owner
	Mapped bool       // the container has a user namespace
	Owners *shift.Map // that of the user namespace, if the owners of the files are to be mapped and are not the container's already
	Locked bool       // and whose root may not change the flags of the mount
	Source string     // the directory or image of the host that is mounted; "" if there is none
	Image  bool
}
