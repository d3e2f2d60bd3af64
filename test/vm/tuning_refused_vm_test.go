//go:build vm

package vm

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tuningState is all that a change of limits could have changed: the live and the stored definition, the unit, and its
// control group.
func tuningState(t testing.TB, name string) string {
	t.Helper()
	unit := "machine-" + name + ".scope"
	parts := []string{run(t, "berthctl", "dumpxml", name), run(t, "berthctl", "dumpxml", "--inactive", name)}
	const limits = "MemoryMax,MemoryHigh,MemorySwapMax,MemoryLow,MemoryMin,CPUWeight,CPUQuotaPerSecUSec,CPUQuotaPeriodUSec,AllowedCPUs,AllowedMemoryNodes," +
		"TasksMax,IOWeight,IODeviceWeight,IOReadBandwidthMax,IOWriteBandwidthMax,IOReadIOPSMax,IOWriteIOPSMax,IODeviceLatencyTargetUSec"
	return strings.Join(append(parts, run(t, "systemctl", "show", "-p", limits, unit), tuningFiles(t, name)), "\n")
}

// tuningFiles is the same as far as it is in files: berthd's note and definition, systemd's drop-ins, and the control
// group. A process costs most of a second here.
func tuningFiles(t testing.TB, name string) string {
	t.Helper()
	var parts []string
	for _, file := range []string{"memory.max", "memory.high", "memory.swap.max", "memory.low", "cpu.weight", "cpu.max", "cpuset.cpus", "cpuset.mems", "pids.max", "io.max", "io.weight"} {
		parts = append(parts, file+"="+scopeFile(t, name, file))
	}
	unit := "/run/systemd/transient/machine-" + name + ".scope"
	for pattern, usual := range map[string]bool{"/run/berth/live/*/state.json": true, "/etc/berth/containers/*.xml": true, unit: true, unit + ".d/*": false} {
		files, err := filepath.Glob(pattern)
		if err != nil || usual && len(files) == 0 {
			t.Fatalf("%s: %q, %v", pattern, files, err)
		}
		for _, file := range files {
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, fmt.Sprintf("%s of %s: %s", file, info.ModTime(), text))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "\n")
}

