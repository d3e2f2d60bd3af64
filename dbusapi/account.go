package dbusapi

import (
	"fmt"
	"runtime"
	"time"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/service"
)

// What one connection can have in work; the bus limits only calls that want a reply.
const (
	maxCallsPerCaller = 1024
	maxBytesPerCaller = 16 << 20 // of arguments
	maxFilesPerCaller = 1024     // descriptors of its calls; those that are staged come on top (service.MaxPassed)
)

// quota is what one user can have of berthd at once, on all connections together. A user has many connections (256 with
// dbus-daemon), so that a limit of each is none of the user.
type quota struct {
	calls    int // that were read and not answered
	bytes    int // of their arguments
	files    int // descriptors of calls, and those that are staged
	waits    int // calls that wait for a container or a command
	commands int // objects of commands
	turns    int // calls that are authorised or at work
	unread   Backlog
}

// quotaOf returns the quota of a user. That of root is there for mistakes, not for malice.
func quotaOf(root bool) quota {
	if root {
		return quota{calls: 16384, bytes: 256 << 20, files: 16384, waits: 8192, commands: 4096, turns: 8 + runtime.NumCPU(), unread: Backlog{80 << 20, 32}}
	}
	return quota{calls: 2048, bytes: 32 << 20, files: 1024, waits: 512, commands: 256, turns: 2 + runtime.NumCPU(), unread: Backlog{16 << 20, 12}}
}

// account counts what one user has. inbound.mu guards its numbers.
type account struct {
	who         string // for errors
	quota       quota
	turns       chan struct{}
	connections int
	calls       int
	bytes       int
	files       int
	waits       int
	starting    int // commands that have no object yet
	commands    map[service.ProcessKey]struct{}
	unread      Backlog       // what its connections have not read
	asking      chan struct{} // who asks the bus for that has put a token in; asked is his
	asked       time.Time
	ignores     bool // he reads nothing: no answer waits for that any more
}

// user is who a connection is of, or nobody whom the bus knows.
type user struct {
	known bool
	uid   uint32
}

func newAccount(of user) *account {
	q := quotaOf(of.known && of.uid == 0)
	a := &account{quota: q, turns: make(chan struct{}, q.turns), asking: make(chan struct{}, 1), commands: map[service.ProcessKey]struct{}{}}
	a.who = "the users whom the bus does not know have"
	if of.known {
		a.who = fmt.Sprintf("user %d has", of.uid)
	}
	return a
}

// idle reports whether nothing has to be counted any more.
func (a *account) idle() bool {
	return a.connections == 0 && a.calls == 0 && a.files == 0 && a.starting == 0 && len(a.commands) == 0
}

// charge counts a call. It returns an error if the user has too much with it: then the call is counted until it is
// answered, as any other.
func (a *account) charge(c *call) *busError {
	a.calls++
	a.bytes += c.size()
	a.files += c.count
	switch {
	case a.calls > a.quota.calls:
		return a.exceeded("%d calls at once", a.quota.calls)
	case a.bytes > a.quota.bytes:
		return a.exceeded("%d bytes of arguments at once", a.quota.bytes)
	case a.files > a.quota.files:
		return a.exceeded("%d descriptors at once", a.quota.files)
	}
	return nil
}

// discharge takes back what charge has counted.
func (a *account) discharge(c *call) {
	a.calls--
	a.bytes -= c.size()
	a.files -= c.count
}

// exceeded is the error that names a limit.
func (a *account) exceeded(what string, limit int) *busError {
	return stdError(contract.ErrorLimitsExceeded, "%s more than "+what, a.who, limit)
}
