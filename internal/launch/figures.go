package launch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/berthd/berth/internal/cgroup"
	"github.com/berthd/berth/internal/figures"
	"github.com/berthd/berth/service"
)

// figureReader reads the figures of containers, one after another.
//
// What a container uses is that of its payload: the supervisor is ours. What its limits are and do is that of the scope,
// which has them. So memory-current can be less than memory-max by what the supervisor has when the limit is reached.
type figureReader struct {
	mountPoint string
	files      cgroup.Reader
	devices    map[string]string // names by number. A number can get another device, so they are kept for one reader only.
}

// Figures returns a reader of figures, for one goroutine and one call.
func (g *Cgroups) Figures() service.FigureReader {
	return &figureReader{mountPoint: g.mountPoint, devices: map[string]string{}}
}

// Read enters the figures of a scope. It returns fs.ErrNotExist if there is no group with this path and id. A file that cannot
// be understood is an error, and all others are read.
func (r *figureReader) Read(into *figures.Figures, group string, id uint64, want figures.Group) error {
	dir, err := cgroup.At(r.mountPoint, group)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	if is, err := idOf(dir); err != nil || is != id {
		return errors.Join(err, &fs.PathError{Op: "open control group", Path: group, Err: fs.ErrNotExist})
	}
	s := sheet{figureReader: r, dir: dir, into: into}
	for _, part := range []struct {
		group figures.Group
		read  func()
	}{
		{figures.CPU, s.cpu},
		{figures.Memory, s.memory},
		{figures.IO, s.io},
		{figures.PIDs, s.pids},
		{figures.Pressure, s.pressure},
	} {
		if want.Has(part.group) {
			part.read()
		}
	}
	return errors.Join(s.errs...)
}

// sheet is the reading of one scope.
type sheet struct {
	*figureReader
	dir  *cgroup.Dir
	into *figures.Figures
	errs []error
}

// read hands the text of a file on. It reports whether there is one: without its controller, or on an older kernel, a group
// has none. A group that goes meanwhile has none either.
func (s *sheet) read(name string, parse func(text []byte) error) bool {
	text, err := s.files.Read(s.dir, name)
	if err != nil {
		if ignoreRemoved(err) != nil {
			s.errs = append(s.errs, err)
		}
		return false
	}
	if err := parse(text); err != nil {
		s.errs = append(s.errs, fmt.Errorf("%s: %w", name, err))
	}
	return true
}

func (s *sheet) single(name string, f figures.Figure) bool {
	return s.read(name, func(text []byte) error { return s.into.Single(f, text) })
}

const payload = cgroup.Payload + "/"

func (s *sheet) cpu() {
	s.read(payload+"cpu.stat", s.into.CPUUsage)
	s.read("cpu.stat", s.into.CPUThrottling)
}

func (s *sheet) memory() {
	if !s.single(payload+"memory.current", figures.MemoryCurrent) {
		return
	}
	s.single(payload+"memory.peak", figures.MemoryPeak)
	s.single(payload+"memory.swap.current", figures.MemorySwapCurrent)
	s.read(payload+"memory.stat", s.into.MemoryStat)
	s.single("memory.max", figures.MemoryMax)
	s.read("memory.events", s.into.MemoryEvents)
}

func (s *sheet) io() {
	s.read(payload+"io.stat", func(text []byte) error { return s.into.IOStat(text, s.device) })
}

func (s *sheet) pressure() {
	s.read(payload+"cpu.pressure", s.into.CPUPressure)
	s.read(payload+"memory.pressure", s.into.MemoryPressure)
	s.read(payload+"io.pressure", s.into.IOPressure)
}

// device returns the kernel's name of a block device. It is the number if the device has gone meanwhile.
func (r *figureReader) device(number string) string {
	name, known := r.devices[number]
	if !known {
		name = number
		if link, err := os.Readlink("/sys/dev/block/" + number); err == nil && utf8.ValidString(link) {
			name = strings.ReplaceAll(path.Base(link), "!", "/") // sysfs has no / in names
		}
		r.devices[number] = name
	}
	return name
}
