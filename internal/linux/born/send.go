package born

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// Send has the child send descriptors to the caller (Received), up to 253 of them.
func (w *Worker) Send(list ...Arg) {
	const header, iov, message = 16, 16, 56 // the size of struct cmsghdr, iovec and msghdr
	w.reserve(What{Op: "send descriptors"}, len(list)+16, 32<<10)
	control := w.Room(header + aligned(4*len(list)))
	text, vector, whole := w.Room(1), w.Room(iov), w.Room(message)
	n := binary.NativeEndian
	put := func(b []byte, at int, room []byte, size int) {
		n.PutUint64(b[at:], At(room).number)
		n.PutUint64(b[at+8:], uint64(size))
	}
	n.PutUint64(control, uint64(header+4*len(list)))
	n.PutUint32(control[8:], unix.SOL_SOCKET)
	n.PutUint32(control[12:], unix.SCM_RIGHTS)
	put(vector, 0, text, len(text))
	put(whole, 16, vector, 1) // after the address of a peer
	put(whole, 32, control, len(control))
	for i, r := range list {
		// The number is known to the child only. A copy has its number written where the message has it.
		w.Do(What{Op: "duplicate"}, unix.SYS_FCNTL, r, Int(unix.F_DUPFD_CLOEXEC), Int(0))
		w.Store(control[header+4*i:])
	}
	w.Do(What{Op: "send descriptors"}, unix.SYS_SENDMSG, Int(w.socket), At(whole), Int(0))
}
