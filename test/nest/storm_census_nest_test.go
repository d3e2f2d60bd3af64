//go:build nest

package nest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// counted is a container as berthctl knows it.
type counted struct {
	Name, UUID, State string
	ID                *int
}

// census waits until all that can be seen of the containers agrees, or says what does not.
func (s *storm) census(t *testing.T, mounted []string) {
	t.Helper()
	var wrong []string
	for deadline := time.Now().Add(calm); ; time.Sleep(20 * pulse) {
		if wrong = s.disagreements(t, mounted); len(wrong) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Errorf("%v after the storm:\n  %s", calm, strings.Join(wrong, "\n  "))
			s.doubt(wrong)
			break
		}
	}
	entries := journal(t, "--no-pager", "--quiet", "--unit=berthd.service", "--output=cat")
	for line := range strings.Lines(entries) {
		if strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") {
			t.Errorf("berthd says %s", strings.TrimSpace(line))
		}
	}
}

// disagreements compares the list of containers with everything that a container leaves its mark on.
func (s *storm) disagreements(t *testing.T, mounted []string) []string {
	t.Helper()
	list := try(t, "berthctl", "list", "--all", "--json")
	var all []counted
	if err := json.Unmarshal([]byte(list.Out), &all); err != nil {
		return []string{fmt.Sprintf("berthctl list: %v: %+v", err, list)}
	}
	var wrong []string
	known, on, live, last, files := map[string]bool{}, set{}, set{}, set{}, set{}
	for _, c := range all {
		known[c.Name] = true
		last.add(c.UUID) // also of one that runs again
		switch c.State {
		case "running", "paused":
			on.add(c.Name)
			live.add(c.UUID)
		case "shutoff":
		default:
			wrong = append(wrong, c.Name+" is "+c.State)
		}
	}
	for n := range stormSize {
		name := stormName(n)
		if !loose(n) && !known[name] {
			wrong = append(wrong, name+" is not known any more")
		}
		if r := try(t, "berthctl", "dominfo", name); strings.Contains(r.Out, "Persistent:     yes") {
			files.add(name + ".xml")
		}
	}
	for n := range stormWitnesses {
		files.add(witnessName(n) + ".xml")
	}
	found := s.marks(t)
	for what, want := range map[string]set{
		"machines": on, "units": on.each("machine-", ".scope"), "transient units": on.each("machine-", ".scope"), "supervisors": on,
		"control groups": on.each("machine-", ".scope"), "run directories": live, "definitions": files, "init stages": nil,
	} {
		wrong = append(wrong, want.against(what, found[what], false)...)
	}
	wrong = append(wrong, last.against("last runs", found["last runs"], true)...)
	if now := mounts(t, 0); !slices.Equal(now, mounted) {
		wrong = append(wrong, fmt.Sprintf("mounts: %v, not %v", now, mounted))
	}
	slices.Sort(wrong)
	return wrong
}

// marks is what is there of containers, as the host sees it.
func (s *storm) marks(t *testing.T) map[string]set {
	t.Helper()
	found := map[string]set{}
	add := func(what, name string) {
		if found[what] == nil {
			found[what] = set{}
		}
		found[what].add(name)
	}
	for _, m := range machines(t) {
		add("machines", m.Name)
	}
	for _, u := range units(t, "machine-*.scope") {
		add("units", u.Name)
	}
	for what, pattern := range map[string]string{
		"transient units": "/run/systemd/transient/machine-*", "control groups": "/sys/fs/cgroup/machine.slice/*.scope",
		"run directories": "/run/berth/live/*", "last runs": "/run/berth/last/*",
	} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			add(what, filepath.Base(path))
		}
	}
	entries, err := os.ReadDir("/etc/berth/containers") // hidden ones, too
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Name() != "autostart" { // the directory of links
			add("definitions", entry.Name())
		}
	}
	for _, pid := range pids() {
		switch args := cmdline(pid); {
		case comm(pid) == "berth-init":
			add("init stages", fmt.Sprint(pid))
		case len(args) == 1 && strings.HasPrefix(args[0], "berth-supervisor "):
			add("supervisors", strings.TrimPrefix(args[0], "berth-supervisor "))
		}
	}
	return found
}

// set counts names.
type set map[string]int

func (s set) add(name string) { s[name]++ }

// each puts something around every name.
func (s set) each(before, after string) set {
	all := set{}
	for name := range s {
		all.add(before + name + after)
	}
	return all
}

// against says what was found that was not wanted, more than once, or not at all unless that is allowed.
func (s set) against(what string, found set, fewer bool) []string {
	var wrong []string
	for name, n := range found {
		switch {
		case s[name] == 0:
			wrong = append(wrong, fmt.Sprintf("%s: %s is left", what, name))
		case n > 1:
			wrong = append(wrong, fmt.Sprintf("%s: %s is there %d times", what, name, n))
		}
	}
	for name := range maps.Keys(s) {
		if found[name] == 0 && !fewer {
			wrong = append(wrong, fmt.Sprintf("%s: %s is missing", what, name))
		}
	}
	return wrong
}
