//go:build nest

package nest

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// obey has every container do what it is told again, one after the other, and all vanish.
func (s *storm) obey(t *testing.T) {
	t.Helper()
	for n := range stormSize {
		name := stormName(n)
		state := func() string { return try(t, "berthctl", "domstate", name).Out }
		told := func(verb, operand string) {
			t.Helper()
			if r := try(t, "berthctl", verb, operand); r.Status != 0 {
				t.Errorf("it does not obey: %s %s: %s", verb, operand, r.Err)
				s.doubt([]string{name})
			}
		}
		off := func() {
			t.Helper()
			eventually(t, func() error {
				try(t, "berthctl", "destroy", name) // which may have ended by itself just now
				if now := state(); now != "shut off" && now != "" {
					return errors.New(name + " is " + now)
				}
				return nil
			})
		}
		brief := stormKinds[n%len(stormKinds)].name == "brief" // and ends by itself
		switch now := state(); {
		case now == "paused":
			told("resume", name)
			off() // a signal was perhaps waiting for it
		case now == "running" && !brief:
			told("suspend", name)
			told("resume", name)
			told("destroy", name)
		}
		off()
		if state() == "" {
			told("define", stormFile(s.files, n, 0))
		}
		told("start", name)
		if !brief {
			told("suspend", name)
			told("resume", name)
			told("destroy", name)
		}
		off()
		told("undefine", name)
	}
	wrong := (set{}).against("containers", s.known(t), false)
	for what, found := range s.marks(t) {
		for name := range found {
			if strings.Contains(name, "storm") {
				wrong = append(wrong, what+": "+name+" is left")
			}
		}
	}
	if len(wrong) > 0 {
		t.Errorf("after all were destroyed and undefined:\n  %s", strings.Join(wrong, "\n  "))
		s.doubt(wrong)
	}
}

// known are the storm's containers that berthd knows.
func (s *storm) known(t *testing.T) set {
	t.Helper()
	all := set{}
	for name := range strings.FieldsSeq(run(t, "berthctl", "list", "--all", "--name")) {
		if strings.HasPrefix(name, "storm") {
			all.add(name)
		}
	}
	return all
}

// doubt notes of which containers a finding is: by name, or by the uuid that stormGuests gives.
func (s *storm) doubt(findings []string) {
	for _, m := range regexp.MustCompile(`storm(\d\d)|57000000-[0-9-]*(\d\d)\b`).FindAllStringSubmatch(strings.Join(findings, "\n"), -1) {
		s.doubts["storm"+m[1]+m[2]] = true
	}
}

// tell says what the storm was, and if it was too much, what came last and what berthd has said.
func (s *storm) tell(t *testing.T) {
	fmt.Printf("storm: SEED=%d: %d orders, faults that met somebody: %v\n", s.seed, s.orders, s.met)
	if !t.Failed() {
		return
	}
	const last = 120
	slices.Sort(s.told) // they were noted as they ended
	entries := strings.Split(try(t, "journalctl", "--no-pager", "--quiet", "--unit=berthd.service", "--output=short-monotonic").Out, "\n")
	show := func(what string, lines []string, many int) {
		fmt.Printf("storm: %s:\n%s\n", what, strings.Join(lines[max(0, len(lines)-many):], "\n"))
	}
	show("the last orders and faults", s.told, last)
	show("the last that berthd says", entries, last)
	for name := range s.doubts {
		others := func(line string) bool { return !strings.Contains(line, name) }
		show("the last of "+name, slices.DeleteFunc(slices.Clone(s.told), others), last/5)
		show("berthd says of "+name, slices.DeleteFunc(slices.Clone(entries), others), last/5)
	}
	fmt.Printf("storm: again with: make test-nest RUN='^TestStorm$' STORM=%v SEED=%d KINDS='%s'\n", s.length, s.seed, os.Getenv("KINDS"))
}
