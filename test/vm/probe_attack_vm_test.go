//go:build vm

package vm

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// attack is what else probe does, as somebody who tries to get out of a container does it:
//
//	read FILE, write FILE TEXT   opens a file that is there, and reads or writes it
//	mount TYPE DIR               mounts a file system
//	node FILE MAJOR MINOR        makes a block device and reads it
//	bpf                          loads a program that could look at the kernel
//	perf                         counts all that a processor does
//	leave                        keeps a key and shared memory, until it is killed
//	take KEY                     reads the key that somebody keeps
//	attach                       attaches the shared memory that somebody keeps
//	hear NAME                    listens on an abstract datagram socket, and prints what comes
//	tell NAME                    sends a datagram there
func attack(verb string, args []string) error {
	switch verb {
	case "read":
		file, err := os.Open(args[0])
		if err == nil {
			_, err = file.Read(make([]byte, 1))
		}
		return err
	case "write":
		file, err := os.OpenFile(args[0], os.O_WRONLY, 0)
		if err == nil {
			_, err = file.WriteString(args[1])
		}
		return err
	case "mount":
		return unix.Mount(args[0], args[1], args[0], 0, "")
	case "node":
		err := unix.Mknod(args[0], unix.S_IFBLK|0o600, int(unix.Mkdev(uint32(number(args[1])), uint32(number(args[2])))))
		if err != nil {
			return err
		}
		return attack("read", args)
	case "bpf":
		return loadTracer()
	case "perf":
		_, err := unix.PerfEventOpen(&unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE, Size: uint32(unsafe.Sizeof(unix.PerfEventAttr{})), Config: unix.PERF_COUNT_SW_CPU_CLOCK}, -1, 0, -1, 0)
		return err
	case "leave":
		return leave()
	case "take":
		_, err := unix.KeyctlBuffer(unix.KEYCTL_READ, number(args[0]), make([]byte, 64), 0)
		return err
	case "attach":
		id, err := unix.SysvShmGet(shmKey, 4096, 0)
		if err == nil {
			_, err = unix.SysvShmAttach(id, 0, 0)
		}
		return err
	case "hear":
		return hear(args[0])
	case "tell":
		conn, err := net.Dial("unixgram", "@"+args[0])
		if err == nil {
			_, err = conn.Write([]byte("words"))
		}
		return err
	}
	return fmt.Errorf("no verb %q", verb)
}

const shmKey = 0xbe47

// leave makes a key that all processes of its user may read, and shared memory, prints ok and the number of the key,
// and keeps both.
func leave() error {
	key, err := unix.AddKey("user", "berth-test", []byte("secret"), unix.KEY_SPEC_PROCESS_KEYRING)
	if err == nil {
		err = unix.KeyctlSetperm(key, 0x3f3f0000)
	}
	if err != nil {
		return err
	}
	id, err := unix.SysvShmGet(shmKey, 4096, unix.IPC_CREAT|0o666)
	if err == nil {
		_, err = unix.SysvShmAttach(id, 0, 0)
	}
	if err == nil {
		fmt.Println("ok", key)
		time.Sleep(5 * patience)
	}
	return err
}

// hear prints ok when it listens.
func hear(name string) error {
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: "@" + name, Net: "unixgram"})
	if err != nil {
		return err
	}
	fmt.Println("ok")
	if err := conn.SetReadDeadline(time.Now().Add(5 * patience)); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 16))
	return err
}

// loadTracer loads a program of the kind that reads the kernel's memory. It does nothing.
func loadTracer() error {
	program := []uint64{0xb7, 0x95} // r0 = 0; exit
	license := []byte("GPL\x00")
	attr := struct {
		kind, size                 uint32
		instructions, license, log uint64
		rest                       [96]byte
	}{kind: unix.BPF_PROG_TYPE_RAW_TRACEPOINT, size: uint32(len(program))}
	attr.instructions, attr.license = uint64(uintptr(unsafe.Pointer(&program[0]))), uint64(uintptr(unsafe.Pointer(&license[0])))
	fd, _, errno := unix.Syscall(unix.SYS_BPF, unix.BPF_PROG_LOAD, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr))
	if errno != 0 {
		return errno
	}
	return unix.Close(int(fd))
}

// denies reports whether a probe said that the policy refuses something.
func denies(out string) bool {
	for _, err := range []error{syscall.EACCES, syscall.EPERM} {
		if bytes.Contains([]byte(out), []byte(err.Error())) {
			return true
		}
	}
	return false
}
