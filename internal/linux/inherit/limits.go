package inherit

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// Limit is one resource limit of a process (getrlimit(2)).
type Limit struct {
	Name       string // in lower case and without RLIMIT_: nofile, core, ...
	Soft, Hard uint64 // ^0 means none
}

// Nofile is the limit of open files.
const Nofile = "nofile"

// Names returns the names of all limits. The index of a name is the limit's number: RLIMIT_CPU is 0
// (asm-generic/resource.h, which amd64 and arm64 use).
func Names() []string {
	return []string{
		"cpu", "fsize", "data", "stack", "core", "rss", "nproc", Nofile, "memlock", "as", "locks", "sigpending",
		"msgqueue", "nice", "rtprio", "rttime",
	}
}

// SetLimits gives the process the limits. It raises the soft limit of open files to the hard one, as the Go
// runtime does for itself: Files is for the process that executes the next program. It sets each limit
// as near as it may: without CAP_SYS_RESOURCE no hard limit can grow.
func SetLimits(limits []Limit) error {
	for _, l := range limits {
		if l.Name == Nofile {
			l.Soft = l.Hard
		}
		if err := set(l); err != nil {
			return err
		}
	}
	return nil
}

func set(l Limit) error {
	n := slices.Index(Names(), l.Name)
	if n < 0 {
		return fmt.Errorf("limit %q: unknown", l.Name)
	}
	want := unix.Rlimit{Cur: l.Soft, Max: l.Hard}
	err := unix.Prlimit(0, n, &want, nil)
	if errors.Is(err, unix.EPERM) {
		var now unix.Rlimit
		if err := unix.Prlimit(0, n, nil, &now); err != nil {
			return fmt.Errorf("limit %s: %w", l.Name, err)
		}
		want.Max = min(want.Max, now.Max)
		want.Cur = min(want.Cur, want.Max)
		err = unix.Prlimit(0, n, &want, nil)
	}
	if err != nil {
		return fmt.Errorf("limit %s: %w", l.Name, err)
	}
	return nil
}

// Raised returns the number of the limit, and whether its hard limit is above this process's own.
func (l Limit) Raised() (number int, raised bool, err error) {
	n := slices.Index(Names(), l.Name)
	if n < 0 {
		return 0, false, fmt.Errorf("limit %q: unknown", l.Name)
	}
	var now unix.Rlimit
	if err := unix.Prlimit(0, n, nil, &now); err != nil {
		return 0, false, fmt.Errorf("limit %s: %w", l.Name, err)
	}
	return n, l.Hard > now.Max, nil
}

// SetOf gives another process the limit. It returns an error if this process may not set the limit as it is.
func (l Limit) SetOf(pid int) error {
	n := slices.Index(Names(), l.Name)
	if n < 0 {
		return fmt.Errorf("limit %q: unknown", l.Name)
	}
	if err := unix.Prlimit(pid, n, &unix.Rlimit{Cur: l.Soft, Max: l.Hard}, nil); err != nil {
		return fmt.Errorf("limit %s: %w", l.Name, err)
	}
	return nil
}

// Files returns the limit of open files among limits, as far as this process's own hard limit allows it. It returns nil
// if there is none among them.
func Files(limits []Limit) (*unix.Rlimit, error) {
	for _, l := range limits {
		if l.Name != Nofile {
			continue
		}
		var now unix.Rlimit
		if err := unix.Prlimit(0, unix.RLIMIT_NOFILE, nil, &now); err != nil {
			return nil, fmt.Errorf("limit %s: %w", l.Name, err)
		}
		hard := min(l.Hard, now.Max)
		return &unix.Rlimit{Cur: min(l.Soft, hard), Max: hard}, nil
	}
	return nil, nil
}
