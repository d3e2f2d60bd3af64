package service

import (
	"context"
	"os"

	"github.com/berthd/berth/internal/plan"
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

// Insides changes what a running container has. Its methods return os.ErrProcessDone if the container has ended, and ctx's
// cause if a file system of the container does not answer before ctx ends. Paths are resolved in the container's root: no
// link leads out of that.
type Insides interface {
	// HoldDisk has the supervisor hold a loop device under a name as long as it lives. What it held under that name it lets
	// go. The caller still has to close the device.
	HoldDisk(ctx context.Context, name string, device *os.File) error
	// LetGo has the supervisor close what it holds under a name. A name that it does not know is no error.
	LetGo(ctx context.Context, name string) error
	// MakeNode makes a node in the container's /dev, for its root. If it fails nothing is left of the node.
	MakeNode(ctx context.Context, n DeviceNode) error
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
