package wire

import "strconv"

// The files that berthd and a supervisor share in the run's directory. The supervisor works there.
const (
	SocketFile = "supervisor.sock" // where a restarted berthd connects
	ExitFile   = "exit"            // an encoded Exited, once init has ended
)

// The descriptors that berthd starts a supervisor with, besides the standard ones.
const (
	FDControl = 3 + iota // the connection to the berthd that starts it
	FDListen             // the socket to which a later berthd connects
	FDProgram            // the supervisor's program, for the exec
)

// ConsoleFile returns the name of the file with the output of console n.
func ConsoleFile(n int) string { return "console" + strconv.Itoa(n) }
