package enter

import (
	"encoding/binary"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/born"
	"github.com/berthd/berth/internal/linux/caps"
	"github.com/berthd/berth/internal/linux/seccomp"
)

// list is a list in the making.
type list []born.Call

func (l *list) call(name string, number uintptr, args ...born.Arg) int {
	*l = append(*l, born.Call{Name: name, Number: number, Args: args})
	return len(*l) - 1
}

// tolerate lets the list go on if the last call returns one of these errors.
func (l *list) tolerate(errs ...unix.Errno) { (*l)[len(*l)-1].Tolerate = errs }

// Calls returns what the process does.
func Calls(c *Command) []born.Call {
	var l list
	l.shield(c)
	l.label(c)
	l.raise(c)
	l.call("enter the namespaces", unix.SYS_SETNS, born.Int(FDInit), born.Int(c.Namespaces))
	l.call("close init's pidfd", unix.SYS_CLOSE, born.Int(FDInit))
	if c.User { // as its root, which also is charged for the keyring
		l.become(0, 0, nil)
	}
	l.call("keyctl JOIN_SESSION_KEYRING", unix.SYS_KEYCTL, born.Int(unix.KEYCTL_JOIN_SESSION_KEYRING), born.Int(0))
	l.tolerate(unix.EDQUOT, unix.ENOSYS)
	l.restrict(c)
	l.call("chdir "+c.Dir, unix.SYS_CHDIR, born.Text(c.Dir))
	l.call("clone", unix.SYS_CLONE, born.Int(unix.CLONE_PARENT|int(unix.SIGCHLD)))
	l[len(l)-1].Split = true
	l.begin(c)
	l.limit(c)
	l.execute(c)
	return l
}

// raise raises the hard limits that are too low: in the container's user namespace, and without CAP_SYS_RESOURCE,
// nobody may.
func (l *list) raise(c *Command) {
	for _, one := range c.Limits {
		if one.Raised {
			l.prlimit(one, one.Hard)
		}
	}
}

// limit sets the limits this late because they could be too low for what the process has done.
func (l *list) limit(c *Command) {
	for _, one := range c.Limits {
		l.prlimit(one, one.Soft)
	}
}

func (l *list) prlimit(one Limit, soft uint64) {
	l.call("prlimit "+one.Name, unix.SYS_PRLIMIT64, born.Int(0), born.Int(one.Number), born.Words(born.Int(soft), born.Int(one.Hard)), born.Int(0))
}

// shield keeps everybody but root of the host away from the process, and it from everybody.
func (l *list) shield(c *Command) {
	l.call("prctl PR_SET_DUMPABLE", unix.SYS_PRCTL, born.Int(unix.PR_SET_DUMPABLE), born.Int(0), born.Int(0), born.Int(0), born.Int(0))
	l.call("setsid", unix.SYS_SETSID) // not the supervisor's process group
	if c.OOMScoreAdj == "" {
		return
	}
	const file = "/proc/self/oom_score_adj" // of the host
	open := l.call("open "+file, unix.SYS_OPENAT, born.Int(unix.AT_FDCWD), born.Text(file), born.Int(unix.O_WRONLY|unix.O_CLOEXEC), born.Int(0))
	l.call("write "+file, unix.SYS_WRITE, born.Result(open), born.Bytes([]byte(c.OOMScoreAdj)), born.Int(len(c.OOMScoreAdj)))
	l.call("close "+file, unix.SYS_CLOSE, born.Result(open))
}

// label gives the command its security label, from its execution on. The second process has it from the first. It is
// written in the host's /proc: nothing of the container can be in its place.
func (l *list) label(c *Command) {
	if c.Label == "" {
		return
	}
	const file = "/proc/self/attr/exec"
	open := l.call("open "+file, unix.SYS_OPENAT, born.Int(unix.AT_FDCWD), born.Text(file), born.Int(unix.O_WRONLY|unix.O_CLOEXEC), born.Int(0))
	l.call("give the command the label "+c.Label, unix.SYS_WRITE, born.Result(open), born.Bytes([]byte(c.Label)), born.Int(len(c.Label)))
	if c.MayLackIt {
		l.tolerate(unix.EACCES, unix.EPERM, unix.EINVAL)
	}
	l.call("close "+file, unix.SYS_CLOSE, born.Result(open))
}

