package pidfd

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The si_code values of SIGCHLD, include/uapi/asm-generic/siginfo.h.
const (
	cldKilled = 2
	cldDumped = 3
)

// statusOf reads si_status, which x/sys leaves in the opaque part of siginfo: si_pid, si_uid and
// si_status are three ints after the 16-byte header (64-bit layout, waitid(2)).
func statusOf(info *unix.Siginfo) Status {
	raw := unsafe.Slice((*byte)(unsafe.Pointer(info)), unsafe.Sizeof(*info))
	code := int32(binary.NativeEndian.Uint32(raw[24:]))
	return Status{
		Code:   code,
		Signal: info.Code == cldKilled || info.Code == cldDumped,
		Dumped: info.Code == cldDumped,
	}
}
