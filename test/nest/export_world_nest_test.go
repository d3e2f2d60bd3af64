//go:build nest

package nest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// worldOf returns what the init of a container finds, a line for each fact: the same words for every program that has
// started it.
func worldOf(t testing.TB, pid string) []string {
	t.Helper()
	proc := "/proc/" + pid + "/"
	read := func(name string) string {
		text, err := os.ReadFile(proc + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	facts := []string{"hostname " + strings.TrimSpace(run(t, "nsenter", "-t", pid, "-u", "hostname"))}
	for line := range strings.Lines(read("status")) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if slices.Contains(strings.Fields("Uid Gid Groups Umask NoNewPrivs Seccomp CapPrm CapEff CapBnd CapAmb CapInh"), key) {
			facts = append(facts, key+" "+strings.Join(strings.Fields(value), " "))
		}
	}
	for _, name := range []string{"uid_map", "gid_map", "oom_score_adj"} {
		facts = append(facts, name+" "+strings.Join(strings.Fields(read(name)), " "))
	}
	cwd, err := os.Readlink(proc + "cwd")
	if err != nil {
		t.Fatal(err)
	}
	facts = append(facts, "cwd "+cwd, "cmdline "+strings.ReplaceAll(read("cmdline"), "\x00", " "))
	for variable := range strings.SplitSeq(strings.TrimSuffix(read("environ"), "\x00"), "\x00") {
		facts = append(facts, "env "+variable)
	}
	for line := range strings.Lines(read("limits")) {
		facts = append(facts, "limit "+strings.Join(strings.Fields(line), " "))
	}
	facts = append(facts, mountFacts(read("mountinfo"))...)
	facts = append(facts, deviceFacts(t, proc+"root/dev")...)
	slices.Sort(facts)
	return facts
}

// mountFacts has each place where something is mounted, with its flags.
func mountFacts(mountinfo string) (facts []string) {
	at := map[string]string{} // the last one at a place is the one that is seen
	for line := range strings.Lines(mountinfo) {
		f := strings.Fields(line)
		var flags []string
		for flag := range strings.SplitSeq(f[5], ",") {
			if slices.Contains([]string{"ro", "rw", "nosuid", "nodev", "noexec"}, flag) {
				flags = append(flags, flag)
			}
		}
		at[f[4]] = strings.Join(flags, ",")
	}
	for _, place := range slices.Sorted(maps.Keys(at)) {
		facts = append(facts, "mount "+place+" "+at[place])
	}
	return facts
}

func deviceFacts(t testing.TB, dir string) (facts []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		facts = append(facts, "dev "+e.Name()+" "+strings.TrimSpace(run(t, "stat", "-c", "%F %t:%T", filepath.Join(dir, e.Name()))))
	}
	return facts
}

// changes returns what the second world lacks (-) and has besides (+).
func changes(first, second []string) (list []string) {
	for _, f := range first {
		if !slices.Contains(second, f) {
			list = append(list, "-"+f)
		}
	}
	for _, f := range second {
		if !slices.Contains(first, f) {
			list = append(list, "+"+f)
		}
	}
	slices.Sort(list)
	return list
}

// ran waits until a process has become the guests' init, and returns its pid.
func ran(t testing.TB, ask func() (string, error)) (pid string) {
	t.Helper()
	eventually(t, func() (err error) {
		if pid, err = ask(); err != nil {
			return err
		}
		text, err := os.ReadFile("/proc/" + pid + "/cmdline")
		if err == nil && !strings.HasPrefix(string(text), "/bin/sleep\x00") {
			err = fmt.Errorf("%s is %q", pid, text)
		}
		return err
	})
	return pid
}
