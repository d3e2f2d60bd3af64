package foreign

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/berthd/berth/internal/linux/inroot"
	"github.com/berthd/berth/internal/unitname"
)

const (
	nspawnSettings = "/etc/systemd/nspawn"
	nspawnUnits    = "/etc/systemd/system"
	machinesRun    = "/run/systemd/machines"
)

// imageDirectories are where machinectl(1) looks for images, in this order.
func imageDirectories() []string {
	return []string{"/etc/machines", "/run/machines", "/var/lib/machines", "/usr/local/lib/machines", "/usr/lib/machines"}
}

// Nspawn finds the images of systemd-nspawn, with their settings. An image of which nobody has settings is a container,
// too.
func Nspawn(t *Tree) (*Found, error) {
	f, seen := &Found{}, map[string]bool{}
	enabled, err := t.enabled()
	if err != nil {
		return nil, err
	}
	for _, dir := range imageDirectories() {
		names, err := t.List(dir)
		if err != nil {
			return nil, err
		}
		for _, file := range names {
			name, image := t.image(dir, file)
			if !image || seen[name] {
				continue
			}
			seen[name] = true
			f.Containers = append(f.Containers, t.machine(name, dir, path.Join(dir, file), slices.Contains(enabled, name)))
		}
	}
	for _, dir := range []string{nspawnSettings, "/run/systemd/nspawn", "/var/lib/machines"} {
		names, err := t.with(dir, ".nspawn")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if !seen[name] {
				f.Notes = append(f.Notes, Note{path.Join(dir, name+".nspawn"), 0, "there is no image with this name: the settings are not taken over"})
			}
		}
	}
	if file := nspawnUnits + "/systemd-nspawn@.service"; t.there(file) {
		f.Notes = append(f.Notes, Note{file, 0, "it is the unit of all containers, and is not read: what it says has to be in each definition, or in a drop-in"})
	}
	return f, nil
}

// image returns the name of the machine of a file among images, and whether it is one.
func (t *Tree) image(dir, file string) (string, bool) {
	if strings.HasPrefix(file, ".") || strings.HasSuffix(file, ".nspawn") {
		return "", false
	}
	k, err := t.Kind(path.Join(dir, file))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", false
	case err != nil: // it is told with the container
		return file, true
	case k.Regular:
		return strings.CutSuffix(file, ".raw")
	}
	return file, k.Dir || k.Block
}

// machine describes one image.
func (t *Tree) machine(name, dir, root string, enabled bool) Container {
	c := Container{Name: name, File: root, Root: root, Autostart: enabled, Running: t.own && t.isNspawns(name)}
	for _, at := range []string{nspawnSettings, "/run/systemd/nspawn", dir} {
		if file := path.Join(at, name+".nspawn"); t.there(file) {
			c.File, c.Untrusted = file, at == dir
			c.Text, c.Doubts, c.Fault = t.readDoubted(file)
			break
		}
	}
	k, err := t.Kind(root)
	switch {
	case err != nil && c.Fault == nil:
		c.Fault = err
	case k.Dir:
		c.Owner, c.Init = &k.UID, t.initOf(root)
	default:
		if what := partitions(t.head(root, 2048)); what != "" && c.Fault == nil {
			c.Fault = fmt.Errorf("%s has %s: Berth mounts an image that is one file system. Copy its files to a directory, such as with systemd-dissect --copy-from", root, what)
		}
	}
	t.unitOf(&c)
	return c
}

// initOf returns the program that Boot= starts, in the order of systemd-nspawn; "" if none is found.
func (t *Tree) initOf(root string) string {
	dir, err := t.open(root, 0)
	if err != nil {
		return ""
	}
	inside := &Tree{dir: dir, root: inroot.New(dir)}
	defer func() { _ = inside.Close() }()
	for _, program := range []string{"/usr/lib/systemd/systemd", "/lib/systemd/systemd", "/sbin/init"} {
		if k, err := inside.Kind(program); err == nil && k.Regular {
			return program
		}
	}
	return ""
}

// partitions says which table of partitions an image has, "" if it is one file system.
func partitions(head []byte) string {
	if len(head) < 1024+1024 {
		return ""
	}
	switch {
	case string(head[512:520]) == "EFI PART":
		return "a table of partitions (GPT)"
	case binary.LittleEndian.Uint16(head[1024+56:]) == 0xef53: // ext2 to ext4, which may have a boot sector
		return ""
	case head[510] == 0x55 && head[511] == 0xaa && head[450] != 0 && (head[446]|0x80) == 0x80:
		return "a table of partitions (MBR)"
	}
	return ""
}

// enabled returns the machines whose unit something wants.
func (t *Tree) enabled() (list []string, err error) {
	wants, err := t.with(nspawnUnits, ".wants")
	if err != nil {
		return nil, err
	}
	for _, target := range wants {
		units, err := t.with(nspawnUnits+"/"+target+".wants", ".service")
		if err != nil {
			return nil, err
		}
		for _, unit := range units {
			if instance, ok := strings.CutPrefix(unit, "systemd-nspawn@"); ok {
				list = append(list, unitname.Unescape(instance))
			}
		}
	}
	return list, nil
}

// isNspawns reports whether systemd-machined has a machine of this name that systemd-nspawn made.
func (t *Tree) isNspawns(name string) bool {
	text, err := t.Read(machinesRun + "/" + name)
	return err == nil && strings.Contains("\n"+text, "\nSERVICE=systemd-nspawn\n")
}
