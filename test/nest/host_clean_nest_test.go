//go:build nest

package nest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// clean makes a test fail when something of it is left on the host at its end: a unit, machine,
// control group, mount, process, network link or namespace, loop device, a file of Berth's state
// or configuration, or an open file of berthd. A test calls it first, so that its own clean-up,
// which it registers later, comes before the look.
func clean(t *testing.T) {
	t.Helper()
	before := observe(t)
	t.Cleanup(func() {
		if t.Failed() {
			return // what it left tells nothing then
		}
		eventually(t, func() error {
			if diff := extra(before, observe(t)); len(diff) > 0 {
				return errors.New("left on the host:\n  " + strings.Join(diff, "\n  "))
			}
			return nil
		})
	})
}

// observe lists what a test could leave, one line each, a line as often as there is such a thing.
func observe(t testing.TB) []string {
	t.Helper()
	var seen []string
	add := func(kind string, names ...string) {
		for _, name := range names {
			seen = append(seen, kind+" "+name)
		}
	}
	for _, u := range units(t, "machine-*") {
		add("unit", u.Name+" "+u.Active)
	}
	for _, u := range units(t, "*") {
		if u.Active == "failed" {
			add("failed unit", u.Name)
		}
	}
	for _, m := range machines(t) {
		add("machine", m.Name)
	}
	for _, group := range cgroups(t, "/") {
		if strings.Contains(group, "/machine") || strings.Contains(group, "berth") && !strings.HasSuffix(group, "/berthd.service") {
			add("control group", group)
		}
	}
	add("mount", mounts(t, 0)...)
	add("loop device", loops(t)...) // those that show nothing are the machine's: test/rig/untouched has an eye on them
	for pid, name := range processes(t) {
		// Those of systemd come and go by themselves, and berthd when it is idle.
		if !strings.HasPrefix(name, "systemd") && !strings.HasPrefix(name, "(") && name != "berthd" && !kernelThread(pid) {
			add("process", name)
		}
	}
	for kind, pattern := range map[string]string{
		"link": "/sys/class/net/*", "network namespace": "/run/netns/*",
		"live state": "/run/berth/*/*", "definition": "/etc/berth/containers/*", "transient unit": "/run/systemd/transient/*",
		"network": "/etc/berth/networks/*.xml", "file of networkd": "/run/systemd/network/*",
	} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		add(kind, paths...)
	}
	add("table of the packet filter", filterTables(t)...)
	if pid := daemon(t); pid != 0 {
		add(fmt.Sprintf("berthd %d has open", pid), descriptors(t, pid)...)
	}
	slices.Sort(seen)
	return seen
}

// extra is what after has more than before; what a berthd has open counts only when it was there before.
func extra(before, after []string) []string {
	count := map[string]int{}
	daemons := map[string]bool{"": true}
	for _, line := range before {
		count[line]++
		daemons[owner(line)] = true
	}
	var more []string
	for _, line := range after {
		count[line]--
		if count[line] < 0 && daemons[owner(line)] {
			more = append(more, line)
		}
	}
	return more
}

// owner is the daemon whose open file a line is about, "" for any other line.
func owner(line string) string {
	who, _, ok := strings.Cut(line, " has open ")
	if !ok {
		return ""
	}
	return who
}

// kernelThread reports whether a process has no program.
func kernelThread(pid int) bool {
	_, err := os.Readlink(proc(pid, "exe"))
	return err != nil
}
