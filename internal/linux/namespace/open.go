package namespace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

// Kind is a kind of namespace. Its text is the name in /proc/PID/ns.
type Kind string

// The kinds of namespaces that containers can share.
const (
	Net Kind = "net"
	IPC Kind = "ipc"
	UTS Kind = "uts"
)

// flag returns the kind's flag for setns(2), or 0 if the kind is unknown.
func (k Kind) flag() int {
	return map[Kind]int{Net: unix.CLONE_NEWNET, IPC: unix.CLONE_NEWIPC, UTS: unix.CLONE_NEWUTS}[k]
}

// named is the directory in which ip-netns(8) keeps network namespaces.
const named = "/run/netns"

// Named opens a network namespace that has a name below /run/netns (ip-netns(8)). It returns an error
// if there is none of that name, or if the file is not a network namespace.
func Named(name string) (*os.File, error) {
	at := filepath.Join(named, name)
	f, err := Pinned(at)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no network namespace '%s': %w", name, err)
	}
	return f, err
}

// Pinned opens the network namespace whose file is mounted at a path. It returns fs.ErrNotExist if there is no file,
// and another error if the file is none of a network namespace.
func Pinned(at string) (*os.File, error) {
	f, err := os.Open(at)
	if err != nil {
		return nil, err
	}
	kind, err := unix.IoctlRetInt(int(f.Fd()), unix.NS_GET_NSTYPE)
	runtime.KeepAlive(f)
	if err != nil || kind != unix.CLONE_NEWNET {
		_ = f.Close()
		return nil, fmt.Errorf("%s is not a network namespace", at)
	}
	return f, nil
}
