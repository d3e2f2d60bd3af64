package peers

import (
	"fmt"
	"os/exec"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// crun sets RLIMIT_MEMLOCK to infinity before it loads its device filter, and fails if it may not. Since
// Linux 5.11 BPF does not count against that limit, so it changes nothing if the call only seems to
// succeed. A seccomp filter does that: a child inherits the filter of the thread that creates it. So
// neither a compiler nor a preloaded library is needed.

// mayRaiseMemlock reports whether this process's children may raise RLIMIT_MEMLOCK to infinity.
func mayRaiseMemlock() bool {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit) == nil && limit.Max == unix.RLIM_INFINITY {
		return true
	}
	// Setting what is already set needs no capability; raising the hard limit does.
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if unix.Capget(&header, &data[0]) != nil {
		return false
	}
	return data[0].Effective&(1<<unix.CAP_SYS_RESOURCE) != 0
}

// memlockFilter returns a filter with which setrlimit and prlimit64 of RLIMIT_MEMLOCK succeed without
// effect.
func memlockFilter() []unix.SockFilter {
	const (
		load      = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal     = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		ret       = unix.BPF_RET | unix.BPF_K
		nr        = 0  // offsets in struct seccomp_data
		arg0      = 16 // the low halves, on little-endian machines
		arg1      = 24
		succeeded = unix.SECCOMP_RET_ERRNO // with errno 0
	)
	return []unix.SockFilter{
		{Code: load, K: nr},
		{Code: equal, K: unix.SYS_PRLIMIT64, Jt: 2},
		{Code: equal, K: unix.SYS_SETRLIMIT, Jt: 3},
		{Code: ret, K: unix.SECCOMP_RET_ALLOW},
		{Code: load, K: arg1},
		{Code: equal, K: unix.RLIMIT_MEMLOCK, Jt: 2, Jf: 3},
		{Code: load, K: arg0},
		{Code: equal, K: unix.RLIMIT_MEMLOCK, Jf: 1},
		{Code: ret, K: succeeded},
		{Code: ret, K: unix.SECCOMP_RET_ALLOW},
	}
}

// memlockLauncher creates processes from a thread that has the filter.
type memlockLauncher struct{ jobs chan launch }

type launch struct {
	cmd  *exec.Cmd
	done chan error
}

// newMemlockLauncher starts the thread. It lives until Close.
func newMemlockLauncher() (*memlockLauncher, error) {
	l := &memlockLauncher{jobs: make(chan launch)}
	ready := make(chan error)
	go func() {
		// The filter cannot be removed. The thread is never unlocked, so it ends with the goroutine.
		runtime.LockOSThread()
		err := installFilter(memlockFilter())
		ready <- err
		if err != nil {
			return
		}
		for job := range l.jobs {
			job.done <- job.cmd.Start()
		}
	}()
	if err := <-ready; err != nil {
		return nil, fmt.Errorf("seccomp filter: %w", err)
	}
	return l, nil
}

// Start calls cmd.Start on the launcher's thread.
func (l *memlockLauncher) Start(cmd *exec.Cmd) error {
	job := launch{cmd, make(chan error)}
	l.jobs <- job
	return <-job.done
}

// Close ends the thread.
func (l *memlockLauncher) Close() { close(l.jobs) }

// installFilter installs a filter on the calling thread only. It needs CAP_SYS_ADMIN.
func installFilter(filter []unix.SockFilter) error {
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&program)))
	runtime.KeepAlive(filter)
	if errno != 0 {
		return errno
	}
	return nil
}
