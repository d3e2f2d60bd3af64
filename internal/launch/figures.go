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
// What a container uses is that of its payload: the supervisor is ours. What its limits are and do is that of the
// scope, which has them. So memory-current can be less than memory-max by what the supervisor has when the limit is
// reached.
type figureReader struct {
	mountPoint string
	files      cgroup.Reader
	devices    map[string]string // names by number. A number can get another device, so they are kept for one reader only.
}

// Figures returns a reader of figures, for one goroutine and one call.
func (g *Cgroups) Figures() service.FigureReader {
	return &figureReader{mountPoint: g.mountPoint, devices: map[string]string{}}
}

// Read enters the figures of a scope. It returns fs.ErrNotExist if there is no group with this path and id. A file that
// cannot be understood is an error, and all others are read.
func (r *figureReader) Read(into *figures.Figures, group string, id uint64, want figures.Wanted) error {
	dir, err := cgroup.At(r.mountPoint, group)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	if is, err := idOf(dir); err != nil || is != id {
		return errors.Join(err, &fs.PathError{Op: "open control group", Path: group, Err: fs.ErrNotExist})
	}
	s := sheet{figureReader: r, dir: dir, into: into, want: want}
	s.cpu()
	s.memory()
	s.io()
	s.pids()
	s.pressure()
	return errors.Join(s.errs...)
}

// sheet is the reading of one scope. It reads the files that have something wanted: each file costs the same.
type sheet struct {
	*figureReader
	dir  *cgroup.Dir
	into *figures.Figures
	want figures.Wanted
	errs []error
}

// read hands the text of a file on. It reports whether there is one: without its controller, or on an older kernel, a
// group has none. A group that goes meanwhile has none either.
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

// wanted is read for a file that has figures of which one is wanted.
func (s *sheet) wanted(name string, parse func(text []byte) error, list ...figures.Figure) {
	if s.want.HasAny(list...) {
		s.read(name, parse)
	}
}

// wantedSingle is single for a figure that is wanted.
func (s *sheet) wantedSingle(name string, f figures.Figure) {
	if s.want.Has(f) {
		s.single(name, f)
	}
}

const payload = cgroup.Payload + "/"

func (s *sheet) cpu() {
	s.wanted(payload+"cpu.stat", s.into.CPUUsage, figures.CPUUsageUSec, figures.CPUUserUSec, figures.CPUSystemUSec)
	s.wanted("cpu.stat", s.into.CPUThrottling, figures.CPUPeriods, figures.CPUThrottledPeriods, figures.CPUThrottledUSec)
}

// memory enters the figures of memory. On a host without the controller it looks for one file only.
func (s *sheet) memory() {
	if s.want.Has(figures.MemoryCurrent) && !s.single(payload+"memory.current", figures.MemoryCurrent) {
		return
	}
	s.wantedSingle(payload+"memory.peak", figures.MemoryPeak)
	s.wantedSingle(payload+"memory.swap.current", figures.MemorySwapCurrent)
	s.wanted(payload+"memory.stat", s.into.MemoryStat, figures.MemoryAnon, figures.MemoryFile, figures.MemoryKernel,
		figures.MemoryShmem, figures.MemoryPageFaults, figures.MemoryMajorPageFaults)
	s.wantedSingle("memory.max", figures.MemoryMax)
	s.wanted("memory.events", s.into.MemoryEvents, figures.MemoryHighEvents, figures.MemoryMaxEvents, figures.MemoryOOMEvents, figures.MemoryOOMKills)
}

// io enters the sums, and each device if the whole group is wanted.
func (s *sheet) io() {
	parse := func(text []byte) error { return s.into.IOStat(text, s.device) }
	s.wanted(payload+"io.stat", parse, figures.IOReadBytes, figures.IOReadOperations, figures.IOWriteBytes, figures.IOWriteOperations)
	if !s.want.Whole(figures.IO) {
		s.into.Block = nil
	}
}

func (s *sheet) pressure() {
	for _, f := range []struct {
		name  string
		parse func(text []byte) error
		first figures.Figure // of four
	}{
		{"cpu.pressure", s.into.CPUPressure, figures.CPUPressureSomeUSec},
		{"memory.pressure", s.into.MemoryPressure, figures.MemoryPressureSomeUSec},
		{"io.pressure", s.into.IOPressure, figures.IOPressureSomeUSec},
	} {
		s.wanted(payload+f.name, f.parse, f.first, f.first+1, f.first+2, f.first+3)
	}
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
