//go:build nest

package nest

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestInitLimits: init has the limits of its definition and for the others those of a service; a hard limit that the
// host does not allow is an error before anything is made.
func TestInitLimits(t *testing.T) {
	clean(t)
	for name, more := range map[string]string{"host's users": "", "user namespace": idmap} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			const shown = "ulimit -S -n; ulimit -H -n; ulimit -S -c; ulimit -H -c; ulimit -H -s; ulimit -S -f; ulimit -H -f; ulimit -S -d"
			g := guest{Name: "web", Root: busybox(t), More: more}
			before := strings.Fields(tell(t, g, shown))
			g.Name = "limited"
			g.More += extension("<rlimit name='nofile' soft='100' hard='200'/><rlimit name='core' hard='0'/><rlimit name='stack' soft='1048576' hard='2097152'/><rlimit name='fsize' soft='1024' hard='1048576'/>")
			after := strings.Fields(tell(t, g, shown))
			// The shell shows blocks of 512 bytes.
			want := append([]string{"100", "200", "0", "0", "2048", "2", "2048"}, before[len(before)-1:]...)
			if !slices.Equal(after[:min(len(after), len(want))], want) {
				t.Errorf("got %v, want %v; without limits of its own it has %v", after, want, before)
			}
		})
	}
	g := sleeper(t, "web")
	g.More = extension("<rlimit name='nofile' soft='1024' hard='infinity'/>")
	g.define(t)
	r := try(t, "berthctl", "start", g.Name)
	if r.Status == 0 || !strings.Contains(r.Err, "domain/berth:container/berth:rlimit@hard: the host allows") || !strings.Contains(r.Err, "raise fs.nr_open") {
		t.Errorf("more files than the host allows: %+v", r)
	}
	if _, err := os.Stat("/run/berth/last/" + info(t, g.Name).UUID); err == nil {
		t.Error("a run was begun")
	}
}

// TestLackingControllers: a limit whose controller the host lacks is an error at the start, which names both, and makes
// nothing; one that the host has starts.
func TestLackingControllers(t *testing.T) {
	clean(t)
	text, err := os.ReadFile("/sys/fs/cgroup/cgroup.controllers")
	if err != nil {
		t.Fatal(err)
	}
	has := strings.Fields(string(text))
	for _, c := range []struct{ controller, element, more string }{
		{"memory", "domain/memtune/soft_limit", "<memtune><soft_limit>60000</soft_limit></memtune>"},
		{"cpu", "domain/cputune/shares", "<cputune><shares>200</shares></cputune>"},
		{"cpu", "domain/cputune/quota", "<cputune><quota>50000</quota></cputune>"},
		{"cpuset", "domain/vcpu@cpuset", "<vcpu cpuset='0'>1</vcpu>"},
		{"cpuset", "domain/numatune/memory", "<numatune><memory nodeset='0'/></numatune>"},
		{"io", "domain/blkiotune/weight", "<blkiotune><weight>500</weight></blkiotune>"},
		{"pids", "domain/berth:container/berth:pids", extension("<pids max='100'/>")},
		{"memory", "domain/berth:container/berth:protect", extension("<protect memory='1'/>")},
		{"cpu", "domain/berth:container/berth:idle", extension("<idle/>")},
	} {
		t.Run(c.element, func(t *testing.T) {
			clean(t)
			g := sleeper(t, "web")
			g.More = c.more
			g.define(t)
			r := try(t, "berthctl", "start", g.Name)
			switch {
			case slices.Contains(has, c.controller):
				if r.Status != 0 {
					t.Errorf("%+v", r)
				}
			case r.Status == 0 || !strings.Contains(r.Err, c.element+": the host's control groups (cgroup v2) have no controller '"+c.controller+"'"):
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestLackingDevice: a processor, a memory node or a block device that the host lacks is an error at the start that
// names the element.
func TestLackingDevice(t *testing.T) {
	clean(t)
	for more, wants := range map[string][]string{
		"<vcpu cpuset='0,4095'>1</vcpu>":                                                        {"domain/vcpu@cpuset: the host has no processor 4095", "domain/vcpu@cpuset: the host's control groups (cgroup v2) have no controller 'cpuset'"},
		"<numatune><memory nodeset='0,1023'/></numatune>":                                       {"domain/numatune/memory@nodeset: the host has no memory node 1023", "domain/numatune/memory: the host's control groups (cgroup v2) have no controller 'cpuset'"},
		"<blkiotune><device><path>/dev/nosuch</path><weight>5</weight></device></blkiotune>":    {"domain/blkiotune/device/path: stat /dev/nosuch: no such file", "domain/blkiotune/device: the host's control groups (cgroup v2) have no controller 'io'"},
		"<blkiotune><device><path>/dev/null</path><weight>5</weight></device></blkiotune>":      {"domain/blkiotune/device/path: /dev/null is not a block device", "domain/blkiotune/device: the host's control groups (cgroup v2) have no controller 'io'"},
		extension("<latency path='/dev/nosuch' usec='1'/><latency path='/dev/null' usec='1'/>"): {"domain/berth:container/berth:latency[1]@path: stat /dev/nosuch", "domain/berth:container/berth:latency: the host's control groups (cgroup v2) have no controller 'io'"},
	} {
		g := sleeper(t, "web")
		g.More = more
		g.define(t)
		r := try(t, "berthctl", "start", g.Name)
		if r.Status == 0 || !slices.ContainsFunc(wants, func(want string) bool { return strings.Contains(r.Err, want) }) {
			t.Errorf("%s: %+v", more, r)
		}
		run(t, "berthctl", "undefine", g.Name)
	}
}
