//go:build vm

package vm

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// container puts elements into <berth:container>.
func container(elements string) string {
	return "<container xmlns='urn:berth:container:1'>" + elements + "</container>"
}

// tuned has every limit, weight and binding.
const tuned = `<memory unit='MiB'>128</memory><currentMemory unit='MiB'>64</currentMemory>
<blkiotune><weight>300</weight><device><path>/dev/vda</path><weight>400</weight><read_iops_sec>1000</read_iops_sec>
<write_iops_sec>2000</write_iops_sec><read_bytes_sec>1048576</read_bytes_sec><write_bytes_sec>2097152</write_bytes_sec></device></blkiotune>
<memtune><hard_limit unit='MiB'>120</hard_limit><soft_limit unit='MiB'>100</soft_limit><min_guarantee unit='MiB'>16</min_guarantee>
<swap_hard_limit unit='MiB'>150</swap_hard_limit></memtune>
<vcpu cpuset='1'>1</vcpu><cputune><shares>200</shares><period>50000</period><quota>25000</quota></cputune>
<numatune><memory mode='strict' nodeset='0'/></numatune>`

// tuning is a row of the table: an element as dumpxml shows it, the unit's property, and the file of the control group.
type tuning struct{ element, property, file, content string }

// tunings are the rows for tuned. The number of /dev/vda stands for DEV.
func tunings() []tuning {
	return []tuning{
		{"<hard_limit unit='KiB'>122880</hard_limit>", "MemoryMax=125829120", "memory.max", "125829120"},
		{"<soft_limit unit='KiB'>102400</soft_limit>", "MemoryHigh=104857600", "memory.high", "104857600"},
		{"<swap_hard_limit unit='KiB'>153600</swap_hard_limit>", "MemorySwapMax=31457280", "memory.swap.max", "31457280"},
		{"<min_guarantee unit='KiB'>16384</min_guarantee>", "MemoryLow=16777216", "memory.low", "16777216"},
		{"<berth:protect memory='8192' unit='KiB'/>", "MemoryMin=8388608", "memory.min", "8388608"},
		{"<vcpu placement='static' cpuset='1'>1</vcpu>", "AllowedCPUs=1", "cpuset.cpus.effective", "1"},
		{"<shares>200</shares>", "CPUWeight=200", "cpu.weight", "200"},
		{"<period>50000</period>", "CPUQuotaPeriodUSec=50ms", "cpu.max", "25000 50000"},
		{"<quota>25000</quota>", "CPUQuotaPerSecUSec=500ms", "cpu.max", "25000 50000"},
		{"<memory mode='strict' nodeset='0'/>", "AllowedMemoryNodes=0", "cpuset.mems", "0"},
		{"<berth:pids max='200'/>", "TasksMax=200", "pids.max", "200"},
		{"<weight>300</weight>", "IOWeight=300", "io.weight", "default 300"},
		{"<weight>400</weight>", "IODeviceWeight=/dev/vda 400", "io.weight", "DEV 400"},
		{"<read_bytes_sec>1048576</read_bytes_sec>", "IOReadBandwidthMax=/dev/vda 1048576", "io.max", "DEV rbps=1048576 wbps=2097152 riops=1000 wiops=2000"},
		{"<write_bytes_sec>2097152</write_bytes_sec>", "IOWriteBandwidthMax=/dev/vda 2097152", "io.max", "wbps=2097152"},
		{"<read_iops_sec>1000</read_iops_sec>", "IOReadIOPSMax=/dev/vda 1000", "io.max", "riops=1000"},
		{"<write_iops_sec>2000</write_iops_sec>", "IOWriteIOPSMax=/dev/vda 2000", "io.max", "wiops=2000"},
	}
}

// check compares each row with the unit, its control group and the live XML.
func check(t *testing.T, when, name string, rows []tuning) {
	t.Helper()
	unit := "machine-" + name + ".scope"
	shown, xml := run(t, "systemctl", "show", unit), run(t, "berthctl", "dumpxml", name)
	number := strings.TrimSpace(run(t, "cat", "/sys/class/block/vda/dev"))
	for _, row := range rows {
		if !strings.Contains(shown+"\n", row.property+"\n") {
			property, _, _ := strings.Cut(row.property, "=")
			t.Errorf("%s: no %s, but %s", when, row.property, run(t, "systemctl", "show", unit, "-p", property))
		}
		content, err := os.ReadFile(filepath.Join("/sys/fs/cgroup/machine.slice", unit, row.file))
		if err != nil || !strings.Contains(string(content), strings.ReplaceAll(row.content, "DEV", number)) {
			t.Errorf("%s: %s is %q, %v; want %s", when, row.file, content, err, row.content)
		}
		if !strings.Contains(xml, row.element) {
			t.Errorf("%s: dumpxml has no %s:\n%s", when, row.element, xml)
		}
	}
}

