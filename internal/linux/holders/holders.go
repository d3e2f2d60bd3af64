package holders

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/mountinfo"
	"github.com/berthd/berth/internal/linux/place"
)

// Holder is a process that has a tree.
type Holder struct {
	PID     int
	Command string // comm of proc(5), which the process chooses
	Group   string // its control group; "" if it has none
	How     string // what it has: a part of a sentence
}

func (h Holder) String() string {
	group := ""
	if h.Group != "" {
		group = fmt.Sprintf(" of control group %q", h.Group)
	}
	return fmt.Sprintf("process %d (%q)%s has %s", h.PID, h.Command, group, h.How)
}

// search is one call of First.
type search struct {
	tree   *tree
	root   place.Place // of the host
	mounts string      // the host's mount namespace
	roots  map[place.Place]bool
	views  map[string]bool // mount namespaces with the roots from which they were looked at
}

// First returns the holder of an open directory, or of a part of it, with the lowest pid. A process that has the
// directory in its root directory is one, too. found is false if there is none.
func First(top *os.File) (h Holder, found bool, err error) {
	defer runtime.KeepAlive(top)
	own, err := openProcess("self")
	if err != nil {
		return h, false, err
	}
	defer own.close()
	s := &search{roots: map[place.Place]bool{}, views: map[string]bool{}}
	if s.tree, err = treeOf(int(top.Fd()), own); err != nil {
		return h, false, err
	}
	s.root = s.tree.above[len(s.tree.above)-1]
	if s.mounts, err = own.link("ns/mnt"); err != nil {
		return h, false, err
	}
	pids, err := processes()
	if err != nil {
		return h, false, err
	}
	for _, pid := range pids {
		p, err := openProcess(strconv.Itoa(pid))
		if err != nil {
			continue
		}
		how := s.look(p)
		if how != "" {
			h = Holder{PID: pid, Command: p.command(), Group: p.group(), How: how}
		}
		p.close()
		if how != "" {
			return h, true, nil
		}
	}
	return h, false, nil
}

// processes returns the pids of all processes, the lowest first.
func processes() (pids []int, err error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }()
	names, err := dir.Readdirnames(-1)
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids, err
}

// look says what a process has of the tree; "" if nothing.
func (s *search) look(p *process) string {
	fd, err := unix.Openat(p.dir, "root", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer func() { _ = unix.Close(fd) }()
	root, _, err := place.Of(fd)
	if err != nil {
		return ""
	}
	if !s.roots[root] && root != s.root {
		s.roots[root] = true
		above, err := place.Above(fd)
		switch {
		case err != nil:
		case slices.Contains(above, s.tree.above[0]) && root != s.tree.above[0]:
			return "a directory in it as its root directory"
		case slices.Contains(s.tree.above, root):
			return "it as its root directory, or one that it is in"
		}
	}
	view, err := p.link("ns/mnt")
	if err != nil || view == s.mounts {
		return ""
	}
	view += fmt.Sprint(root)
	if s.views[view] {
		return ""
	}
	s.views[view] = true
	at := s.tree.mounted(p.mounts())
	if at == "" {
		return ""
	}
	return fmt.Sprintf("it, or a part of it, mounted at %q", at)
}

// tree is the tree that is looked for.
type tree struct {
	above  []place.Place   // itself first, and the host's root directory last
	device string          // of its file system
	path   string          // in that
	name   string          // on the host
	host   map[string]bool // places of the host's mounts
}

// treeOf finds out what of which file system an open directory is.
func treeOf(fd int, own *process) (*tree, error) {
	above, err := place.Above(fd)
	if err != nil {
		return nil, err
	}
	_, mount, err := place.Of(fd)
	if err != nil {
		return nil, err
	}
	path, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
	if err != nil {
		return nil, err
	}
	t := &tree{above: above, name: path, host: map[string]bool{}}
	list := own.mounts()
	for _, m := range list {
		if m.ID == mount && mountinfo.Within(path, m.Point) {
			t.device, t.path = m.Device, below(m, path)
		}
		if where, found := placeOf(list, m); found {
			t.host[where] = true
		}
	}
	return t, nil
}

// mounted returns where a list has a mount of the tree, or of a part of it, that is neither one of the host at the same
// place, nor shows what is there without it; "" if it has none.
func (t *tree) mounted(list []mountinfo.Mount) string {
	for _, m := range list {
		if (m.Device != t.device || !mountinfo.Within(m.Root, t.path)) && !t.layer(m) {
			continue
		}
		if where, found := placeOf(list, m); !found || !t.host[where] && where != m.Device+m.Root+"\n"+m.Device+m.Root {
			return m.Point
		}
	}
	return ""
}

// layer reports whether a mount is an overlay that has the tree, or a part of it, as a layer, by the path with which
// that was mounted.
func (t *tree) layer(m mountinfo.Mount) bool {
	if m.Type != "overlay" {
		return false
	}
	for option := range strings.SplitSeq(m.Options, ",") {
		name, paths, _ := strings.Cut(option, "=")
		switch name {
		case "lowerdir", "lowerdir+", "datadir+", "upperdir":
		default:
			continue
		}
		for path := range strings.SplitSeq(paths, ":") {
			if path != "" && mountinfo.Within(path, t.name) {
				return true
			}
		}
	}
	return false
}

// placeOf returns what a mount is of, and what it is mounted on: names that are the same in all namespaces. The one
// that nothing reachable is below has none.
func placeOf(list []mountinfo.Mount, m mountinfo.Mount) (string, bool) {
	on := slices.IndexFunc(list, func(on mountinfo.Mount) bool { return on.ID == m.Parent && on.ID != m.ID })
	if on < 0 || !mountinfo.Within(m.Point, list[on].Point) {
		return "", false
	}
	return m.Device + m.Root + "\n" + list[on].Device + below(list[on], m.Point), true
}

// below returns the path in the file system of a path at or below a mount point.
func below(m mountinfo.Mount, path string) string {
	return strings.TrimSuffix(m.Root, "/") + strings.TrimPrefix(path, strings.TrimSuffix(m.Point, "/"))
}
