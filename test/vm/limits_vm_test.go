//go:build vm

package vm

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// limited has 64 MiB of memory, and 32 MiB of swap: libvirt's element is for both together.
const limited = "<memory unit='MiB'>64</memory><memtune><swap_hard_limit unit='MiB'>96</swap_hard_limit></memtune>"

// swapFile gives the machine, which has no swap, 128 MiB until the test's end.
func swapFile(t testing.TB) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "swap")
	run(t, "fallocate", "-l", "128M", file)
	run(t, "chmod", "0600", file)
	run(t, "chcon", "--type=swapfile_t", file)
	run(t, "mkswap", file)
	run(t, "swapon", file)
	t.Cleanup(func() { run(t, "swapoff", file) })
}

// kib reads a text of meminfo's form.
func kib(t testing.TB, text string) map[string]int {
	t.Helper()
	fields := map[string]int{}
	for line := range strings.SplitSeq(text, "\n") {
		name, rest, _ := strings.Cut(line, ":")
		n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(rest, " kB")))
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		fields[name] = n
	}
	return fields
}

// holding is a shell text that runs another while a process of the container has so many MiB in use:
// dd's buffer, with which it waits for its reader.
func holding(mib int, text string) string {
	return fmt.Sprintf("mkfifo /tmp/held; dd if=/dev/zero bs=%dM count=1 2> /dev/null > /tmp/held &\nexec 3< /tmp/held; head -c 1 <&3 > /dev/null; %s; cat <&3 > /dev/null; wait", mib, text)
}

// TestMeminfo: the figures of meminfo and swaps are those of the container's limits and use.
func TestMeminfo(t *testing.T) {
	swapFile(t)
	g := guest{Name: "web", More: limited}
	g.start(t)
	before := kib(t, g.says(t, "cat /proc/meminfo"))
	for name, want := range map[string]int{"MemTotal": 65536, "SwapTotal": 32768, "SwapFree": 32768, "Buffers": 0} {
		if got := before[name]; got != want {
			t.Errorf("%s is %d kB, want %d", name, got, want)
		}
	}
	for _, name := range []string{"MemFree", "MemAvailable"} {
		if got := before[name]; got < 48<<10 || got >= 65536 {
			t.Errorf("with nearly nothing in it, %s is %d kB", name, got)
		}
	}
	if got := strings.Join(strings.Fields(g.says(t, "sed 1d /proc/swaps")), " "); got != "none virtual 32768 0 0" {
		t.Errorf("swaps: %q", got)
	}
	after := kib(t, g.says(t, holding(20, "cat /proc/meminfo")))
	const least, most = 20 << 10, 26 << 10
	for _, name := range []string{"MemFree", "MemAvailable"} {
		if used := before[name] - after[name]; used < least || used > most {
			t.Errorf("with 20 MiB in use, %s went from %d kB to %d kB", name, before[name], after[name])
		}
	}
	if used := after["AnonPages"] - before["AnonPages"]; used < least || used > most {
		t.Errorf("with 20 MiB in use, AnonPages went from %d kB to %d kB", before["AnonPages"], after["AnonPages"])
	}
}

// TestSwap: the container has the swap that its limit of both leaves, and sees its own use of it.
func TestSwap(t *testing.T) {
	swapFile(t)
	const look = "sed -n 's/^Swap[TF][a-z]*: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo; sed 1d /proc/swaps"
	t.Run("none", func(t *testing.T) {
		g := guest{Name: "web", More: strings.Replace(limited, "96", "64", 1)}
		g.start(t)
		if got := g.says(t, look); got != "0\n0" {
			t.Errorf("without swap of its own it sees %q", got)
		}
	})
	t.Run("used", func(t *testing.T) {
		// Far from the limit: pages in the swap cache count twice.
		g := guest{Name: "web", More: strings.Replace(limited, "96", "160", 1)}
		g.start(t)
		fields := strings.Fields(g.says(t, holding(80, look)))
		if len(fields) != 7 || fields[0] != "98304" || fields[4] != "98304" {
			t.Fatalf("got %q", fields)
		}
		for what, text := range map[string]string{"SwapFree": fields[1], "the use in swaps": fields[5]} {
			n, err := strconv.Atoi(text)
			if what == "SwapFree" {
				n = 98304 - n
			}
			if err != nil || n < 16<<10 || n > 81<<10 {
				t.Errorf("with 80 MiB in use, %s is %s kB", what, text)
			}
		}
	})
}

