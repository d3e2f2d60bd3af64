package pidfd

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The values of si_code for SIGCHLD (include/uapi/asm-generic/siginfo.h).
const (
	cldKilled = 2
	cldDumped = 3
)

// StatusOf returns how a process ended, as waitid(2) says. It reads si_status from the part of siginfo that
// x/sys does not name. On 64-bit hosts si_pid, si_uid and si_status are three ints after the header of 16 bytes.
func StatusOf(info *unix.Siginfo) Status {
	raw := unsafe.Slice((*byte)(unsafe.Pointer(info)), unsafe.Sizeof(*info))
	code := int32(binary.NativeEndian.Uint32(raw[24:]))
	return Status{
		Code:   code,
		Signal: info.Code == cldKilled || info.Code == cldDumped,
		Dumped: info.Code == cldDumped,
	}
}