// TestTuningRefused: a verb or a call with a limit that is out of range, contradicts another, or needs what the host
// lacks is an error that names the limit, and nothing is changed: neither live nor stored, nor at systemd, nor in the
// control group.
func TestTuningRefused(t *testing.T) {
	g := guest{Name: "web", More: tuned + container("<pids max='200'/>")}
	g.start(t)
	whole, before := tuningState(t, "web"), tuningFiles(t, "web")
	refused := func(what string, r result, want string) {
		t.Helper()
		if r.Status != 1 || !strings.Contains(r.Err, want) {
			t.Errorf("%s: %+v, want %s", what, r, want)
		}
		if after := tuningFiles(t, "web"); after != before {
			t.Fatalf("%s has changed something: it was\n%s\nand is\n%s", what, before, after)
		}
	}
	for line, want := range map[string]string{
		"memtune web --hard-limit 0":                                "domain/memtune/hard_limit",
		"memtune web --soft-limit 130MiB":                           "domain/memtune/soft_limit",
		"memtune web --swap-hard-limit 100MiB":                      "swap_hard_limit",
		"memtune web --min-guarantee 200MiB":                        "domain/memtune/min_guarantee",
		"memtune web --hard-limit 18446744073709551615":             "--hard-limit",
		"setmem web 129MiB":                                         "CurrentMemory",
		"setmem web 1":                                              "domain/memtune",
		"setmaxmem web 1GiB":                                        "Memory: the size of a running container cannot change",
		"blkiotune web --weight 10001":                              "domain/blkiotune/weight",
		"blkiotune web --weight 0":                                  "IOWeight",
		"blkiotune web --device-weights /dev/vda,10001":             "domain/blkiotune/device/weight",
		"blkiotune web --device-weights sda,100":                    "IODeviceWeight",
		"blkiotune web --device-read-bytes-sec /dev/nosuch,100":     "/dev/nosuch",
		"blkiotune web --device-write-iops-sec /dev/vda,4294967296": "domain/blkiotune/device/write_iops_sec",
		"schedinfo web cpu_shares=10001":                            "domain/cputune/shares",
		"schedinfo web cpu_shares=0":                                "cpu_shares",
		"schedinfo web vcpu_period=999":                             "domain/cputune/period",
		"schedinfo web vcpu_quota=999":                              "CPUQuotaPerSecUSec",
		"schedinfo web weight=5":                                    "invalid scheduler option: weight=5",
		"numatune web --nodeset 7":                                  "domain/numatune/memory@nodeset: the host has no memory node 7",
		"numatune web --mode preferred":                             "NUMAMode",
		"setvcpus web 4":                                            "VCPUs: a running container sees the processors of the host",
	} {
		refused(line, try(t, "berthctl", strings.Fields(line+" --live --config")...), want)
	}
	const both = " 2 live b true config b true"
	for args, want := range map[string]string{
		"1 AllowedCPUs ay 8 0 0 0 0 0 0 0 128" + both:                            "domain/vcpu@cpuset: the host has no processor 63",
		"1 TasksMax t 5" + both:                                                  "domain/berth:container/berth:pids@max",
		"2 CPUWeight t 7 MemoryHigh t 134217728" + both:                          "domain/memtune/soft_limit",
		"2 CPUWeight t 7 Nice t 5" + both:                                        "Nice",
		"2 CPUWeight t 7 IODeviceLatencyTargetUSec a(st) 1 /dev/nosuch 5" + both: "berth:latency",
	} {
		refused("SetResources "+args, set(t, "web", strings.Fields(args)...), want)
	}
	if after := tuningState(t, "web"); after != whole {
		t.Errorf("something has changed: it was\n%s\nand is\n%s", whole, after)
	}
}

// TestTuningUndefined: a definition with a limit that cannot be is refused with the element's name, and none is stored.
func TestTuningUndefined(t *testing.T) {
	for more, want := range map[string]string{
		"<memory>65536</memory><resource><partition>/machine/../system</partition></resource>": "domain/resource/partition",
		"<memory>65536</memory><memtune><soft_limit>65537</soft_limit></memtune>":              "domain/memtune/soft_limit",
		"<memory>65536</memory><memtune><swap_hard_limit>1</swap_hard_limit></memtune>":        "domain/memtune/swap_hard_limit",
		"<memory>65536</memory><cputune><shares>0</shares></cputune>":                          "domain/cputune/shares",
	} {
		file := filepath.Join(t.TempDir(), "bad.xml")
		xml := "<domain type='lxc'><name>bad</name>" + more + "<os><type>exe</type><init>/bin/sh</init></os></domain>"
		if err := os.WriteFile(file, []byte(xml), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := try(t, "berthctl", "define", file); r.Status != 1 || !strings.Contains(r.Err, want) {
			t.Errorf("%s: %+v, want %s", more, r, want)
		}
	}
	for more, want := range map[string]string{ // the host may get them until the start
		"<memory>65536</memory><vcpu cpuset='63'>1</vcpu>":                                                         "domain/vcpu@cpuset: the host has no processor 63",
		"<memory>65536</memory><blkiotune><device><path>/dev/nosuch</path><weight>5</weight></device></blkiotune>": "domain/blkiotune/device/path",
	} {
		g := guest{Name: "bad", More: more}
		t.Run(want, func(t *testing.T) {
			g.define(t)
			if r := try(t, "berthctl", "start", "bad"); r.Status != 1 || !strings.Contains(r.Err, want) {
				t.Errorf("%s: %+v, want %s", more, r, want)
			}
		})
	}
	if list := run(t, "berthctl", "list", "--all", "--name"); strings.Contains(list, "bad") {
		t.Errorf("there are %s", list)
	}
}
