package peers

import (
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/born"
)

// The descriptors of a child of the floor; 0 to 2 are those of init.
const (
	floorBare = 3 + iota
	floorTree
	floorWait
)

// calls is a list in the making.
type calls []born.Call

func (c *calls) call(name string, number uintptr, args ...born.Arg) {
	*c = append(*c, born.Call{Name: name, Number: number, Args: args})
}

// floorCalls returns what a child of the floor does: the new file systems of berth's plan, but nothing that hides,
// protects or replaces a file in them.
func floorCalls(name string) []born.Call {
	const hidden = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	var c calls
	c.pivot()
	c.call("umask", unix.SYS_UMASK, born.Int(0))
	c.mount("proc", "/proc", hidden, "")
	c.mount("sysfs", "/sys", hidden|unix.MS_RDONLY, "")
	c.mount("tmpfs", "/dev", unix.MS_NOSUID, "mode=755,size=65536")
	for _, dir := range []string{"/dev/pts", "/dev/shm", "/dev/mqueue"} {
		c.call("mkdir "+dir, unix.SYS_MKDIRAT, at(), born.Text(dir), born.Int(0o755))
	}
	c.mount("devpts", "/dev/pts", unix.MS_NOSUID|unix.MS_NOEXEC, "ptmxmode=0666,mode=0620,gid=5,max=1025")
	c.mount("tmpfs", "/dev/shm", unix.MS_NOSUID|unix.MS_NODEV, "mode=1777,size=33554432")
	c.mount("mqueue", "/dev/mqueue", hidden, "")
	c.mount("tmpfs", "/run", unix.MS_NOSUID|unix.MS_NODEV, "mode=755,size=20%,nr_inodes=800k")
	c.nodes()
	c.call("sethostname", unix.SYS_SETHOSTNAME, born.Text(name), born.Int(len(name)))
	c.call("setsid", unix.SYS_SETSID)
	c.await("wait for the control group")
	c.call("unshare the cgroup namespace", unix.SYS_UNSHARE, born.Int(unix.CLONE_NEWCGROUP))
	c.mount("cgroup2", "/sys/fs/cgroup", hidden, "")
	c.await("wait for the registration")
	const set = 2 // SIG_SETMASK
	c.call("sigprocmask", unix.SYS_RT_SIGPROCMASK, born.Int(set), born.Bytes(make([]byte, 8)), born.Int(0), born.Int(8))
	c.call("execve", unix.SYS_EXECVE, born.Text("/tinit"), born.Texts([]string{"/tinit"}), born.Texts([]string{"PATH=/bin:/usr/bin"}))
	return c
}

func at() born.Arg { return born.Int(unix.AT_FDCWD) }

// pivot makes a mount namespace that has the root only. It is a copy of the bare one: a copy of the host's would have to
// be taken apart.
func (c *calls) pivot() {
	c.call("enter the bare mount namespace", unix.SYS_SETNS, born.Int(floorBare), born.Int(unix.CLONE_NEWNS))
	c.call("unshare the mount namespace", unix.SYS_UNSHARE, born.Int(unix.CLONE_NEWNS))
	c.call("attach the root", unix.SYS_MOVE_MOUNT, born.Int(floorTree), born.Text(""), at(), born.Text("/"), born.Int(unix.MOVE_MOUNT_F_EMPTY_PATH))
	c.call("fchdir", unix.SYS_FCHDIR, born.Int(floorTree))
	c.call("pivot_root", unix.SYS_PIVOT_ROOT, born.Text("."), born.Text("."))
	c.call("umount the old root", unix.SYS_UMOUNT2, born.Text("."), born.Int(unix.MNT_DETACH))
	c.call("chdir /", unix.SYS_CHDIR, born.Text("/"))
}

func (c *calls) mount(kind, target string, flags int, options string) {
	c.call("mount "+target, unix.SYS_MOUNT, born.Text(kind), born.Text(target), born.Text(kind), born.Int(flags), born.Text(options))
}

// nodes makes the devices and links of /dev.
func (c *calls) nodes() {
	for _, d := range []struct {
		name         string
		major, minor uint32
	}{{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}} {
		path := "/dev/" + d.name
		c.call("mknod "+path, unix.SYS_MKNODAT, at(), born.Text(path), born.Int(unix.S_IFCHR|0o666), born.Int(unix.Mkdev(d.major, d.minor)))
	}
	for name, target := range map[string]string{
		"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2", "ptmx": "pts/ptmx",
	} {
		c.call("symlink /dev/"+name, unix.SYS_SYMLINKAT, born.Text(target), at(), born.Text("/dev/"+name))
	}
}

// await waits for one byte.
func (c *calls) await(name string) {
	c.call(name, unix.SYS_READ, born.Int(floorWait), born.Bytes(make([]byte, 1)), born.Int(1))
}
