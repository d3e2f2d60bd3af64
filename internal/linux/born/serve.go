package born

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// header is the beginning of the memory that a Worker and its parent share. The orders and their results follow.
type header struct {
	from, count int64 // the parent: which orders the child carries out
	at          int64 // the child: the order that failed, or count
	errno       int64
	link        int64 // the child's end of the socket
	moves       int64 // after this order of the first list ...
	moved       int64 // ... link is this
	results     int64 // where in the memory they are
	octet       [8]byte
}

// order is a Call in the form that a Worker carries out. It has no pointer of Go.
type order struct {
	number   uint64
	args     [6]uint64
	store    uint64   // where in the memory the result is written, too, as 32 bits; 0: nowhere
	from     [6]int32 // the order whose result the argument is
	guard    int32    // the order on whose result it depends
	wanted   int32    // the errno of that result; 0: none, the order has succeeded
	tolerate [maxTolerate]uint8
	_        [2]byte
}

const (
	// never is an order that there is not, and the errno of no result.
	never = -1
	// maxOrders is how long a list can be until it is carried out, unless the child has more descriptors.
	maxOrders = 1000
	ordersAt  = 128
)

// cloneServer creates the child of a Worker, on the stack of args.
//
//go:noinline
//go:norace
func cloneServer(args *cloneArgs, h *header) (uintptr, syscall.Errno) {
	f := serve
	return enterClone(args, **(**uintptr)(unsafe.Pointer(&f)), unsafe.Pointer(h))
}

// serve carries out one list after the other. Each order to do so, and each answer, is one byte on the socket.
//
//go:noinline
//go:norace
//go:nosplit
//go:nocheckptr
func serve(h *header) {
	const skipped = -4095 // the result of an order that its guard has kept from being carried out
	orders := unsafe.Add(unsafe.Pointer(h), ordersAt)
	results := unsafe.Add(unsafe.Pointer(h), h.results)
	octet := uintptr(unsafe.Pointer(&h.octet))
	for {
		i := h.from
		for ; i < h.count; i++ {
			o := (*order)(unsafe.Add(orders, i*int64(unsafe.Sizeof(order{}))))
			r := (*int64)(unsafe.Add(results, i*8))
			if g := o.guard; g != never {
				if got := *(*int64)(unsafe.Add(results, int64(g)*8)); (o.wanted == 0) != (got >= 0) || (o.wanted != 0 && got != -int64(o.wanted)) {
					*r = skipped
					continue
				}
			}
			for k := range o.from {
				if from := o.from[k]; from != never {
					o.args[k] = uint64(*(*int64)(unsafe.Add(results, int64(from)*8)))
				}
			}
			n, _, errno := syscall.RawSyscall6(uintptr(o.number), uintptr(o.args[0]), uintptr(o.args[1]), uintptr(o.args[2]), uintptr(o.args[3]), uintptr(o.args[4]), uintptr(o.args[5]))
			if errno != 0 {
				*r = -int64(errno)
				failed := true
				for k := range o.tolerate {
					failed = failed && o.tolerate[k] != uint8(errno)
				}
				if failed {
					h.errno = int64(errno)
					break
				}
				continue
			}
			*r = int64(n)
			if o.store != 0 {
				*(*int32)(unsafe.Add(unsafe.Pointer(h), o.store)) = int32(n)
			}
			if i == h.moves {
				h.link, h.moves = h.moved, never
			}
		}
		h.at = i
		if n, _, _ := syscall.RawSyscall(unix.SYS_WRITE, uintptr(h.link), octet, 1); n != 1 {
			end()
		}
		for {
			n, _, errno := syscall.RawSyscall(unix.SYS_READ, uintptr(h.link), octet, 1)
			if n == 1 && errno == 0 {
				break
			}
			if errno != syscall.EINTR {
				end()
			}
		}
	}
}
