//go:build nest

package nest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestProcView: the container's own files of /proc are whole by every way of reading, and
// read-only, with and without a user namespace. The rig has no memory controller, so the memory's
// figures are the host's.
func TestProcView(t *testing.T) {
	clean(t)
	for name, more := range map[string]string{"host's users": "", "user namespace": idmap} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			got := tell(t, guest{Name: "web", Root: busybox(t), More: more}, `cd /proc
for f in meminfo swaps cpuinfo stat uptime loadavg; do stat -c '%n %A %u:%g' $f; done
for f in meminfo swaps cpuinfo stat uptime loadavg; do
	sum=$(dd if=$f bs=7 2>/dev/null | wc -c); [ $sum -gt 0 ] || echo "$f is empty"
	cat $f > /tmp/$f; [ -s /tmp/$f ] || echo "cat: $f is empty"
	tail -c 1 /tmp/$f | grep -q . && echo "$f is cut"
	(exec 3< $f; head -c 3 <&3 > /tmp/a; head -c 3 <&3 > /tmp/b; cmp -s /tmp/a /tmp/b && echo "$f begins twice")
done
(echo x > meminfo) 2>&1 | tail -c 22; grep -c '^processor' cpuinfo; grep -c '^cpu[0-9]' stat; grep btime stat
grep -c kB meminfo; cat uptime; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 1; cat uptime loadavg; grep '^cpu ' stat; echo end`)
			if strings.Contains(got, "empty") || strings.Contains(got, "cut") || strings.Contains(got, "twice") || !strings.Contains(got, "end") {
				t.Errorf("a file cannot be read well:\n%s", got)
			}
			for _, want := range []string{"meminfo -r--r--r-- 0:0\n", "loadavg -r--r--r-- 0:0\n", "Read-only file system\n", "\n0."} {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in\n%s", want, got)
				}
			}
		})
	}
}

// TestProcViewHangsNobody: a supervisor that is stopped keeps a reader waiting, who can be killed,
// and nobody else. Its container can be suspended, resumed and destroyed.
func TestProcViewHangsNobody(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.start(t)
	i := info(t, "web")
	meminfo := proc(int(i.Leader), "root/proc/meminfo")
	text, err := os.ReadFile(meminfo)
	if err != nil || !strings.HasPrefix(string(text), "MemTotal:") {
		t.Fatalf("%q, %v", text, err)
	}
	supervisor := parentOf(t, int(i.Leader))
	for range 1000 {
		for _, n := range []string{"meminfo", "stat", "cpuinfo", "uptime", "loadavg", "swaps"} {
			if _, err := os.ReadFile(filepath.Join(filepath.Dir(meminfo), n)); err != nil {
				t.Fatal(err)
			}
		}
	}
	rollup, err := os.ReadFile(proc(supervisor, "smaps_rollup"))
	if err != nil {
		t.Fatal(err)
	}
	// Its program lies in memory, shared with other supervisors: Anonymous is what is its own.
	_, own, _ := strings.Cut(string(rollup), "Anonymous:")
	if kib, err := strconv.Atoi(strings.Fields(own)[0]); err != nil || kib > 1126 {
		t.Errorf("after 6000 reads the supervisor has %d KiB of its own, %v", kib, err)
	}
	stopProcess(t, supervisor)
	reader, err := os.StartProcess("/bin/cat", []string{"cat", meminfo}, &os.ProcAttr{})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	if err := reader.Kill(); err != nil {
		t.Fatal(err)
	}
	if state, err := reader.Wait(); err != nil || state.Success() {
		t.Errorf("the reader: %v, %v", state, err)
	}
	syscall.Sync()
	run(t, "berthctl", "suspend", "web")
	run(t, "berthctl", "resume", "web")
	other := sleeper(t, "other")
	other.start(t)
	run(t, "berthctl", "destroy", "other")
	// It cannot see the container's end, and is ended itself.
	run(t, "berthctl", "destroy", "web")
	if _, err := os.Stat(proc(int(i.Leader), "")); err == nil {
		t.Error("init is still there")
	}
}

// TestProcViewDies: a container ends with its supervisor, and whoever reads its files of /proc gets
// an error.
func TestProcViewDies(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.start(t)
	leader := int(info(t, "web").Leader)
	meminfo, err := os.Open(proc(leader, "root/proc/meminfo"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = meminfo.Close() }()
	if err := syscall.Kill(parentOf(t, leader), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if _, err := meminfo.ReadAt(make([]byte, 1), 0); !errors.Is(err, syscall.ENOTCONN) {
			return fmt.Errorf("a reader gets %w", err)
		}
		if _, err := os.Stat(proc(leader, "")); err == nil {
			return errors.New("init is still there")
		}
		return nil
	})
}

func parentOf(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(proc(pid, "status"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "PPid:\t")
	text, _, _ := strings.Cut(after, "\n")
	parent, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return parent
}