// TestMeminfoUnlimitedSwap: with a limit of memory alone the container sees the host's swap.
func TestMeminfoUnlimitedSwap(t *testing.T) {
	swapFile(t)
	g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>"}
	g.start(t)
	const swap = "sed -n 's/^SwapTotal: *//p' /proc/meminfo"
	host := run(t, "sh", "-c", swap)
	if got := g.says(t, swap); got != host || host == "0 kB" {
		t.Errorf("SwapTotal is %s, the host's %s", got, host)
	}
}

// TestOutOfMemory: a process that takes more than the limit is killed, and nothing else is.
func TestOutOfMemory(t *testing.T) {
	bystander := guest{Name: "other", More: "<memory unit='MiB'>64</memory>"}
	bystander.start(t)
	g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>"}
	g.start(t)
	if got := g.says(t, "dd if=/dev/zero of=/dev/null bs=100M count=1; echo ended with $?"); got != "ended with 137" {
		t.Errorf("100 MiB in 64: %q", got)
	}
	for name, want := range map[string]string{g.group(t): "oom_kill 1", bystander.group(t): "oom_kill 0"} {
		events, err := os.ReadFile(filepath.Join(filepath.Dir(name), "memory.events"))
		if err != nil || !strings.Contains(string(events), want+"\n") {
			t.Errorf("%s has no %q: %s%v", name, want, events, err)
		}
	}
	for _, name := range []string{"web", "other"} {
		if got := run(t, "berthctl", "domstate", name); got != "running" {
			t.Errorf("%s is %s", name, got)
		}
	}
}

// TestInitOutOfMemory: when init takes more than the limit the container ends, and no other does.
func TestInitOutOfMemory(t *testing.T) {
	bystander := guest{Name: "other", More: "<memory unit='MiB'>64</memory>"}
	bystander.start(t)
	g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>", Init: "sleep 2; exec dd if=/dev/zero of=/dev/null bs=100M count=1"}
	g.start(t)
	var got string
	for end := time.Now().Add(patience); got != "shut off (oom)" && time.Now().Before(end); time.Sleep(time.Second / 4) {
		got = run(t, "berthctl", "domstate", "--reason", "web")
	}
	if got != "shut off (oom)" {
		t.Errorf("it is %s", got)
	}
	if got := run(t, "berthctl", "domstate", "other"); got != "running" {
		t.Errorf("the other one is %s", got)
	}
}

// TestProcessors: a quota or a set of processors, here of the slice, is what the container sees. The
// machine has two.
func TestProcessors(t *testing.T) {
	for property, want := range map[string]int{"CPUQuota=": 2, "CPUQuota=80%": 1, "CPUQuota=150%": 2, "AllowedCPUs=1": 1} {
		t.Run(property, func(t *testing.T) {
			g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>"}
			g.start(t)
			run(t, "systemctl", "set-property", "--runtime", "machine.slice", property)
			name, _, _ := strings.Cut(property, "=")
			t.Cleanup(func() { run(t, "systemctl", "set-property", "--runtime", "machine.slice", name+"=") })
			got := g.says(t, "grep -c ^processor /proc/cpuinfo; grep -c '^cpu[0-9]' /proc/stat; cat /proc/cpuinfo | grep ^processor | cut -d: -f2 | tr -d '\\n'")
			numbers := map[int]string{1: " 0", 2: " 0 1"}
			if w := fmt.Sprintf("%d\n%d\n%s", want, want, numbers[want]); got != w {
				t.Errorf("got %q, want %q", got, w)
			}
		})
	}
}

// TestMemoryTooLow: a start with a memory limit that is too low for it says so, and one of 1 MiB succeeds.
func TestMemoryTooLow(t *testing.T) {
	for _, limit := range []string{"1", "16", "64"} {
		g := guest{Name: "low" + limit, More: "<memory unit='KiB'>" + limit + "</memory>"}
		g.define(t)
		r := try(t, "berthctl", "start", g.Name)
		if want := "the memory limit of " + limit + " KiB is"; r.Status == 0 || !strings.Contains(r.Err, want) || !strings.Contains(r.Err, "too low to start") {
			t.Errorf("%s KiB: %+v, want %q", limit, r, want)
		}
	}
	g := guest{Name: "web", More: "<memory unit='MiB'>1</memory>"}
	g.start(t)
}
