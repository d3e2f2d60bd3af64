package supervisor

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/mount"
	"github.com/berthd/berth/internal/wire"
)

// hidden returns the places in a root that the container's own mounts hide.
func hidden() []string { return []string{"/proc", "/sys", "/dev", "/run"} }

// withoutHidden opens the root again, without what is mounted where the container's own mounts come: a proc
// that a chroot left behind cannot be mapped, and nobody would see it. The calling thread has a mount namespace
// of its own.
func withoutHidden(root wire.Source) (*os.File, error) {
	const stacked = 8 // mounts on one place: a script that prepares a chroot may have run again and again
	for _, place := range hidden() {
		for range stacked {
			if err := mount.Detach(root.Path + place); err != nil {
				return nil, err
			}
		}
	}
	return openSource(root, unix.O_DIRECTORY, nil)
}

// mapRootAgain replaces a root that cannot be mapped by one without what is hidden, and maps that.
func mapRootAgain(src wire.Source, root **os.File, userns *os.File) error {
	again, err := withoutHidden(src)
	if err != nil {
		return err
	}
	_ = (*root).Close()
	*root = again
	return mount.IDMap(again, userns, mount.Tree)
}

// explainIDMap returns the error of a source that cannot be mapped. It names the mount that is in the way.
func explainIDMap(src wire.Source, userns *os.File, err error) error {
	if !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.EPERM) {
		return err
	}
	const needs = "which a container with <idmap> needs"
	first, others := "its file system, or one mounted below,", 0
	for _, m := range mountsBelow(src) {
		if canMap(m, userns) {
			continue
		}
		if others++; others > 1 {
			continue
		}
		if first = "its file system, " + m.fstype + ","; m.place != "" {
			first = "the " + m.fstype + " mounted on " + m.place
		}
	}
	switch {
	case others == 2:
		first += ", as well as one more mount,"
	case others > 2:
		first += fmt.Sprintf(", as well as %d more mounts,", others-1)
	}
	return fmt.Errorf("%s does not support ID-mapped mounts, %s: %w", first, needs, err)
}

// hostMount is one mount of the host. place is empty for the source's own.
type hostMount struct{ path, place, fstype string }

// mountsBelow returns the mount of a source and those below it, in the order of the calling thread's mountinfo.
func mountsBelow(src wire.Source) (list []hostMount) {
	if src.Supplied {
		return nil
	}
	at, err := os.OpenFile(src.Path, unix.O_PATH, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = at.Close() }()
	top, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(int(at.Fd())))
	if err != nil {
		return nil
	}
	text, err := os.ReadFile("/proc/thread-self/mountinfo")
	if err != nil {
		return nil
	}
	list = append(list, hostMount{path: top, fstype: typeAt(string(text), top)})
	for line := range strings.Lines(string(text)) {
		path, fstype := mountOf(line)
		if src.Recursive && strings.HasPrefix(path, strings.TrimSuffix(top, "/")+"/") && path != top {
			list = append(list, hostMount{path: path, place: path, fstype: fstype})
		}
	}
	return list
}

// typeAt returns the type of the file system that a path is on: that of the last mount on the nearest place.
func typeAt(mountinfo, path string) (fstype string) {
	nearest := 0
	for line := range strings.Lines(mountinfo) {
		at, of := mountOf(line)
		above := at == "/" || at == path || strings.HasPrefix(path, at+"/")
		if above && len(at) >= nearest {
			nearest, fstype = len(at), of
		}
	}
	return fstype
}

// mountOf reads a line of mountinfo: field 5 is the mount point, with \040 for a blank, and the type follows " - "
// (proc_pid_mountinfo(5)).
func mountOf(line string) (path, fstype string) {
	before, after, _ := strings.Cut(line, " - ")
	fields := strings.Fields(before)
	if len(fields) < 5 {
		return "", ""
	}
	fstype, _, _ = strings.Cut(after, " ")
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(fields[4]), fstype
}

// canMap reports whether a user namespace can map the owners in one mount. It tries it on a copy.
func canMap(m hostMount, userns *os.File) bool {
	at, err := os.OpenFile(m.path, unix.O_PATH|unix.O_NOFOLLOW, 0)
	if err != nil {
		return true // another mount hides it
	}
	defer func() { _ = at.Close() }()
	one, err := mount.Clone(at, mount.One)
	if err != nil {
		return true
	}
	defer func() { _ = one.Close() }()
	return mount.IDMap(one, userns, mount.One) == nil
}
