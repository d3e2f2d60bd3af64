package seccomp

import "golang.org/x/sys/unix"

// LoopControl stands in a list of calls for those ioctl(2) that change a loop device (loop(4)). Some of them need no
// right but an open device: it may show another file afterwards (LOOP_CHANGE_FD, LOOP_CONFIGURE), or outlive its last
// descriptor (LOOP_SET_STATUS64).
const LoopControl = "ioctl(LOOP_*)"

// The numbers of loop(4) from LOOP_SET_FD on; those from LOOP_CTL_ADD on are of /dev/loop-control.
const (
	firstLoop = unix.LOOP_SET_FD
	afterLoop = unix.LOOP_CTL_ADD
)

// refuseLoopControl appends the instructions that decide about ioctl(2). Asking a loop device is allowed.
func refuseLoopControl(f []unix.SockFilter) []unix.SockFilter {
	return append(f,
		load(atArg1),
		unix.SockFilter{Code: jumpAtLeast, K: firstLoop, Jf: 4},
		unix.SockFilter{Code: jumpAtLeast, K: afterLoop, Jt: 3},
		unix.SockFilter{Code: jumpEqual, K: unix.LOOP_GET_STATUS, Jt: 2},
		unix.SockFilter{Code: jumpEqual, K: unix.LOOP_GET_STATUS64, Jt: 1},
		ret(denied),
		ret(allow),
	)
}
