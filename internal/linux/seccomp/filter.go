package seccomp

import (
	"encoding/binary"
	"fmt"
	"maps"
	"runtime"
	"slices"

	"golang.org/x/sys/unix"
)

// The offsets in struct seccomp_data (linux/seccomp.h) that the filter reads. Of an argument it reads
// the lower 32 bits, which hold an int.
const (
	atNumber = 0
	atArch   = 4
	atArg0   = 16
	atArg1   = 24
	atArg2   = 32
)

// The return values of the filter (seccomp(2), SECCOMP_RET_ERRNO), and its instructions.
const (
	allow       = unix.SECCOMP_RET_ALLOW
	denied      = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	absent      = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	noFamily    = unix.SECCOMP_RET_ERRNO | uint32(unix.EAFNOSUPPORT)
	loadWord    = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	jumpEqual   = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	jumpAtLeast = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	giveBack    = unix.BPF_RET | unix.BPF_K
)

// maxSection is the longest conditional jump, and so the longest section of one ABI, in instructions.
const maxSection = 255

// Filter returns the program that denies these calls, and those of LoopControl if that is among them. It ignores a call
// that an architecture does not have. It returns an error if there is no filter for this architecture, or if the
// program is too long.
//
// The program also denies sockets of the audit netlink family, since audit belongs to the host. They
// fail with EAFNOSUPPORT, as on a kernel without audit. It cannot deny those that i386 makes by
// socketcall(2): the arguments are behind a pointer.
func Filter(deny []string) ([]unix.SockFilter, error) {
	known := abis()
	if len(known) == 0 {
		if len(deny) == 1 && deny[0] == LoopControl { // a further wall, and no profile that somebody asked for
			return nil, nil
		}
		return nil, fmt.Errorf("no filter of system calls for %s", runtime.GOARCH)
	}
	return program(known, deny)
}

func program(known []abi, deny []string) ([]unix.SockFilter, error) {
	f := append(make([]unix.SockFilter, 0, 512), load(atArch))
	for _, a := range known {
		f = append(f, unix.SockFilter{Code: jumpEqual, K: a.arch})
		begin := len(f)
		f = tree(append(f, load(atNumber)), a.spans(deny))
		if len(f)-begin > maxSection {
			return nil, fmt.Errorf("seccomp: %d instructions for architecture %#x; the limit is %d", len(f)-begin, a.arch, maxSection)
		}
		f[begin-1].Jf = uint8(len(f) - begin)
	}
	return append(f, ret(absent)), nil
}

// span is a range of numbers with the same verdict. It ends where the next span begins.
type span struct {
	from    uint32
	verdict uint32
}

// These verdicts mean that the arguments decide. They are no values of the kernel's.
const (
	bySocket = iota + 1 // socket(2)
	byIoctl             // ioctl(2)
)

// spans returns spans that cover all numbers, in rising order.
func (a abi) spans(deny []string) []span {
	verdicts := map[uint32]uint32{a.socket: bySocket}
	for _, c := range a.calls {
		if slices.Contains(deny, c.name) {
			verdicts[c.number] = denied
		}
	}
	if slices.Contains(deny, LoopControl) {
		verdicts[a.ioctl] = byIoctl
	}
	var all []span
	next := uint32(0)
	for _, n := range slices.Sorted(maps.Keys(verdicts)) {
		if n > next {
			all = append(all, span{next, allow})
		}
		end := span{n, verdicts[n]}
		if last := len(all) - 1; last < 0 || all[last].verdict != end.verdict {
			all = append(all, end)
		}
		next = n + 1
	}
	all = append(all, span{next, allow})
	if a.limit != 0 {
		all = append(all, span{a.limit, absent})
	}
	return all
}

// tree appends the binary search for the span of the number.
func tree(f []unix.SockFilter, spans []span) []unix.SockFilter {
	if len(spans) == 1 {
		switch spans[0].verdict {
		case bySocket:
			return refuseAudit(f)
		case byIoctl:
			return refuseLoopControl(f)
		}
		return append(f, ret(spans[0].verdict))
	}
	middle := len(spans) / 2
	f = append(f, unix.SockFilter{Code: jumpAtLeast, K: spans[middle].from})
	low := len(f)
	f = tree(f, spans[:middle])
	f[low-1].Jt = uint8(len(f) - low) // program returns an error if a section is too long for this
	return tree(f, spans[middle:])
}

// refuseAudit appends the instructions that decide about socket(2).
func refuseAudit(f []unix.SockFilter) []unix.SockFilter {
	return append(f,
		load(atArg0), unix.SockFilter{Code: jumpEqual, K: unix.AF_NETLINK, Jf: 3},
		load(atArg2), unix.SockFilter{Code: jumpEqual, K: unix.NETLINK_AUDIT, Jf: 1}, ret(noFamily),
		ret(allow),
	)
}

func load(at uint32) unix.SockFilter     { return unix.SockFilter{Code: loadWord, K: at} }
func ret(verdict uint32) unix.SockFilter { return unix.SockFilter{Code: giveBack, K: verdict} }

// Bytes returns a filter as the kernel reads it: an array of struct sock_filter.
func Bytes(f []unix.SockFilter) []byte {
	all := make([]byte, 0, 8*len(f))
	for _, i := range f {
		all = binary.NativeEndian.AppendUint16(all, i.Code)
		all = append(all, i.Jt, i.Jf)
		all = binary.NativeEndian.AppendUint32(all, i.K)
	}
	return all
}
