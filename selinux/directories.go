package selinux

import (
	"bytes"
	"encoding/binary"
	"syscall"
)

// The fields of struct linux_dirent64 (getdents64(2)).
const (
	inodeAt  = 0
	lengthAt = 16
	nameAt   = 19
)

// directories calls f with each process in a /proc, and the inode number of its directory. Package os does not tell
// that.
func directories(proc string, f func(pid string, inode uint64)) {
	fd, err := syscall.Open(proc, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer func() { _ = syscall.Close(fd) }()
	buffer := make([]byte, 32<<10)
	for {
		n, err := syscall.ReadDirent(fd, buffer)
		if err != nil || n <= 0 {
			return
		}
		for entry := buffer[:n]; len(entry) > nameAt; {
			length := int(binary.NativeEndian.Uint16(entry[lengthAt:]))
			if length <= nameAt || length > len(entry) {
				return
			}
			name, _, _ := bytes.Cut(entry[nameAt:length], []byte{0})
			if len(name) > 0 && name[0] >= '0' && name[0] <= '9' {
				f(string(name), binary.NativeEndian.Uint64(entry[inodeAt:]))
			}
			entry = entry[length:]
		}
	}
}
