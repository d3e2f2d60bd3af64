// Package doctor checks whether a host has what Berth needs, and says what to do if not.
//
// A check reads the host's files and what the message bus knows, and changes nothing. It starts no service: the bus is
// asked for names only. Each check is one function of a Host, so that tests give it a host of their own. berthd need
// not run.
package doctor

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/berthd/berth/internal/config"
	"github.com/berthd/berth/internal/shift"
)

// Level is how bad a finding is.
type Level string

// The levels. A note is something that some containers may lack. With a problem, containers do not start, or do not
// work as their definitions say.
const (
	OK      Level = "ok"
	Note    Level = "note"
	Problem Level = "problem"
)

// Finding is what a check has found.
type Finding struct {
	Check  string `json:"check"`
	Level  Level  `json:"level"`
	Text   string `json:"text"`
	Advice string `json:"advice,omitempty"` // what to do about it
}

// Host is what the checks look at.
type Host struct {
	Files fs.FS // from the root directory on
	Bus   Bus
	Free  func(path string) (Space, error)
	Root  bool // whether the caller is root
	// Judge tells what the root directory of a container is, for the ids of its user namespace.
	Judge func(path string, m shift.Map) (shift.Verdict, error)
}

// Space is what is left of a file system.
type Space struct{ Free, Total, FreeFiles, Files uint64 }

// Bus is what the message bus knows.
type Bus struct {
	Err         error // why it cannot be asked
	Running     []string
	Activatable []string
	Systemd     string // its version
}

// Files of a Host are named without the first slash.
const configFile = "etc/berth/berth.conf"

// check is one check. It returns one finding or more.
type check struct {
	name string
	run  func(h *Host) []Finding
}

// checks returns all checks, in the order of their output.
func checks() []check {
	return []check{
		{"kernel", kernel},
		{"cgroup", cgroups},
		{"namespaces", namespaces},
		{"memfd", memfd},
		{"limits", limits},
		{"systemd", systemd},
		{"bus", messageBus},
		{"machined", machined},
		{"unit", unitFiles},
		{"polkit", polkit},
		{"selinux", selinux},
		{"audit", audit},
		{"fuse", fuse},
		{"images", images},
		{"networkd", networkd},
		{"configuration", configuration},
		{"ids", ids},
		{"run", runSpace},
		{"leftovers", leftovers},
		{"roots", roots},
	}
}

// Names returns the names of all checks.
func Names() (names []string) {
	for _, c := range checks() {
		names = append(names, c.name)
	}
	return names
}

// Examine carries out all checks.
func Examine(h *Host) (all []Finding) {
	for _, c := range checks() {
		for _, f := range c.run(h) {
			f.Check = c.name
			all = append(all, f)
		}
	}
	return all
}

// Healthy reports whether there is no problem.
func Healthy(all []Finding) bool {
	for _, f := range all {
		if f.Level == Problem {
			return false
		}
	}
	return true
}

func ok(text string) []Finding { return []Finding{{Level: OK, Text: text}} }

func note(text, advice string) Finding { return Finding{Level: Note, Text: text, Advice: advice} }

func problem(text, advice string) Finding { return Finding{Level: Problem, Text: text, Advice: advice} }

// or returns findings, or that all is well if there are none.
func or(found []Finding, well string) []Finding {
	if len(found) == 0 {
		return ok(well)
	}
	return found
}

// text returns the text of a small file without the white space around it, "" if there is none.
func (h *Host) text(file string) string {
	b, err := fs.ReadFile(h.Files, file)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func (h *Host) exists(file string) bool {
	_, err := fs.Stat(h.Files, file)
	return err == nil
}

// settings returns the configuration, and its mistakes.
func (h *Host) settings() (c config.Config, mistakes []string) {
	c = config.Default()
	files := []string{configFile}
	dropIns, _ := fs.Glob(h.Files, configFile+".d/*.conf")
	for _, file := range append(files, dropIns...) {
		f, err := h.Files.Open(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			mistakes = append(mistakes, err.Error())
			continue
		}
		for _, m := range c.Parse(f) {
			mistakes = append(mistakes, "/"+file+": "+m)
		}
		_ = f.Close()
	}
	return c, mistakes
}
