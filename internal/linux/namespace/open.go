package namespace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/pidfd"
)

// Kind is a kind of namespaces, by its name in /proc/PID/ns.
type Kind string

// The kinds that processes of different containers can share.
const (
	Net Kind = "net"
	IPC Kind = "ipc"
	UTS Kind = "uts"
)

// flag is the kind's number for setns(2), 0 for one that is unknown.
func (k Kind) flag() int {
	return map[Kind]int{Net: unix.CLONE_NEWNET, IPC: unix.CLONE_NEWIPC, UTS: unix.CLONE_NEWUTS}[k]
}

// named is where ip-netns(8) keeps network namespaces.
const named = "/run/netns"

// OfProcess opens a namespace of a process that exists.
func OfProcess(pid uint32, k Kind) (*os.File, error) {
	p, err := pidfd.Open(int(pid))
	if errors.Is(err, syscall.ESRCH) {
		return nil, fmt.Errorf("there is no process %d", pid)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.Close() }()
	f, err := os.Open("/proc/" + strconv.FormatUint(uint64(pid), 10) + "/ns/" + string(k))
	// The process of the pidfd is still there, so that the path was its own.
	if gone := pidfd.Signal(p, 0); gone != nil || errors.Is(err, fs.ErrNotExist) {
		_ = f.Close()
		return nil, fmt.Errorf("process %d has ended", pid)
	}
	return f, err
}

// Named opens a network namespace that ip-netns(8), or who does the same, has given a name.
func Named(name string) (*os.File, error) {
	path := filepath.Join(named, name)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no network namespace '%s': %w", name, err)
	}
	if err != nil {
		return nil, err
	}
	kind, err := unix.IoctlRetInt(int(f.Fd()), unix.NS_GET_NSTYPE)
	runtime.KeepAlive(f)
	if err != nil || kind != unix.CLONE_NEWNET {
		_ = f.Close()
		return nil, fmt.Errorf("%s is no network namespace", path)
	}
	return f, nil
}
