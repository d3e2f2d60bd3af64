package foreign

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"

	"github.com/berthd/berth/internal/unitname"
)

// unitDirectories are where units and their drop-ins are (systemd.unit(5)). Of files with one name, that in the first
// directory counts.
func unitDirectories() []string {
	return []string{
		"/etc/systemd/system.control", "/run/systemd/system.control", nspawnUnits, "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
	}
}

// unitOf finds the drop-ins of a container's unit, and says if it has another unit than all. machinectl(1) does not
// escape the name of the machine in that of the unit, as systemctl enable wants it.
func (t *Tree) unitOf(c *Container) {
	const unit = "systemd-nspawn@"
	files := map[string]string{} // by their names, which are their order
	for _, instance := range slices.Compact([]string{c.Name, unitname.Escape(c.Name), ""}) {
		if file := path.Join(nspawnUnits, unit+instance+".service"); instance != "" && t.there(file) {
			c.Notes = append(c.Notes, Note{file, 0, "it is the unit of the container, and is not read: limits and the like have to be in the definition, or in a drop-in"})
		}
		for _, dir := range unitDirectories() {
			dir = path.Join(dir, unit+instance+".service.d")
			names, err := t.with(dir, ".conf")
			if err != nil {
				c.Notes = append(c.Notes, Note{dir, 0, "it is not read: " + err.Error()})
			}
			for _, name := range names {
				if name += ".conf"; files[name] == "" {
					files[name] = path.Join(dir, name)
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		file := files[name]
		if k, err := t.Kind(file); errors.Is(err, fs.ErrNotExist) || err == nil && !k.Regular {
			continue // a link to /dev/null hides the others of its name
		}
		text, doubts, err := t.readDoubted(file)
		if err != nil {
			c.Notes = append(c.Notes, Note{file, 0, "it is not read: " + err.Error()})
			continue
		}
		c.DropIns = append(c.DropIns, DropIn{file, text})
		c.Doubts = append(c.Doubts, doubts...)
	}
}
