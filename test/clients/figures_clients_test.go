//go:build clients

package clients

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// busy starts a container that works without end, whose interface busy0 has been used.
func busy(t *testing.T) {
	t.Helper()
	host(t)
	shell(t, "ip link add br0 type bridge; ip link set br0 up")
	t.Cleanup(func() { shell(t, "ip link del br0") })
	define(t, "busy", "ip link set eth0 up; while :; do :; done",
		"<interface type='bridge'><source bridge='br0'/><target dev='busy0'/></interface>")
	virsh(t, "start busy")
	eventually(t, func() error {
		if sent("busy0") == 0 {
			return fmt.Errorf("the container has sent nothing")
		}
		return nil
	})
}

// sent is the bytes that a container has sent, by the host's end of its interface, which has received them.
func sent(link string) uint64 {
	text, _ := os.ReadFile(filepath.Join("/sys/class/net", link, "statistics/rx_bytes"))
	n, _ := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	return n
}

// consumed is the processor time of a container in ns, by the kernel.
func consumed(t *testing.T, name string) uint64 {
	t.Helper()
	_, group, _ := strings.Cut(read(t, "/proc/"+run(t, "machinectl", "show", name, "--property=Leader", "--value")+"/cgroup"), "::")
	for line := range strings.Lines(read(t, filepath.Join("/sys/fs/cgroup", strings.TrimSpace(group), "cpu.stat"))) {
		if text, ok := strings.CutPrefix(line, "usage_usec "); ok {
			n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n * 1000
		}
	}
	t.Fatal("the kernel tells no processor time")
	return 0
}

// memory is what a container uses in KiB, by the kernel: 0 on a host without the controller.
func memory(t *testing.T, name string) uint64 {
	t.Helper()
	_, group, _ := strings.Cut(read(t, "/proc/"+run(t, "machinectl", "show", name, "--property=Leader", "--value")+"/cgroup"), "::")
	text, err := os.ReadFile(filepath.Join("/sys/fs/cgroup", strings.TrimSpace(group), "memory.current"))
	if err != nil {
		return 0
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n / 1024
}

// near fails unless a figure is that of before, that of after, or between.
func near(t *testing.T, what string, before, got, after uint64) {
	t.Helper()
	if got < before || got > after {
		t.Errorf("%s is %d, and the kernel said %d before and %d after", what, got, before, after)
	}
}
