package born

import (
	"errors"
	"fmt"
	"math"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Worker is a child that carries out lists of calls as they come, until one of them executes a program. What each list
// is can depend on the results of those before. The caller makes a list with Do, and has it carried out with Run. A
// Worker is for one goroutine.
type Worker struct {
	PID     int
	Process *os.File // pidfd of a child that the caller must reap
	Owner   Owner    // nil: nothing is mended or checked
	link    *os.File
	socket  int    // the number of the child's end
	memory  []byte // shared with the child: the header, the orders, their results, and the arguments
	most    int    // how many orders have room
	head    *header
	list
	results   []int64 // of all calls of earlier lists
	gone      bool    // the child uses the memory no more
	received  []*os.File
	rehearsal *Rehearsal // nil: there is a child
	oob       []byte     // room for what comes with a message
}

// ErrOver says that the child has executed a program, or has ended.
var ErrOver = errors.New("the child carries out no more calls")

// stackSize is the size of a child's stack, at the end of the memory. serve and what it calls need some hundred bytes.
const stackSize = 16 << 10

// stack is where the child's stack is in the memory.
func (w *Worker) stack() uintptr { return uintptr(len(w.memory) - stackSize) }

// maxSent is how many descriptors one message can have (SCM_MAX_FD).
const maxSent = 253

// Worker creates the child. Calls is not used. It does not wait for the child: the first Run does. room is how many
// bytes the arguments of one call can have. The caller has to close what it returns.
func (b *Birth) Worker(room int) (_ *Worker, err error) {
	most := max(maxOrders, len(b.Files)+4)
	memory, err := share(roundUp(ordersAt+most*int(unsafe.Sizeof(order{})+8+unsafe.Sizeof(note{}))+max(2*room, 64<<10)) + stackSize)
	if err != nil {
		return nil, err
	}
	w := &Worker{}
	w.prepare(memory, most)
	var theirs *os.File
	if w.link, theirs, err = socketPair(); err != nil {
		w.Close()
		return nil, err
	}
	moved, err := w.move(append(append([]*os.File(nil), b.Files...), theirs), b.Keep)
	if err == nil {
		w.inborn = w.n
		w.head.count = int64(w.n)
		var fd int
		w.PID, fd, err = b.forkWith(func(args *cloneArgs) (uintptr, syscall.Errno) {
			args.stack, args.stackSize = uint64(uintptr(unsafe.Pointer(&memory[0]))+w.stack()), stackSize
			return cloneServer(args, w.head)
		}, memory)
		if err == nil {
			w.Process, err = polled(w.PID, fd)
		}
	}
	for _, n := range moved {
		_ = unix.Close(n)
	}
	_ = theirs.Close()
	if err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// prepare divides the memory.
func (w *Worker) prepare(memory []byte, most int) {
	w.memory, w.most, w.head = memory, most, (*header)(unsafe.Pointer(&memory[0]))
	w.head.results = int64(ordersAt + most*int(unsafe.Sizeof(order{})))
	w.results = make([]int64, 0, maxOrders/2)
	w.begin()
}

func roundUp(n int) int { return (n + os.Getpagesize() - 1) &^ (os.Getpagesize() - 1) }

func socketPair() (ours, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socketpair: %w", err)
	}
	_ = unix.SetNonblock(fds[0], true) // the runtime polls only what is so from the beginning
	return os.NewFile(uintptr(fds[0]), "worker"), os.NewFile(uintptr(fds[1]), "worker's end"), nil
}

// move begins the first list with the calls that give the child its descriptors, the last of which is its end of the
// socket. It returns the descriptors that have to be closed after the clone.
func (w *Worker) move(files []*os.File, keep int) (moved []int, err error) {
	for _, f := range files {
		n, err := duplicate(f, len(files))
		if err != nil {
			return moved, err
		}
		moved = append(moved, n)
	}
	for i, n := range moved {
		flags := unix.O_CLOEXEC
		if i < keep {
			flags = 0
		}
		w.Do(What{Op: "dup3"}, unix.SYS_DUP3, Int(n), Int(i), Int(flags))
	}
	last := len(files) - 1
	w.socket = last
	w.head.link, w.head.moves, w.head.moved = int64(moved[last]), int64(last), int64(last)
	w.Do(What{Op: "close_range"}, unix.SYS_CLOSE_RANGE, Int(len(files)), Int(uint32(math.MaxUint32)), Int(0))
	return moved, w.err
}

// carryOut has the child carry out calls of the list. It returns the one that failed, or up.
func (w *Worker) carryOut(from, up int) (at int, err error) {
	if w.rehearsal != nil {
		w.rehearsal.carryOut(w, from, up)
		return up, nil
	}
	w.head.from, w.head.count = int64(from), int64(up)
	if err := w.send(); err != nil {
		return 0, err
	}
	return w.answer()
}

func (w *Worker) send() error {
	raw, err := w.link.SyscallConn()
	if err != nil {
		return err
	}
	serr := error(nil)
	err = raw.Write(func(fd uintptr) bool {
		serr = unix.Send(int(fd), []byte{0}, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
		return !errors.Is(serr, unix.EAGAIN)
	})
	if errors.Is(serr, unix.EPIPE) || errors.Is(serr, unix.ECONNRESET) {
		w.gone = true
		return ErrOver
	}
	return errors.Join(err, serr)
}

// answer waits until the child has carried out the list. What it sends meanwhile is for Received.
func (w *Worker) answer() (at int, err error) {
	raw, err := w.link.SyscallConn()
	if err != nil {
		return 0, err
	}
	if w.oob == nil {
		w.oob = make([]byte, unix.CmsgSpace(4*maxSent))
	}
	var octet [1]byte
	for {
		n, rights, rerr := 0, 0, error(nil)
		err = raw.Read(func(fd uintptr) bool {
			n, rights, _, _, rerr = unix.Recvmsg(int(fd), octet[:], w.oob, unix.MSG_CMSG_CLOEXEC|unix.MSG_DONTWAIT)
			return !errors.Is(rerr, unix.EAGAIN)
		})
		switch err = errors.Join(err, rerr); {
		case errors.Is(err, unix.ECONNRESET), err == nil && n == 0:
			w.gone = true // the kernel takes a process its memory before its descriptors
			return 0, ErrOver
		case err != nil:
			return 0, fmt.Errorf("the answer of a child: %w", err)
		case rights == 0:
			return int(w.head.at), nil
		}
		if err := w.receive(w.oob[:rights]); err != nil {
			return 0, err
		}
	}
}

func (w *Worker) receive(oob []byte) error {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return fmt.Errorf("descriptors of a child: %w", err)
	}
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			return fmt.Errorf("descriptors of a child: %w", err)
		}
		for _, fd := range fds {
			w.received = append(w.received, os.NewFile(uintptr(fd), "of a child"))
		}
	}
	return nil
}

// Received returns the descriptors that the child has sent since the last call of Received. The caller owns them.
func (w *Worker) Received() []*os.File {
	all := w.received
	w.received = nil
	return all
}

// Close releases what the parent has of the child, but for Process. It does not end or reap the child. The memory stays
// if the child may still use it: it has its stack there.
func (w *Worker) Close() {
	if w.link != nil {
		_ = w.link.Close()
	}
	for _, f := range w.Received() {
		_ = f.Close()
	}
	if w.gone || w.PID == 0 {
		_ = unix.Munmap(w.memory)
	}
}
