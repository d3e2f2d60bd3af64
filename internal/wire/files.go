package wire

import (
	"strconv"
	"syscall"
)

// StopOrder is the KillSignal of a container's scope. systemd sends it to all processes of the scope to order
// the container's end. A program ignores it by default (signal(7)). The supervisor obeys it.
const StopOrder = syscall.SIGURG

// The files that berthd and a supervisor share in the run's directory. The supervisor works there.
const (
	SocketFile = "supervisor.sock" // where a restarted berthd connects
	ExitFile   = "exit"            // an encoded Exited, once init has ended
	KilledFile = "oom"             // an encoded Killed, before that, unless no process was killed
)

// The descriptors that berthd starts a supervisor with, besides the standard ones.
const (
	FDControl = 3 + iota // the connection to the berthd that starts it
	FDProgram            // the supervisor's program, for the exec
)

// NameRoom is how many bytes a supervisor's second argument has, where its container's name is to be for ps(1). A name
// has at most 231.
const NameRoom = 240

// ConsoleFile returns the name of the file with the output of console n.
func ConsoleFile(n int) string { return "console" + strconv.Itoa(n) }
