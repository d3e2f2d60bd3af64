package launch

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// immutable copies a program into memory and seals it (memfd_create(2)). A read-only bind mount is not
// enough: a process with CAP_SYS_ADMIN, as a container may have, and a descriptor of the mount's root can
// make it writable again by mount_setattr(2) (tried on Linux 6.18). No capability breaks a seal.
func immutable(path string) (*os.File, error) {
	from, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = from.Close() }()
	to, err := memory("berth-supervisor", unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3 every memfd is executable, and the flag is unknown
		to, err = memory("berth-supervisor", 0)
	}
	if errors.Is(err, unix.EACCES) { // Linux 6.3 and later, "Introduction of non-executable mfd"
		return nil, fmt.Errorf("%w: the host refuses executable memory files; set vm.memfd_noexec to 0 or 1 (sysctl.d(5))", err)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = to.Close() }()
	if _, err := io.Copy(to, from); err != nil {
		return nil, err
	}
	if err := seal(to); err != nil {
		return nil, err
	}
	// While a descriptor is open for writing the file cannot be executed, sealed or not (ETXTBSY).
	return os.Open("/proc/self/fd/" + strconv.Itoa(int(to.Fd())))
}

func memory(name string, flags int) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|flags)
	if err != nil {
		return nil, fmt.Errorf("memfd_create %s: %w", name, err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// seal makes a file immutable.
func seal(f *os.File) error {
	const seals = unix.F_SEAL_WRITE | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		return fmt.Errorf("seal %s: %w", f.Name(), err)
	}
	return nil
}