// TestTuning: each limit, weight and binding of the XML is a property of the scope, a line in its control group and a
// part of the live XML: at the start, after a reload of systemd and after a restart of berthd.
func TestTuning(t *testing.T) {
	// The kernel takes a device's weight only while it counts the cost of the device's operations.
	number := run(t, "cat", "/sys/class/block/vda/dev")
	cost := func(text string) {
		if err := os.WriteFile("/sys/fs/cgroup/io.cost.qos", []byte(number+" "+text), 0); err != nil {
			t.Fatal(err)
		}
	}
	cost("enable=1")
	t.Cleanup(func() { cost("enable=0") })
	g := guest{Name: "web", More: tuned + container("<pids max='200'/><protect memory='8' unit='MiB'/><rlimit name='nofile' soft='2048' hard='1000000'/>")}
	g.start(t)
	check(t, "at the start", g.Name, tunings())
	run(t, "systemctl", "daemon-reload")
	check(t, "after a reload", g.Name, tunings())
	run(t, "systemctl", "restart", "berthd")
	check(t, "after a restart of berthd", g.Name, tunings())

	got := g.says(t, "grep -c ^processor /proc/cpuinfo; grep -c '^cpu[0-9]' /proc/stat; sed -n 's/^MemTotal: *//p' /proc/meminfo")
	if want := "1\n1\n122880 kB"; got != want {
		t.Errorf("inside, the processors and the memory are %q, want %q", got, want)
	}
	if limits := run(t, "cat", "/proc/"+g.leader(t)+"/limits"); !strings.Contains(strings.Join(strings.Fields(limits), " "), "Max open files 2048 1000000 files") {
		t.Errorf("init has the limits\n%s", limits)
	}
}

// TestTuningMapped: init in a user namespace has a hard limit above that of the host's services.
func TestTuningMapped(t *testing.T) {
	g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>" + mapped + container("<rlimit name='nofile' soft='2048' hard='1000000'/>")}
	g.start(t)
	if limits := run(t, "cat", "/proc/"+g.leader(t)+"/limits"); !strings.Contains(strings.Join(strings.Fields(limits), " "), "Max open files 2048 1000000 files") {
		t.Errorf("init has the limits\n%s", limits)
	}
}

// TestIdleContainer: an idle container has the lowest weight there is.
func TestIdleContainer(t *testing.T) {
	g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>" + container("<idle/>")}
	g.start(t)
	check(t, "at the start", g.Name, []tuning{{"<berth:idle/>", "CPUWeight=idle", "cpu.idle", "1"}})
}

// TestLatency: a latency target is in the control group, or the start says that the kernel knows none and makes
// nothing.
func TestLatency(t *testing.T) {
	g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>" + container("<latency path='/dev/vda' usec='25000'/>")}
	g.define(t)
	r := try(t, "berthctl", "start", g.Name)
	const scope = "/sys/fs/cgroup/machine.slice/machine-web.scope"
	if r.Status == 0 {
		check(t, "at the start", g.Name, []tuning{{"<berth:latency", "IODeviceLatencyTargetUSec=/dev/vda 25ms", "io.latency", "DEV target=25000"}})
		return
	}
	if want := "domain/berth:container/berth:latency: the control group of the scope has no io.latency"; !strings.Contains(r.Err, want) {
		t.Errorf("%+v, want %s", r, want)
	}
	if _, err := os.Stat(scope); err == nil {
		t.Error("the scope is still there")
	}
}

// TestControllerKeptBack: a limit whose controller a slice keeps back from its units is an error at the start, and
// nothing is left of it.
func TestControllerKeptBack(t *testing.T) {
	const file = "/run/systemd/system/machine-kept.slice.d/50-test.conf"
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("[Slice]\nDisableControllers=cpuset\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = os.RemoveAll(filepath.Dir(file))
		run(t, "systemctl", "daemon-reload")
	})
	run(t, "systemctl", "daemon-reload")
	g := guest{Name: "web", More: "<memory unit='MiB'>64</memory><vcpu cpuset='0'>1</vcpu><resource><partition>/machine/kept</partition></resource>"}
	g.define(t)
	r := try(t, "berthctl", "start", g.Name)
	if want := "domain/vcpu@cpuset: the control group of the scope has no cpuset.cpus"; r.Status == 0 || !strings.Contains(r.Err, want) {
		t.Errorf("%+v, want %s", r, want)
	}
	if units := run(t, "systemctl", "list-units", "--all", "--no-legend", "machine-web.scope"); units != "" {
		t.Errorf("left: %s", units)
	}
}

// TestForkBomb: a fork bomb meets the container's limit of processes. The container, its supervisor and the host go on.
func TestForkBomb(t *testing.T) {
	bystander := guest{Name: "other", More: "<memory unit='MiB'>64</memory>"}
	bystander.start(t)
	g := guest{
		Name: "web", More: "<memory unit='MiB'>128</memory>" + container("<pids max='100'/>"),
		Init: "for i in 1 2 3; do sh -c 'while :; do sleep 1000 &amp; done' 2&gt; /dev/null &amp; done; exec sleep 100000",
	}
	g.start(t)
	const scope = "/sys/fs/cgroup/machine.slice/machine-web.scope/"
	until(t, func() string {
		// A shell that cannot fork ends.
		if n, err := strconv.Atoi(run(t, "cat", scope+"pids.current")); err != nil || n < 90 || n > 100 {
			return fmt.Sprint("it has ", n, " processes ", err)
		}
		return ""
	})
	for range 5 {
		if got := run(t, "berthctl", "domstate", "web"); got != "running" {
			t.Fatalf("it is %s", got)
		}
		run(t, "berthctl", "console-log", "web")
		try(t, "berthctl", "exec", "web", "--", "true")
	}
	if got := bystander.says(t, "echo fine"); got != "fine" {
		t.Errorf("beside it: %q", got)
	}
	if list := strings.Fields(run(t, "berthctl", "list", "--name")); !slices.Contains(list, "web") {
		t.Errorf("running: %v", list)
	}
	run(t, "berthctl", "destroy", "web")
}
