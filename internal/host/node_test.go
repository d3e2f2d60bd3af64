package host

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/node"
	"github.com/berthd/berth/test/goldenfile"
)

// tree makes the files of a host of text: a line with a file's name and its content each, where ; is a newline.
func tree(text string) fstest.MapFS {
	files := fstest.MapFS{}
	for line := range strings.Lines(text) {
		if name, content, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			files[name] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(content, ";", "\n") + "\n")}
		}
	}
	return files
}

// server is a host with two cells, of which each has two cores of two threads. One thread is offline.
func server() fstest.MapFS {
	text := `sys/class/dmi/id/product_uuid 4C4C4544-004D-3510-805A-C7C04F423332
		proc/cpuinfo processor : 0;cpu MHz : 2596.096
		proc/meminfo MemTotal: 8388608 kB;MemFree: 3145728 kB;Buffers: 1 kB;Cached: 2 kB
		proc/stat cpu 4 0 0 0 0 0 0;cpu0 4 0 0 0 0 0 0
		sys/devices/system/cpu/online 0-6
		sys/devices/system/cpu/present 0-7
		sys/devices/system/cpu/cpu5/cache/index3/level 3
		sys/devices/system/cpu/cpu5/cache/index3/id 1
		sys/devices/system/cpu/cpu5/cache/index3/type Instruction
		sys/devices/system/cpu/cpu5/cache/index3/size 1536K
		sys/devices/system/cpu/cpu5/cache/index3/shared_cpu_list 4-6
		sys/devices/system/cpu/cpu6/cache/index0/size 64K
		sys/devices/system/node/online 0-1
		sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages 512
		sys/devices/system/node/node0/hugepages/hugepages-1048576kB/nr_hugepages 1
		sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages 0
	`
	for n := range 2 {
		dir := fmt.Sprintf("sys/devices/system/node/node%d/", n)
		text += fmt.Sprintf("%smeminfo Node %d MemTotal: 4194304 kB;Node %d MemFree: %d kB\n", dir, n, n, 1048576*(n+1))
		text += fmt.Sprintf("%sdistance %s\n%scpulist %d-%d\n", dir, []string{"10 21", "21 10"}[n], dir, 4*n, 4*n+3)
	}
	for cpu := range 4 {
		for level := 2; level < 4; level++ {
			dir := fmt.Sprintf("sys/devices/system/cpu/cpu%d/cache/index%d/", cpu, level)
			text += fmt.Sprintf("%slevel %d\n%sid 0\n%stype Unified\n%ssize 32768K\n%sshared_cpu_list 0-3\n", dir, level, dir, dir, dir, dir)
		}
	}
	for cpu := range 7 {
		dir := fmt.Sprintf("sys/devices/system/cpu/cpu%d/topology/", cpu)
		text += fmt.Sprintf("%sphysical_package_id %d\n%sdie_id 0\n%score_id %d\n", dir, cpu/4, dir, dir, cpu/2%2)
		siblings := fmt.Sprintf("%d-%d", cpu&^1, cpu|1)
		if cpu == 6 {
			siblings = "6"
		}
		text += dir + "thread_siblings_list " + siblings + "\n"
	}
	return tree(text)
}

// small is a host whose kernel has neither NUMA nor a topology.
func small() fstest.MapFS {
	return tree(`etc/machine-id 4c4c4544004d3510805ac7c04f423332
		proc/meminfo MemTotal: 1048576 kB;MemFree: 524288 kB;Buffers: 1 kB;Cached: 2 kB
		sys/devices/system/cpu/online 0-1
		sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq 1800000
		sys/devices/system/cpu/cpu1/topology/physical_package_id -1`)
}

