package launch

import (
	"io/fs"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/berthd/berth/internal/linux/kernlog"
	"github.com/berthd/berth/service"
)

// memoryEvents is the file with the counts of what the limits of memory have caused in a group and the groups below it.
const memoryEvents = "memory.events"

// NextMemoryEvent returns a channel that is closed when the kernel next counts an event of memory in a scope. cancel
// gives that up. It returns fs.ErrNotExist if the host does not count them, or the group is gone.
func (g *Cgroups) NextMemoryEvent(path string) (counted <-chan struct{}, cancel func(), err error) {
	return g.events.Next(filepath.Join(g.mountPoint, path, memoryEvents))
}

// OOMKills returns how many processes of a scope the kernel has killed for want of memory. It returns fs.ErrNotExist if
// the host does not count them, or there is no group with this path and id.
func (g *Cgroups) OOMKills(path string, id uint64) (uint64, error) {
	dir, err := g.open(path, id)
	if err != nil {
		return 0, err
	}
	defer func() { _ = dir.Close() }()
	n, err := dir.Field(memoryEvents, "oom_kill")
	switch {
	case err != nil:
		return 0, err
	case n == nil:
		return 0, &fs.PathError{Op: "open", Path: path + "/" + memoryEvents, Err: fs.ErrNotExist}
	}
	return *n, nil
}

// LastOOMKill returns the last process of a scope that the kernel's log names as killed for want of memory. known is
// false if it names none.
func (g *Cgroups) LastOOMKill(path string) (v service.Victim, known bool) {
	log, err := kernlog.Read()
	if err != nil {
		return v, false
	}
	last, known := kernlog.Last(log, path)
	last.Process = strings.Map(printable, last.Process)
	return service.Victim(last), known
}

// KilledForMemory reports whether the kernel's log says that a process was killed for want of memory.
func (g *Cgroups) KilledForMemory(pid uint32) (bool, error) {
	log, err := kernlog.Read()
	return kernlog.Names(log, pid), err
}

// printable replaces what is no character to print: a process may choose any bytes for its name.
func printable(r rune) rune {
	if !unicode.IsPrint(r) {
		return unicode.ReplacementChar
	}
	return r
}
