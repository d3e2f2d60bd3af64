package wire

import "strconv"

// The files of a run's directory, the supervisor's working directory, that it and berthd share.
const (
	SocketFile = "supervisor.sock" // where a restarted berthd connects
	ExitFile   = "exit"            // an encoded Exited, once init has ended
)

// ConsoleFile is the name of console n's ring.
func ConsoleFile(n int) string { return "console" + strconv.Itoa(n) }
