package launch

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/berthd/berth/service"
)

// maxComm is how many bytes the kernel keeps of the name that a process gives itself (proc_pid_comm(5)).
const maxComm = 15

// Find looks for the supervisor of a run directory among the host's processes. A supervisor works in its run
// directory, which only root can enter, so no other process can be taken for it.
func (*Supervisors) Find(runDir string) (service.Found, bool, error) {
	dir, err := os.Stat(runDir)
	if errors.Is(err, fs.ErrNotExist) {
		return service.Found{}, false, nil
	}
	if err != nil {
		return service.Found{}, false, err
	}
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return service.Found{}, false, fmt.Errorf("find the supervisor: %w", err)
	}
	for _, p := range processes {
		pid, err := strconv.ParseUint(p.Name(), 10, 32)
		if err != nil {
			continue
		}
		name, ok, err := supervisorIn(dir, "/proc/"+p.Name())
		if err != nil {
			return service.Found{}, false, fmt.Errorf("find the supervisor: %w", err)
		}
		if ok {
			return service.Found{PID: uint32(pid), Name: name}, true, nil
		}
	}
	return service.Found{}, false, nil
}

// supervisorIn reports whether a process is a supervisor that works in dir, and returns its container's name.
func supervisorIn(dir os.FileInfo, proc string) (container string, ok bool, err error) {
	// Another user can give a process this name, and a working directory that does not answer.
	owner, err := os.Stat(proc)
	if err != nil || owner.Sys().(*syscall.Stat_t).Uid != uint32(os.Geteuid()) {
		return "", false, ignoreEnded(err)
	}
	comm, err := os.ReadFile(proc + "/comm")
	if err != nil || string(bytes.TrimSpace(comm)) != "berth-supervisor"[:maxComm] {
		return "", false, ignoreEnded(err)
	}
	// Root of a container without a user namespace has the same owner. A supervisor has our pid namespace.
	apart, err := inAnotherPIDNamespace(proc)
	if err != nil || apart {
		return "", false, ignoreEnded(err)
	}
	at, err := os.Stat(proc + "/cwd")
	if err != nil || !os.SameFile(at, dir) {
		return "", false, ignoreEnded(err)
	}
	args, err := os.ReadFile(proc + "/cmdline")
	if err != nil {
		return "", false, ignoreEnded(err)
	}
	// Otherwise it is the init stage of an earlier release: the same program, with other arguments or none yet.
	name, ok := bytes.CutPrefix(bytes.TrimSuffix(args, []byte{0}), []byte("berth-supervisor"))
	if !ok || len(name) < 2 || bytes.IndexByte(name[1:], 0) >= 0 {
		return "", false, nil
	}
	stat, err := os.ReadFile(proc + "/stat")
	if err != nil {
		return "", false, ignoreEnded(err)
	}
	if parent, err := os.Stat("/proc/" + parentIn(string(stat)) + "/cwd"); err == nil && os.SameFile(parent, dir) {
		return "", false, nil // it is a copy of the supervisor, which becomes init or a command
	}
	return string(name[1:]), true, nil // after a space, or with a supervisor of release 0.1.0 a NUL
}

// inAnotherPIDNamespace reports whether a process has another pid namespace than we. No file system is asked that the
// process has chosen.
func inAnotherPIDNamespace(proc string) (bool, error) {
	theirs, err := os.Readlink(proc + "/ns/pid")
	if err != nil {
		return false, err
	}
	ours, err := os.Readlink("/proc/self/ns/pid")
	return theirs != ours, err
}

// parentIn returns the field ppid of a process's stat (proc_pid_stat(5)). The process's name before it can have any
// characters.
func parentIn(stat string) string {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 {
		return ""
	}
	return fields[1]
}

// ignoreEnded drops an error that says that the process has ended meanwhile.
func ignoreEnded(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}
