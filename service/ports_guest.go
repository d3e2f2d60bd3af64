package service

import "context"

// GuestReader reads what a running container is to itself. Its methods return os.ErrProcessDone if the container has
// ended.
type GuestReader interface {
	HostName() (string, error)
	// MountTable returns init's mounts, as proc_pid_mountinfo(5) has them.
	MountTable() (string, error)
	// ReadFile returns the beginning of a regular file, at most most bytes. root is the container's root on the host: what
	// it may not read is not read. It returns fs.ErrNotExist if there is none, and ctx's cause if a file system of the
	// container does not answer before ctx ends. The path is resolved in the container's root.
	ReadFile(ctx context.Context, root Owner, path string, most int64) ([]byte, error)
}
