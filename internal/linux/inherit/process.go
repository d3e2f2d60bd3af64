package inherit

import (
	"os"

	"golang.org/x/sys/unix"
)

// Setting is a file below /proc/self with a value that the process's children have too.
type Setting struct{ File, Value string }

// The files of the settings.
const (
	OOMScoreAdj    = "oom_score_adj"
	CoredumpFilter = "coredump_filter"
)

// Write writes the setting for the calling process.
func (s Setting) Write() error {
	name := "/proc/self/" + s.File
	fd, err := unix.Open(name, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: name, Err: err}
	}
	defer func() { _ = unix.Close(fd) }()
	if _, err := unix.Write(fd, []byte(s.Value)); err != nil {
		return &os.PathError{Op: "write " + s.Value + " to", Path: name, Err: err}
	}
	return nil
}

// ResetMemory takes back what prctl(2) sets for the memory of a process and of its children: no merging of
// equal pages (MemoryKSM=), and huge pages as on the host. A kernel without these has nothing to take back.
func ResetMemory() {
	_ = unix.Prctl(unix.PR_SET_MEMORY_MERGE, 0, 0, 0, 0)
	_ = unix.Prctl(unix.PR_SET_THP_DISABLE, 0, 0, 0, 0)
}
