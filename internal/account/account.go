// Package account looks users up in a container's own passwd and group files. It reads the files itself: a library for
// names (NSS) would load what the image has.
package account

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/moby/sys/user"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/inroot"
)

// Account is a user of a container.
type Account struct {
	UID, GID int
	Groups   []int // supplementary
	Home     string
}

// LookUp finds a user and a group by their names or numbers. It returns an *Unknown if there is none. An empty user is
// root, and an empty group the user's own. A "+" before a number is ignored. A user without an entry can be given by
// number.
func LookUp(root inroot.Root, name, group string) (Account, error) {
	return LookUpIn(func(path string) (io.ReadCloser, error) { return readable(root, path) }, name, group)
}

// LookUpIn is LookUp with the files that open opens. A missing file is an empty one.
func LookUpIn(open func(path string) (io.ReadCloser, error), name, group string) (Account, error) {
	spec := strings.TrimPrefix(name, "+")
	if spec == "" {
		spec = "0"
	}
	if group != "" {
		spec += ":" + strings.TrimPrefix(group, "+")
	}
	passwd, err := open("/etc/passwd")
	if err != nil {
		return Account{}, err
	}
	defer func() { _ = passwd.Close() }()
	groups, err := open("/etc/group")
	if err != nil {
		return Account{}, err
	}
	defer func() { _ = groups.Close() }()
	found, err := user.GetExecUser(spec, nil, passwdEntries(passwd), groupEntries(groups))
	if err != nil {
		return Account{}, unknown(spec, err)
	}
	return Account{UID: found.Uid, GID: found.Gid, Groups: found.Sgids, Home: found.Home}, nil
}

// Unknown says that there is no such user or group, or that the files cannot be read. Its text begins with "user" or
// "group".
type Unknown struct {
	Text string
	Err  error
}

func (e *Unknown) Error() string { return e.Text }
func (e *Unknown) Unwrap() error { return e.Err }

// unknown explains why the library did not find USER[:GROUP].
func unknown(spec string, err error) *Unknown {
	name, group, _ := strings.Cut(spec, ":")
	switch {
	case errors.Is(err, user.ErrNoPasswdEntries):
		return &Unknown{fmt.Sprintf("user %.60q is not in the container's /etc/passwd", name), err}
	case errors.Is(err, user.ErrNoGroupEntries):
		return &Unknown{fmt.Sprintf("group %.60q is not in the container's /etc/group", group), err}
	case group == "":
		return &Unknown{fmt.Sprintf("user %.60q: %v", name, err), err}
	}
	return &Unknown{fmt.Sprintf("user %.60q, group %.60q: %v", name, group, err), err}
}

// readable opens a file of the container for reading. A missing file counts as an empty one. It
// returns an error if the file is not a regular one: a terminal or a FIFO could block the caller for
// ever, and opening a device can have effects.
func readable(root inroot.Root, p string) (io.ReadCloser, error) {
	looked, err := root.Open(p, unix.O_PATH)
	if errors.Is(err, fs.ErrNotExist) {
		return io.NopCloser(strings.NewReader("")), nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = looked.Close() }()
	if err := regular(looked); err != nil {
		return nil, err
	}
	f, err := root.Open(p, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY)
	if err != nil {
		return nil, err
	}
	if err := regular(f); err != nil { // somebody may have replaced the file in between
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func regular(f *os.File) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return &os.PathError{Op: "stat", Path: f.Name(), Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return fmt.Errorf("%s in the container is not a regular file", f.Name())
	}
	return nil
}
