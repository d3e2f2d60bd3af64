package host

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/domain"
)

// odd is a host with two processors, one memory node with memory, and the given controllers. It has no block device.
func odd(t *testing.T, controllers string) Resources {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"cgroup/cgroup.controllers": controllers, "sys/devices/system/cpu/online": "0-1,4\n", "sys/devices/system/node/has_memory": "1\n",
		"proc/sys/fs/nr_open": "1000000\n", "dev/file": "",
	} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Resources{root: root, group: "cgroup"}
}

// TestResources: what the host lacks is an error that names the element and what the host has.
func TestResources(t *testing.T) {
	t.Parallel()
	const all, none = "cpuset cpu io memory pids\n", "\n"
	n := func(v uint64) *uint64 { return &v }
	device := func(path string) domain.Def {
		return domain.Def{IO: domain.BlockIO{Devices: []domain.BlockDevice{{Path: path}}}}
	}
	files := func(hard uint64) domain.Def {
		return domain.Def{RLimits: []domain.RLimit{{Name: "core", Hard: domain.Infinity}, {Name: "nofile", Hard: hard}}}
	}
	for name, tc := range map[string]struct {
		controllers   string
		def           domain.Def
		element, text string // "" means that it is no error
	}{
		"nothing asked for":      {none, domain.Def{Memory: domain.Memory{Max: 65536}}, "", ""},
		"no cpuset":              {"cpu io memory pids\n", domain.Def{CPU: domain.CPU{Set: "0"}}, "domain/vcpu@cpuset", "no controller 'cpuset', so it would have no effect; they have cpu, io, memory, pids"},
		"no cpu":                 {"cpuset io\n", domain.Def{CPU: domain.CPU{Shares: 5}}, "domain/cputune/shares", "no controller 'cpu'"},
		"no memory":              {none, domain.Def{Memory: domain.Memory{SoftLimit: n(5)}}, "domain/memtune/soft_limit", "no controller 'memory'"},
		"no io":                  {none, domain.Def{IO: domain.BlockIO{Weight: 5}}, "domain/blkiotune/weight", "no controller 'io', so it would have no effect; they have none"},
		"no pids":                {none, domain.Def{Extension: domain.Extension{PIDs: 64}}, "domain/berth:container/berth:pids", "no controller 'pids'"},
		"processors":             {all, domain.Def{CPU: domain.CPU{Set: "0-1,4"}}, "", ""},
		"a processor too many":   {all, domain.Def{CPU: domain.CPU{Set: "0-2"}}, "domain/vcpu@cpuset", "the host has no processor 2; it has 0-1,4"},
		"memory node":            {all, domain.Def{NUMA: domain.NUMA{Nodes: "1"}}, "", ""},
		"a node without memory":  {all, domain.Def{NUMA: domain.NUMA{Nodes: "0-1"}}, "domain/numatune/memory@nodeset", "the host has no memory node 0; it has 1"},
		"no such device":         {all, device("/dev/nosuch"), "domain/blkiotune/device/path", "no such file or directory"},
		"not a device":           {all, device("/dev/file"), "domain/blkiotune/device/path", "/dev/file is not a block device"},
		"the second of latency":  {all, domain.Def{Latencies: []domain.Latency{{Path: "/dev/nosuch"}, {Path: "/"}}}, "domain/berth:container/berth:latency[1]@path", "no such file"},
		"as many files as usual": {none, files(1000000), "", ""},
		"too many files":         {none, files(1000001), "domain/berth:container/berth:rlimit[2]@hard", "1000000 open files at most; raise fs.nr_open"},
	} {
		err := odd(t, tc.controllers).Check(&tc.def)
		e, _ := errors.AsType[*domain.Error](err)
		switch {
		case tc.element == "":
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		case e == nil || e.Element != tc.element || !strings.Contains(e.Text, tc.text):
			t.Errorf("%s: %v; want %s: %s", name, err, tc.element, tc.text)
		}
	}
}

// TestResourcesWithoutNUMA: a kernel that knows no memory nodes has node 0. A character device is no block device.
func TestResourcesWithoutNUMA(t *testing.T) {
	t.Parallel()
	r := odd(t, "cpuset io")
	if err := os.RemoveAll(filepath.Join(r.root, "sys/devices/system/node")); err != nil {
		t.Fatal(err)
	}
	if err := r.Check(&domain.Def{NUMA: domain.NUMA{Nodes: "0"}}); err != nil {
		t.Error(err)
	}
	if err := r.Check(&domain.Def{NUMA: domain.NUMA{Nodes: "1"}}); err == nil {
		t.Error("it has node 1")
	}
	here := Resources{root: "/", group: filepath.Join(r.root, "cgroup")}
	err := here.Check(&domain.Def{IO: domain.BlockIO{Devices: []domain.BlockDevice{{Path: "/dev/null"}}}})
	if err == nil || !strings.Contains(err.Error(), "/dev/null is not a block device") {
		t.Error(err)
	}
}