// TestNodeInfo: a host with cells and one without give their facts, and their capabilities XML has them in libvirt's
// form.
func TestNodeInfo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		files fstest.MapFS
		shape node.Shape
		mhz   uint32

		present int
		labels  node.Labels
	}{
		"server": {server(), node.Shape{CPUs: 7, Cells: 1, Sockets: 1, Cores: 7, Threads: 1}, 2596, 8, node.Labels{Model: "selinux", Base: "system_u:system_r:container_t:s0"}},
		"small":  {small(), node.Shape{CPUs: 2, Cells: 1, Sockets: 1, Cores: 2, Threads: 1}, 1800, 2, node.Labels{Model: "none"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			info, err := Node{tc.files, 4096}.Info()
			if err != nil {
				t.Fatal(err)
			}
			if info.Shape() != tc.shape || info.MHz != tc.mhz || len(info.Online) != int(tc.shape.CPUs) || len(info.Present) != tc.present {
				t.Errorf("got %+v, %d MHz, processors %v of %v", info.Shape(), info.MHz, info.Online, info.Present)
			}
			info.Arch, info.Arch32 = "x86_64", "i686" // whatever the test runs on
			text, err := node.Capabilities(info, tc.labels)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, name, text)
		})
	}
}

func compare(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "capabilities-"+name+".golden")
	goldenfile.Check(t, file, got)
}

// TestNodeFigures: memory is read for the host and for each cell, and times of the processors too.
func TestNodeFigures(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		files fstest.MapFS
		want  []node.Memory
	}{
		"server": {server(), []node.Memory{
			{Cell: node.All, Total: 8 << 30, Free: 3 << 30, Buffers: 1 << 10, Cached: 2 << 10}, {Cell: 0, Total: 4 << 30, Free: 1 << 30}, {Cell: 1, Total: 4 << 30, Free: 2 << 30},
		}},
		"small": {small(), []node.Memory{
			{Cell: node.All, Total: 1 << 30, Free: 512 << 20, Buffers: 1 << 10, Cached: 2 << 10}, {Cell: 0, Total: 1 << 30, Free: 512 << 20},
		}},
	} {
		got, err := Node{tc.files, 4096}.Memory()
		if diff := cmp.Diff(tc.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v, want (-), got (+):\n%s", name, err, diff)
		}
	}
	times, err := Node{server(), 4096}.CPU()
	if err != nil || len(times) != 2 || times[0].User != 40_000_000 {
		t.Errorf("times: %+v, %v", times, err)
	}
	if _, err := (Node{small(), 4096}).CPU(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without /proc/stat: %v", err)
	}
}

// TestNodeWithoutFiles: a file that is missing or makes no sense is an error that names it.
func TestNodeWithoutFiles(t *testing.T) {
	t.Parallel()
	for file, content := range map[string]string{
		"proc/meminfo": "MemTotal: x", "sys/devices/system/cpu/online": "x", "sys/devices/system/node/online": "1-0",
		"sys/devices/system/node/node1/meminfo": "", "sys/devices/system/node/node1/distance": "10", "sys/devices/system/node/node0/cpulist": "x",
	} {
		files := server()
		files[file] = &fstest.MapFile{Data: []byte(content)}
		if _, err := (Node{files, 4096}).Info(); err == nil || !strings.Contains(err.Error(), "/"+file) {
			t.Errorf("%s: %v", file, err)
		}
		delete(files, file)
		if _, err := (Node{files, 4096}).Info(); file != "sys/devices/system/node/online" && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("without %s: %v", file, err)
		}
	}
}

// TestThisHost: this machine has processors and memory, and its figures are not beyond that.
func TestThisHost(t *testing.T) {
	t.Parallel()
	n := NewNode()
	info, err := n.Info()
	if err != nil {
		t.Fatal(err)
	}
	memory, err := n.Memory()
	if err != nil {
		t.Fatal(err)
	}
	times, err := n.CPU()
	if err != nil {
		t.Fatal(err)
	}
	if s := info.Shape(); s.CPUs == 0 || int(s.CPUs) != len(times)-1 || info.Memory() == 0 || len(memory) != len(info.Cells)+1 || memory[0].Free > memory[0].Total {
		t.Errorf("%+v, %+v, %d processors have times", info, memory, len(times)-1)
	}
}
