package selinux

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"syscall"
	"time"
)

// others are the levels of all processes of the host: other programs give categories to their processes, too, and know
// nothing of berthd.
type others struct {
	proc string // /proc
	now  func() time.Time
	read func(dir string, buffer []byte) (string, error) // label

	mu     sync.Mutex
	at     time.Time // when they were read
	known  map[string]process
	levels map[string]bool
	hidden bool // the policy hides labels from berthd
}

// process is a process as it was seen last. The inode number of its directory in /proc tells it from an earlier one
// with its pid.
type process struct {
	inode uint64
	first time.Time // when it was seen first
	read  time.Time // when its label was read
	level string    // "" if it has no categories
}

const (
	// freshness is how long the levels that were read are good for: a host that starts hundreds of containers shall not
	// look hundreds of times.
	freshness = 100 * time.Millisecond
	// settled is the age at which a process has the label that it keeps. Whoever starts a process with a label of its own
	// does that right after the fork, by an execve(2). So a look costs system calls for young processes only.
	settled = 10 * time.Second
)

// take returns the levels, those of this moment if anew is true. Nobody may write to the map. hidden is true once if
// the policy has hidden some.
func (o *others) take(anew bool) (levels map[string]bool, hidden bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := o.hidden
	if now := o.now(); anew || o.levels == nil || now.Sub(o.at) >= freshness || now.Before(o.at) {
		o.look(now)
	}
	return o.levels, o.hidden && !before
}

// look looks at every process. One that has ended, or that berthd may not look at, has no level.
func (o *others) look(now time.Time) {
	earlier := o.known
	o.at, o.known, o.levels = now, make(map[string]process, len(earlier)), map[string]bool{}
	var buffer [4096]byte
	directories(o.proc, func(pid string, inode uint64) {
		p, seen := earlier[pid]
		if !seen || p.inode != inode {
			p = process{inode: inode, first: now}
		}
		if p.read.IsZero() || p.read.Sub(p.first) < settled {
			text, err := o.read(o.proc+"/"+pid, buffer[:])
			o.hidden = o.hidden || errors.Is(err, syscall.EACCES)
			p.read, p.level = now, pairOf(text)
		}
		o.known[pid] = p
		if p.level != "" {
			o.levels[p.level] = true
		}
	})
}

// pairOf returns the level of a context, if that has categories of its own.
func pairOf(text string) string {
	if c, err := parse(text); err == nil && strings.Contains(c.level, ",") {
		return c.level
	}
	return ""
}

// label returns the context of a process, by its directory in /proc; "" if there is none. It takes three system calls.
func label(dir string, buffer []byte) (string, error) {
	fd, err := syscall.Open(dir+"/attr/current", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	n, err := syscall.Read(fd, buffer)
	_ = syscall.Close(fd)
	return string(bytes.TrimRight(buffer[:max(n, 0)], "\x00\n")), err
}
