package service

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/planner"
)

// MaxPassed is how many descriptors init can be passed.
const MaxPassed = 253

// Passed is a descriptor for init. Name is the one in LISTEN_FDNAMES (sd_listen_fds_with_names(3)); empty means
// "unknown", as in systemd.
type Passed struct {
	Name string
	File *os.File
}

// Kept is a passed descriptor that outlived init. Place is its place among those that were passed.
type Kept struct {
	Place int
	File  *os.File
}

// StartOptions are the options of a start. The caller still has to close the files.
type StartOptions struct {
	Passed []Passed
	// Owner, if set, names whoever the container ends with (autodestroy). The service keeps the name in the note of the
	// run and in the Snapshot, also of runs that follow a reboot. Whoever knows owners calls DestroyOwned.
	Owner string
	Unit  string // a service that systemd stops when the container has ended and does not start again
	Adopt bool   // if the container runs already, that run becomes the one of Unit, and nothing is started
}

// PassedError says which descriptor cannot be passed.
type PassedError struct {
	Place int // among those that were passed, from 0 on; -1 means all of them
	Name  string
	Err   error
}

func (e *PassedError) Error() string {
	if e.Place < 0 {
		return e.Err.Error()
	}
	name := ""
	if e.Name != "unknown" {
		name = " (" + e.Name + ")"
	}
	return fmt.Sprintf("the %s of the passed descriptors%s: %v", ordinal(e.Place+1), name, e.Err)
}

func (e *PassedError) Unwrap() error { return e.Err }

// ordinal returns a place, counted from 1, as a word: "first", "second", "third", "4th".
func ordinal(n int) string {
	words := []string{"first", "second", "third"}
	switch {
	case n <= len(words):
		return words[n-1]
	case n%100/10 == 1 || n%10 == 0 || n%10 > len(words):
		return strconv.Itoa(n) + "th"
	}
	return strconv.Itoa(n) + []string{"st", "nd", "rd"}[n%10-1]
}

// checkPassed returns a PassedError if the descriptors cannot be passed, and names those that have no name.
func (s *Service) checkPassed(list []Passed) error {
	if len(list) > MaxPassed {
		return &PassedError{Place: -1, Err: fmt.Errorf("%d descriptors to pass, the limit is %d", len(list), MaxPassed)}
	}
	for i := range list {
		p := &list[i]
		if p.Name == "" {
			p.Name = "unknown"
		}
		err := checkName(p.Name)
		if err == nil {
			err = s.Supervisors.CheckPassed(p.File)
		}
		if err != nil {
			return &PassedError{Place: i, Name: p.Name, Err: err}
		}
	}
	return nil
}

// checkName applies the rule of systemd for names of descriptors (systemd.socket(5), FileDescriptorName=).
func checkName(name string) error {
	if len(name) > 255 {
		return fmt.Errorf("a name of %d bytes, the limit is 255", len(name))
	}
	if i := strings.IndexFunc(name, func(r rune) bool { return r <= ' ' && r != ' ' || r >= 0x7f || r == ':' }); i >= 0 {
		return fmt.Errorf("the name %q has a character other than ASCII, or a colon", name)
	}
	return nil
}

// pass gives the descriptors that the container was given for its next start to that start.
func (st *start) pass(list []Passed, bound string) {
	for _, p := range list {
		st.passed = append(st.passed, p.File)
		st.Passed = append(st.Passed, p.Name)
	}
	planner.Pass(st.plan, st.Passed)
	st.Bound = bound
}

// takePassed takes those descriptors of a run that has ended which its next one gets.
func (r *run) takePassed() (list []Passed) {
	if r.supervisor == nil {
		return nil
	}
	for _, k := range r.supervisor.TakeKept() {
		name := "unknown"
		if k.Place < len(r.Passed) {
			name = r.Passed[k.Place]
		}
		list = append(list, Passed{Name: name, File: k.File})
	}
	return list
}

func closePassed(list []Passed) {
	for _, p := range list {
		_ = p.File.Close()
	}
}