// restrict gives the process the rights of the command, and no more. The filter needs CAP_SYS_ADMIN. The bounding set
// needs CAP_SETPCAP, and the ids need CAP_SETUID and CAP_SETGID. No profile denies what follows the filter.
func (l *list) restrict(c *Command) {
	if len(c.Filter) > 0 {
		prog := born.Words(born.Int(len(c.Filter)), born.Bytes(seccomp.Bytes(c.Filter))) // struct sock_fprog
		l.call("seccomp", unix.SYS_SECCOMP, born.Int(unix.SECCOMP_SET_MODE_FILTER), born.Int(0), prog)
	}
	for n := range c.Caps {
		if c.Keep&(1<<n) == 0 {
			l.call("prctl PR_CAPBSET_DROP", unix.SYS_PRCTL, born.Int(unix.PR_CAPBSET_DROP), born.Int(n), born.Int(0), born.Int(0), born.Int(0))
			l.tolerate(unix.EINVAL) // the kernel has no such capability
		}
	}
	if c.Files != nil {
		l.call("prlimit RLIMIT_NOFILE", unix.SYS_PRLIMIT64, born.Int(0), born.Int(unix.RLIMIT_NOFILE), born.Words(born.Int(c.Files.Cur), born.Int(c.Files.Max)), born.Int(0))
	}
	l.become(c.UID, c.GID, c.Groups)
	l.capset(c)
	if c.NoNewPrivs {
		l.call("prctl PR_SET_NO_NEW_PRIVS", unix.SYS_PRCTL, born.Int(unix.PR_SET_NO_NEW_PRIVS), born.Int(1), born.Int(0), born.Int(0), born.Int(0))
	}
	if c.Linux32 {
		const perLinux32 = 0x0008 // sys/personality.h
		l.call("personality PER_LINUX32", unix.SYS_PERSONALITY, born.Int(perLinux32))
	}
}

// become sets all ids.
func (l *list) become(uid, gid int, groups []int) {
	all := make([]byte, 0, 4*len(groups))
	for _, g := range groups {
		all = binary.NativeEndian.AppendUint32(all, uint32(g))
	}
	l.call("setgroups", unix.SYS_SETGROUPS, born.Int(len(groups)), born.Bytes(all))
	l.call("setgid", unix.SYS_SETRESGID, born.Int(gid), born.Int(gid), born.Int(gid))
	l.call("setuid", unix.SYS_SETRESUID, born.Int(uid), born.Int(uid), born.Int(uid))
}

// capset sets the effective, permitted and inheritable sets. A user other than root has lost all by now.
func (l *list) capset(c *Command) {
	set := c.Keep & c.Permitted
	if c.UID != 0 {
		set = 0
	}
	header, data := caps.Words(set, c.Inheritable)
	l.call("capset", unix.SYS_CAPSET, born.Bytes(header), born.Bytes(data))
}

// begin makes the second process what a program expects to be: the leader of a session, with the default signals.
func (l *list) begin(c *Command) {
	l.call("setsid", unix.SYS_SETSID)
	if c.Terminal {
		l.call("ioctl TIOCSCTTY", unix.SYS_IOCTL, born.Int(0), born.Int(unix.TIOCSCTTY), born.Int(0))
	}
	const last, set = 64, 2 // _NSIG, SIG_SETMASK
	for sig := 1; sig <= last; sig++ {
		if c.Ignored&(1<<(sig-1)) != 0 {
			l.call("sigaction", unix.SYS_RT_SIGACTION, born.Int(sig), born.Bytes(make([]byte, 32)), born.Int(0), born.Int(last/8))
		}
	}
	l.call("sigprocmask", unix.SYS_RT_SIGPROCMASK, born.Int(set), born.Bytes(make([]byte, 8)), born.Int(0), born.Int(last/8))
}

// maxPath is how many directories of PATH are looked at.
const maxPath = 64

// candidates returns the files that the command may be, in the order of execvp(3).
func (c *Command) candidates() []string {
	name := c.Argv[0]
	if strings.Contains(name, "/") || name == "" {
		return []string{name}
	}
	path := ""
	for _, v := range c.Env {
		if value, ok := strings.CutPrefix(v, "PATH="); ok {
			path = value
		}
	}
	var list []string
	for dir := range strings.SplitSeq(path, ":") {
		if dir != "" && len(list) < maxPath { // an empty one would be the working directory
			list = append(list, strings.TrimSuffix(dir, "/")+"/"+name)
		}
	}
	return list
}

// The calls for one candidate, by their place: is it there, is it a directory, execute it.
const (
	atFind = iota
	_      // close
	atDirectory
	_ // close
	atExecute
	perCandidate
)

// execute executes the first candidate that can be executed. Each is looked at before, so that Explain knows why it
// could not.
func (l *list) execute(c *Command) {
	argv, env := born.Texts(c.Argv), born.Texts(c.Env)
	others := []unix.Errno{unix.ENOENT, unix.ENOTDIR, unix.EACCES, unix.ELOOP, unix.ENAMETOOLONG, unix.ESTALE}
	files := c.candidates()
	for i, file := range files {
		for _, kind := range []int{0, unix.O_DIRECTORY} {
			look := l.call("look at "+file, unix.SYS_OPENAT, born.Int(unix.AT_FDCWD), born.Text(file), born.Int(unix.O_PATH|unix.O_CLOEXEC|kind), born.Int(0))
			l.tolerate(others...)
			l.call("close "+file, unix.SYS_CLOSE, born.Result(look)) // the limit of open files may be low
			l.tolerate(unix.EBADF)
		}
		l.call("execute "+file, unix.SYS_EXECVE, born.Text(file), argv, env)
		if i < len(files)-1 {
			l.tolerate(others...)
		}
	}
}
