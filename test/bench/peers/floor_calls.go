package peers

import (
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/test/bench/newborn"
)

// handed are the descriptors that a child of the floor works with.
type handed struct{ null, bare, tree, wait int }

// calls is a list in the making.
type calls []newborn.Call

func (c *calls) call(name string, number int, args ...any) {
	*c = append(*c, newborn.Call{Name: name, Number: number, Args: args})
}

// floorCalls returns what a child of the floor does: the new file systems of berth's plan, but nothing that hides,
// protects or replaces a file in them.
func floorCalls(name string, fd handed) []newborn.Call {
	const hidden = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	var c calls
	c.pivot(fd)
	c.call("umask", unix.SYS_UMASK, 0)
	c.mount("proc", "/proc", hidden, "")
	c.mount("sysfs", "/sys", hidden|unix.MS_RDONLY, "")
	c.mount("tmpfs", "/dev", unix.MS_NOSUID, "mode=755,size=65536")
	for _, dir := range []string{"/dev/pts", "/dev/shm", "/dev/mqueue"} {
		c.call("mkdir "+dir, unix.SYS_MKDIRAT, unix.AT_FDCWD, dir, 0o755)
	}
	c.mount("devpts", "/dev/pts", unix.MS_NOSUID|unix.MS_NOEXEC, "ptmxmode=0666,mode=0620,gid=5,max=1025")
	c.mount("tmpfs", "/dev/shm", unix.MS_NOSUID|unix.MS_NODEV, "mode=1777,size=33554432")
	c.mount("mqueue", "/dev/mqueue", hidden, "")
	c.mount("tmpfs", "/run", unix.MS_NOSUID|unix.MS_NODEV, "mode=755,size=20%,nr_inodes=800k")
	c.nodes()
	c.call("sethostname", unix.SYS_SETHOSTNAME, name, len(name))
	c.call("setsid", unix.SYS_SETSID)
	c.await("wait for the control group", fd)
	c.call("unshare the cgroup namespace", unix.SYS_UNSHARE, unix.CLONE_NEWCGROUP)
	c.mount("cgroup2", "/sys/fs/cgroup", hidden, "")
	c.await("wait for the registration", fd)
	c.unblock()
	c.stdio(fd.null)
	c.call("execve", unix.SYS_EXECVE, "/tinit", []string{"/tinit"}, []string{"PATH=/bin:/usr/bin"})
	return c
}

// pivot makes a mount namespace that has the root only. It is a copy of the bare one: a copy of the host's would have
// to be taken apart.
func (c *calls) pivot(fd handed) {
	c.call("enter the bare mount namespace", unix.SYS_SETNS, fd.bare, unix.CLONE_NEWNS)
	c.call("unshare the mount namespace", unix.SYS_UNSHARE, unix.CLONE_NEWNS)
	c.call("attach the root", unix.SYS_MOVE_MOUNT, fd.tree, "", unix.AT_FDCWD, "/", unix.MOVE_MOUNT_F_EMPTY_PATH)
	c.call("fchdir", unix.SYS_FCHDIR, fd.tree)
	c.call("pivot_root", unix.SYS_PIVOT_ROOT, ".", ".")
	c.call("umount the old root", unix.SYS_UMOUNT2, ".", unix.MNT_DETACH)
	c.call("chdir /", unix.SYS_CHDIR, "/")
}

// unblock unblocks all signals: newborn.Start blocks them.
func (c *calls) unblock() {
	const set = 2 // SIG_SETMASK
	c.call("sigprocmask", unix.SYS_RT_SIGPROCMASK, set, make([]byte, 8), 0, 8)
}

// stdio makes a descriptor the standard ones. All others are closed on execve(2).
func (c *calls) stdio(fd int) {
	for n := range 3 {
		c.call("dup3", unix.SYS_DUP3, fd, n, 0)
	}
}

func (c *calls) mount(kind, target string, flags int, options string) {
	c.call("mount "+target, unix.SYS_MOUNT, kind, target, kind, flags, options)
}

// nodes makes the devices and links of /dev.
func (c *calls) nodes() {
	for _, d := range []struct {
		name         string
		major, minor uint32
	}{{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}} {
		path := "/dev/" + d.name
		c.call("mknod "+path, unix.SYS_MKNODAT, unix.AT_FDCWD, path, unix.S_IFCHR|0o666, unix.Mkdev(d.major, d.minor))
	}
	for name, target := range map[string]string{
		"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2", "ptmx": "pts/ptmx",
	} {
		c.call("symlink /dev/"+name, unix.SYS_SYMLINKAT, target, unix.AT_FDCWD, "/dev/"+name)
	}
}

// await waits for one byte.
func (c *calls) await(name string, fd handed) {
	c.call(name, unix.SYS_READ, fd.wait, make([]byte, 1), 1)
}
