package enter

import (
	"golang.org/x/sys/unix"
)

// FDInit is the descriptor of the container's init, a pidfd, in the process that enters. 0 to 2 are the command's.
const FDInit = 3

// Command is a command, and the rights that it has in the container.
type Command struct {
	Argv     []string // Argv[0] is looked for in PATH of Env, unless it has a slash
	Env      []string
	Dir      string
	UID, GID int // in the container
	Groups   []int
	Terminal bool // descriptor 0 is a terminal, and becomes the controlling one

	Namespaces  int  // CLONE_NEW* of the namespaces to enter
	User        bool // the container has a user namespace
	Keep        uint64
	Permitted   uint64 // the capabilities that the process has after it has entered
	Inheritable bool
	Caps        int               // how many capabilities the kernel has
	Ignored     uint64            // the signals that this process ignores, bit by bit: execve(2) would keep that
	Filter      []unix.SockFilter // empty: none
	NoNewPrivs  bool
	Linux32     bool
	Files       *unix.Rlimit // the limit of open files; nil leaves that
	OOMScoreAdj string
	Label       string  // the security label of the command; empty: that of the supervisor, as the policy has it
	MayLackIt   bool    // the command is also executed without its label
	Limits      []Limit // of the definition; the process has those of a service already
}

// Limit is a resource limit of the command (getrlimit(2)).
type Limit struct {
	Name       string // for errors
	Number     int    // RLIMIT_*
	Soft, Hard uint64
	Raised     bool // Hard is above that of the process before it has entered
}
