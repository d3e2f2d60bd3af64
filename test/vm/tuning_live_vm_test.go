//go:build vm

package vm

import (
	"strings"
	"testing"
)

// set calls SetResources, with busctl's words for the resources and the options.
func set(t *testing.T, name string, args ...string) result {
	t.Helper()
	path := run(t, "busctl", "--system", "--json=short", "call", "org.berth1", "/org/berth1", "org.berth1.Manager", "GetContainerByName", "s", name)
	_, path, _ = strings.Cut(path, `"data":["`)
	path, _, _ = strings.Cut(path, `"`)
	return try(t, "busctl", append([]string{"--system", "call", "org.berth1", path, "org.berth1.Container", "SetResources", "a{sv}a{sv}"}, args...)...)
}

// TestTuningLive: a limit that is changed live is a property of the scope, a line in its control group and a part of
// the live XML, and is seen inside at once; a reload of systemd and a restart of berthd change nothing of it, nor of
// what was not changed.
func TestTuningLive(t *testing.T) {
	g := guest{Name: "web", More: tuned + container("<pids max='200'/><protect memory='8' unit='MiB'/>")}
	g.start(t)
	r := set(t, "web",
		"8", "MemoryMax", "t", "115343360", "MemoryHigh", "t", "94371840", "CPUWeight", "t", "50", "CPUQuotaPerSecUSec", "t", "1500000",
		"AllowedCPUs", "ay", "1", "3", "TasksMax", "t", "150", "IOWeight", "t", "500", "IOReadBandwidthMax", "a(st)", "1", "/dev/vda", "5242880",
		"2", "live", "b", "true", "config", "b", "true")
	if r.Status != 0 {
		t.Fatalf("%+v", r)
	}
	rows := []tuning{
		{"<hard_limit unit='KiB'>112640</hard_limit>", "MemoryMax=115343360", "memory.max", "115343360"},
		{"<soft_limit unit='KiB'>92160</soft_limit>", "MemoryHigh=94371840", "memory.high", "94371840"},
		{"<shares>50</shares>", "CPUWeight=50", "cpu.weight", "50"},
		{"<quota>75000</quota>", "CPUQuotaPerSecUSec=1.500000s", "cpu.max", "75000 50000"},
		{"<period>50000</period>", "CPUQuotaPeriodUSec=50ms", "cpu.max", "75000 50000"},
		{"cpuset='0-1'>1</vcpu>", "AllowedCPUs=0-1", "cpuset.cpus", "0-1"},
		{"<berth:pids max='150'/>", "TasksMax=150", "pids.max", "150"},
		{"<weight>500</weight>", "IOWeight=500", "io.weight", "default 500"},
		{"<read_bytes_sec>5242880</read_bytes_sec>", "IOReadBandwidthMax=/dev/vda 5242880", "io.max", "rbps=5242880 wbps=2097152 riops=1000 wiops=2000"},
		// As before.
		{"<swap_hard_limit unit='KiB'>143360</swap_hard_limit>", "MemorySwapMax=31457280", "memory.swap.max", "31457280"},
		{"<min_guarantee unit='KiB'>16384</min_guarantee>", "MemoryLow=16777216", "memory.low", "16777216"},
		{"<berth:protect memory='8192' unit='KiB'/>", "MemoryMin=8388608", "memory.min", "8388608"},
		{"<type arch=", "DevicePolicy=strict", "cgroup.type", "domain"},
		{"<type arch=", "Delegate=yes", "cgroup.type", "domain"},
		{"<type arch=", "KillSignal=23", "cgroup.type", "domain"},
	}
	check(t, "at once", g.Name, rows)
	got := g.says(t, "grep -c ^processor /proc/cpuinfo; sed -n 's/^MemTotal: *//p' /proc/meminfo")
	if want := "2\n112640 kB"; got != want {
		t.Errorf("inside, the processors and the memory are %q, want %q", got, want)
	}
	run(t, "systemctl", "daemon-reload")
	check(t, "after a reload", g.Name, rows)
	run(t, "systemctl", "restart", "berthd")
	check(t, "after a restart of berthd", g.Name, rows)
	run(t, "berthctl", "destroy", "web")
	run(t, "berthctl", "start", "web")
	check(t, "after another start", g.Name, rows)
}

// TestTuningBelowUse: a limit below what the container uses is an error, and nothing is killed or changed.
func TestTuningBelowUse(t *testing.T) {
	g := guest{Name: "web", More: "<memory unit='MiB'>128</memory>", Init: "mkfifo /tmp/held; dd if=/dev/zero bs=60M count=1 2&gt; /dev/null &gt; /tmp/held &amp; exec 3&lt; /tmp/held; head -c 1 &lt;&amp;3 &gt; /dev/null; touch /tmp/full; exec sleep 100000"}
	g.start(t)
	until(t, func() string {
		if r := try(t, "test", "-e", g.root+"/tmp/full"); r.Status != 0 {
			return "it has not filled its memory"
		}
		return ""
	})
	for _, args := range [][]string{
		{"1", "MemoryMax", "t", "33554432", "0"},
		{"2", "CPUWeight", "t", "7", "MemoryMax", "t", "33554432", "2", "live", "b", "true", "config", "b", "true"},
	} {
		r := set(t, "web", args...)
		if r.Status == 0 || !strings.Contains(r.Err, "MemoryMax: 32768 is below what the container uses") {
			t.Errorf("%+v", r)
		}
	}
	check(t, "afterwards", g.Name, []tuning{{"<memory unit='KiB'>131072</memory>", "MemoryMax=134217728", "memory.max", "134217728"}, {"<on_crash>", "CPUWeight=[not set]", "memory.events", "oom_kill 0"}})
	if xml := run(t, "berthctl", "dumpxml", "--inactive", "web"); strings.Contains(xml, "<shares>") {
		t.Errorf("the stored definition was changed:\n%s", xml)
	}
}
