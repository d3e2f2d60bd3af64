package host

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/numberset"
	"github.com/berthd/berth/internal/planner"
)

// Resources tells what the host has of what containers can be limited in.
type Resources struct {
	root  string // "/"
	group string // the mount point of cgroup2, below root
}

// NewResources returns the resources of this host, whose hierarchy of control groups is mounted on group.
func NewResources(group string) Resources { return Resources{root: "/", group: group} }

// Check returns a *domain.Error if the host cannot give a container what its definition asks for: it lacks a
// controller, a processor, a memory node or a block device. A definition that asks for nothing costs nothing.
func (r Resources) Check(d *domain.Def) error {
	if needs := planner.Needs(d); len(needs) > 0 {
		if err := r.controllers(needs); err != nil {
			return err
		}
	}
	for _, one := range []struct {
		element, what, file string
		set                 numberset.Set
	}{
		{"domain/vcpu@cpuset", "processor", "sys/devices/system/cpu/online", d.CPU.Set},
		{"domain/numatune/memory@nodeset", "memory node", "sys/devices/system/node/has_memory", d.NUMA.Nodes},
	} {
		if one.set == "" {
			continue
		}
		if err := r.numbers(one.element, one.what, one.file, one.set); err != nil {
			return err
		}
	}
	for i, dev := range d.IO.Devices {
		if err := r.device(numbered("domain/blkiotune/device", i, len(d.IO.Devices))+"/path", dev.Path); err != nil {
			return err
		}
	}
	for i, l := range d.Latencies {
		if err := r.device(numbered("domain/berth:container/berth:latency", i, len(d.Latencies))+"@path", l.Path); err != nil {
			return err
		}
	}
	return r.files(d)
}

func lacking(element, format string, args ...any) error {
	return &domain.Error{Kind: domain.InvalidConfig, Element: element, Text: fmt.Sprintf(format, args...)}
}

// numbered is the place of the element with the index i, of n.
func numbered(element string, i, n int) string {
	if n == 1 {
		return element
	}
	return element + "[" + strconv.Itoa(i+1) + "]"
}

func (r Resources) controllers(needs []planner.Need) error {
	text, err := os.ReadFile(filepath.Join(r.root, r.group, "cgroup.controllers"))
	if err != nil {
		return err
	}
	has := strings.Fields(string(text))
	for _, n := range needs {
		if !slices.Contains(has, n.Controller) {
			return lacking(n.Element, "the host's control groups (cgroup v2) have no controller '%s', so it would have no effect; they have %s",
				n.Controller, cmp.Or(strings.Join(has, ", "), "none"))
		}
	}
	return nil
}

func (r Resources) numbers(element, what, file string, set numberset.Set) error {
	text, err := os.ReadFile(filepath.Join(r.root, file))
	if errors.Is(err, fs.ErrNotExist) { // a kernel without NUMA
		text, err = []byte("0"), nil
	}
	if err != nil {
		return err
	}
	has, err := numberset.Parse(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	there := has.Numbers()
	for _, n := range set.Numbers() {
		if !slices.Contains(there, n) {
			return lacking(element, "the host has no %s %d; it has %s", what, n, has)
		}
	}
	return nil
}

func (r Resources) device(element, path string) error {
	info, err := os.Stat(filepath.Join(r.root, path))
	switch {
	case err != nil:
		return lacking(element, "%v", err)
	case info.Mode()&fs.ModeDevice == 0 || info.Mode()&fs.ModeCharDevice != 0:
		return lacking(element, "%s is not a block device", path)
	}
	return nil
}

// files checks the limit of open files, which alone has a limit of the host.
func (r Resources) files(d *domain.Def) error {
	for i, l := range d.RLimits {
		if l.Name != "nofile" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(r.root, "proc/sys/fs/nr_open"))
		if err != nil {
			return err
		}
		most, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
		if err != nil {
			return err
		}
		if l.Hard > most {
			return lacking(numbered("domain/berth:container/berth:rlimit", i, len(d.RLimits))+"@hard", "the host allows %d open files at most; raise fs.nr_open (sysctl.d(5))", most)
		}
	}
	return nil
}
