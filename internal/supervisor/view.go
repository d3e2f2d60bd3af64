package supervisor

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/cgroup"
	"github.com/berthd/berth/internal/linux/fuse"
	"github.com/berthd/berth/internal/linux/textfile"
	"github.com/berthd/berth/internal/procview"
)

// viewBuffer is the largest buffer for a file's text that is kept, in bytes. It is enough for all files of a
// host with few processors.
const viewBuffer = 16 << 10

// view serves the container's own files of /proc. Its goroutine owns all fields but group.
type view struct {
	group         atomic.Pointer[cgroup.Dir] // the payload; nil until init is in it
	proc          string                     // "/proc/"
	clock         clock
	host, figures []byte // texts of the host and of the group, for the file being made
	uptime        []byte // the host's /proc/uptime
	path          []byte // the path of the file being read
	load          procview.Load
	times         procview.Times
}

// mountView mounts the files, with a security label if it is not empty. It returns the connection, and the mount, which
// is attached nowhere yet.
func mountView(dev *os.File, label string) (connection, tree *os.File, err error) {
	fd, err := unix.FcntlInt(dev.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("fuse: %w", err)
	}
	// A new os.File: the runtime polls only a descriptor that is non-blocking when the os.File is made.
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil, nil, fmt.Errorf("fuse: %w", err)
	}
	if tree, err = fuse.Mount(fd, label); err != nil {
		_ = unix.Close(fd)
		return nil, nil, err
	}
	return os.NewFile(uintptr(fd), fuse.Device), tree, nil
}

// serveView begins to answer what is asked of the files. The container's root owns them.
func serveView(connection *os.File, uid, gid uint32, c clock) *view {
	v := &view{proc: "/proc/", clock: c}
	server := &fuse.Server{Files: v.files(), UID: uid, GID: gid, Time: time.Now()}
	go func() {
		if err := server.Serve(connection); err != nil {
			fmt.Fprintln(os.Stderr, "berth-supervisor:", err)
		}
		_ = connection.Close() // readers get an error from now on instead of waiting
	}()
	return v
}

// files returns the files of procview.Names, each with its maker.
func (v *view) files() []fuse.File {
	makers := map[string]func(dst []byte) []byte{
		"meminfo": func(dst []byte) []byte { return procview.Meminfo(dst, v.read("meminfo"), v.memory()) },
		"swaps":   func(dst []byte) []byte { return procview.Swaps(dst, v.read("swaps"), v.memory()) },
		"cpuinfo": func(dst []byte) []byte { return procview.Cpuinfo(dst, v.read("cpuinfo"), v.cpu()) },
		"stat":    func(dst []byte) []byte { return procview.Stat(dst, v.read("stat"), v.cpu(), &v.times) },
		"uptime":  v.makeUptime,
		"loadavg": v.loadavg,
	}
	var list []fuse.File
	for _, name := range procview.Names() {
		list = append(list, fuse.File{Name: name, Content: makers[name]})
	}
	return list
}

func (v *view) loadavg(dst []byte) []byte {
	c := v.cpu()
	v.load.Update(c.Lived, c.Used)
	v.figures = v.text(v.figures[:0], "pids.current")
	return procview.Loadavg(dst, v.read("loadavg"), &v.load, v.figures)
}

func (v *view) makeUptime(dst []byte) []byte {
	c := v.cpu()
	if !c.OwnTime {
		v.uptime = append(v.uptime[:0], v.read("uptime")...)
	}
	return procview.Uptime(dst, v.uptime, v.read("stat"), c, &v.times)
}

// memory reads the group's figures. Its Stat is valid until v.figures is written again.
func (v *view) memory() procview.Memory {
	m := procview.Memory{
		Limit:     v.least("memory.max", procview.Limit),
		SwapLimit: v.least("memory.swap.max", procview.Limit),
		Used:      v.number("memory.current", 0),
		SwapUsed:  v.number("memory.swap.current", procview.None),
	}
	v.figures = v.text(v.figures[:0], "memory.stat")
	m.Stat = v.figures
	return m
}

func (v *view) cpu() procview.CPU {
	c := procview.CPU{Quota: v.least("cpu.max", procview.Quota), OwnTime: v.clock.own}
	c.Lived, c.Started = v.clock.read()
	v.figures = v.text(v.figures[:0], "cpu.stat")
	c.SetStat(v.figures)
	v.figures = v.text(v.figures[:0], "cpuset.cpus.effective")
	c.Set = v.figures
	return c
}

// number returns a figure of the group, or otherwise without its controller.
func (v *view) number(name string, otherwise uint64) uint64 {
	v.figures = v.text(v.figures[:0], name)
	if len(v.figures) == 0 {
		return otherwise
	}
	return procview.Limit(v.figures)
}

// least returns the smallest limit of the group and all groups above it. The root has no limits.
func (v *view) least(name string, parse func([]byte) uint64) uint64 {
	limit := uint64(procview.None)
	for level := 0; ; level++ {
		v.figures = v.above(v.figures[:0], level, name)
		if len(v.figures) == 0 {
			return limit
		}
		limit = min(limit, parse(v.figures))
	}
}

// text appends an interface file of the group to dst. It appends nothing if there is no such file.
func (v *view) text(dst []byte, name string) []byte { return v.above(dst, 0, name) }

// above is text for the group so many levels up.
func (v *view) above(dst []byte, levels int, name string) []byte {
	group := v.group.Load()
	if group == nil {
		return dst
	}
	v.path = v.path[:0]
	for range levels {
		v.path = append(v.path, "../"...)
	}
	v.path = append(append(v.path, name...), 0)
	dst = textfile.Append(dst, int(group.File().Fd()), v.path)
	runtime.KeepAlive(group)
	return dst
}

// read returns the text of a file in the host's /proc. It is valid until the next read.
func (v *view) read(name string) []byte {
	if cap(v.host) > viewBuffer {
		v.host = nil
	}
	v.path = append(append(append(v.path[:0], v.proc...), name...), 0)
	v.host = textfile.Append(v.host[:0], unix.AT_FDCWD, v.path)
	return v.host
}
