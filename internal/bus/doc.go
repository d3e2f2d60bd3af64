// Package bus is how Berth's programs read a message bus. Nothing that a stranger may send to a connection ends it,
// or costs memory, descriptors or goroutines.
//
// The system bus lets every user send signals to every connection, and godbus decodes each of them. A dictionary
// with signatures for keys ends godbus's connection. A descriptor in an array ends its process. To decode
// a megabyte of variants takes 64. So a Conn has a gate (gate.go) between the socket and godbus (wire.go), which
// reads the header of each message and lets through:
//
//	reply, error   if it answers a call that we sent and that is unanswered, and comes from whom we asked.
//	               If its signature is not that of Options.Replies, the call fails.
//	signal         if its sender, name and signature are in Options.Signals.
//	method call    always. If its body is not as Options.Calls says, it arrives without the body.
//
// The gate skips everything else while it reads, and never holds it. Of what it lets through it bounds the size
// and checks every byte of the body (body.go). It writes the header anew, with the fields that the
// specification knows. godbus does not learn that the socket can carry descriptors (Options.Descriptors): the
// gate's wire owns each that arrives, until it hands it on with a Header or a Reply, and closes all others
// (descriptors.go). A call whose reply has some goes past godbus (Exchange).
//
// The package imports godbus and nothing of Berth. Reading starts no goroutine: everything runs in godbus's one that
// reads. It keeps nothing that a crash could lose.
package bus
