package wire

import "strconv"

// The files of a run's directory, the supervisor's working directory, that it and berthd share.
const (
	SocketFile = "supervisor.sock" // where a restarted berthd connects
	ExitFile   = "exit"            // an encoded Exited, once init has ended
)

// The descriptors that berthd starts a supervisor with, besides the standard ones.
const (
	FDControl = 3 + iota // connected to the berthd that starts it
	FDListen             // where a later berthd connects
	FDProgram            // its program, for the exec
)

// ConsoleFile is the name of console n's ring.
func ConsoleFile(n int) string { return "console" + strconv.Itoa(n) }
