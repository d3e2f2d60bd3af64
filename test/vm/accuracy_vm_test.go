//go:build vm

package vm

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// scopeFile reads a file of the scope's control group.
func scopeFile(t testing.TB, name, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/sys/fs/cgroup/machine.slice/machine-"+name+".scope", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// used is the time of processors that a container has used.
func used(t testing.TB, name string) time.Duration {
	t.Helper()
	for line := range strings.Lines(scopeFile(t, name, "cpu.stat")) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "usage_usec "); ok {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return time.Duration(n) * time.Microsecond
		}
	}
	t.Fatal("cpu.stat has no usage_usec")
	return 0
}

// within checks a figure against what it should be, with a tolerance in percent. A limit that is not kept is so each time
// that it is measured; a machine that has too little of its host's processors is now and then.
func within(t testing.TB, what string, want, percent float64, measure func() float64) {
	t.Helper()
	const most = 6
	for range most {
		got := measure()
		off := math.Abs(got-want) / want * 100
		t.Logf("%s: %.3g, want %.3g: %.1f %% off", what, got, want, off)
		if off <= percent {
			return
		}
	}
	t.Errorf("%s: never %.3g within %.0f %% in %d times", what, want, percent, most)
}

const busy = "while :; do :; done"

// TestQuotaIsKept: a container that would use a whole processor uses its quota, within 10 %, and another quota from the
// moment that schedinfo sets it.
func TestQuotaIsKept(t *testing.T) {
	g := guest{Name: "web", Init: busy, More: "<memory unit='MiB'>64</memory><cputune><period>100000</period><quota>40000</quota></cputune>"}
	g.start(t)
	rate := func(what string, want float64) {
		t.Helper()
		within(t, what, want, 10, func() float64 {
			before, begin := used(t, "web"), time.Now()
			time.Sleep(10 * time.Second)
			return float64(used(t, "web")-before) / float64(time.Since(begin))
		})
	}
	rate("at the start", 0.4)
	run(t, "berthctl", "schedinfo", "web", "vcpu_quota=20000")
	rate("changed live", 0.2)
}

// TestSharesAreKept: two containers that want one processor get time of it in the proportion of their weights, 1:3,
// within 15 %, and in another proportion from the moment that schedinfo sets it.
func TestSharesAreKept(t *testing.T) {
	names := []string{"one", "three"}
	for i, shares := range []string{"100", "300"} {
		g := guest{Name: names[i], Init: busy, More: "<memory unit='MiB'>64</memory><vcpu cpuset='1'>1</vcpu><cputune><shares>" + shares + "</shares></cputune>"}
		g.start(t)
	}
	proportion := func(what string, want float64) {
		t.Helper()
		within(t, what, want, 15, func() float64 {
			var before, after [2]time.Duration
			for i, name := range names {
				before[i] = used(t, name)
			}
			time.Sleep(15 * time.Second)
			for i, name := range names {
				after[i] = used(t, name)
			}
			return float64(after[1]-before[1]) / float64(after[0]-before[0])
		})
	}
	proportion("at the start", 3)
	run(t, "berthctl", "schedinfo", "one", "cpu_shares=300")
	proportion("changed live", 1)
}

// TestIOLimitsAreKept: a container writes and reads a block device at the rate of its limits, in bytes and in
// operations, within 15 %.
func TestIOLimitsAreKept(t *testing.T) {
	file, device, number := scratchFile(t)
	const mib = 1 << 20
	g := guest{
		Name: "web", More: "<memory unit='MiB'>64</memory><blkiotune><device><path>" + device + "</path><read_bytes_sec>" + strconv.Itoa(mib) +
			"</read_bytes_sec><write_bytes_sec>" + strconv.Itoa(mib) + "</write_bytes_sec></device></blkiotune>",
	}
	g.start(t)
	// The process is outside of the container's namespaces, and in its control group: the rule for devices is not what
	// is tested.
	moved := func(what string, args ...string) (seconds float64) {
		t.Helper()
		r := try(t, "sh", append([]string{"-euc", "echo $$ > " + g.group(t) + "/cgroup.procs && exec \"$@\"", "-"}, args...)...)
		text := regexp.MustCompile(`copied, ([0-9.]+) s`).FindStringSubmatch(r.Err) // dd's own time: without its start
		if r.Status != 0 || text == nil {
			t.Fatalf("%s: %+v", what, r)
		}
		seconds, err := strconv.ParseFloat(text[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		return seconds
	}
	write := func(block string, count int) float64 {
		return moved("write", "dd", "if=/dev/zero", "of="+file, "bs="+block, "count="+strconv.Itoa(count), "oflag=direct", "conv=notrunc")
	}
	read := func(block string, count int) float64 {
		return moved("read", "dd", "if="+file, "of=/dev/null", "bs="+block, "count="+strconv.Itoa(count), "iflag=direct")
	}
	within(t, "MiB/s written", 1, 15, func() float64 { return 10 / write("128k", 80) })
	within(t, "MiB/s read", 1, 15, func() float64 { return 10 / read("128k", 80) })
	run(t, "berthctl", "blkiotune", "web", "--device-read-bytes-sec", device+",0", "--device-write-bytes-sec", device+","+strconv.Itoa(2*mib), "--device-read-iops-sec", device+",50")
	if max := scopeFile(t, "web", "io.max"); !strings.Contains(max, number+" rbps=max wbps=2097152 riops=50 wiops=max") {
		t.Errorf("io.max is %s", max)
	}
	within(t, "MiB/s written, changed live", 2, 15, func() float64 { return 16 / write("128k", 128) })
	within(t, "operations/s, changed live", 50, 15, func() float64 { return 500 / read("4k", 500) })
}

// scratchFile is a file of 16 MiB, with the device on which it is and that one's number.
func scratchFile(t testing.TB) (file, device, number string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "file")
	run(t, "dd", "if=/dev/zero", "of="+file, "bs=1M", "count=16", "conv=fsync")
	device = run(t, "findmnt", "--noheadings", "--output", "SOURCE", "--target", file)
	return file, device, strings.TrimSpace(run(t, "cat", "/sys/class/block/"+filepath.Base(device)+"/dev"))
}

// TestNUMAStrict: a container that is bound to the machine's only node has all its memory there, and one that is bound
// to a node which the machine lacks does not start. The machine has one node: that memory stays off another one is the
// kernel's part.
func TestNUMAStrict(t *testing.T) {
	if nodes := run(t, "cat", "/sys/devices/system/node/online"); nodes != "0" {
		t.Fatalf("the machine has the nodes %s, and this test knows of one", nodes)
	}
	g := guest{Name: "web", More: "<memory unit='MiB'>64</memory><numatune><memory mode='strict' nodeset='0'/></numatune>"}
	g.start(t)
	if got := strings.TrimSpace(scopeFile(t, "web", "cpuset.mems.effective")); got != "0" {
		t.Errorf("cpuset.mems.effective is %q", got)
	}
	if got := run(t, "berthctl", "numatune", "web"); got != "numa_mode      : strict\nnuma_nodeset   : 0" {
		t.Errorf("numatune prints %q", got)
	}
	r := try(t, "berthctl", "numatune", "web", "--nodeset", "1")
	if r.Status == 0 || !strings.Contains(r.Err, "the host has no memory node 1") {
		t.Errorf("a node that the host lacks: %+v", r)
	}
}
