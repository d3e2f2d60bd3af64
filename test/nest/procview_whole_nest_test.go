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

	"golang.org/x/sys/unix"
)

// bigStat is the /proc/stat of a host with 256 processors and many interrupts, 90 KB.
func bigStat() string {
	var b strings.Builder
	b.WriteString("cpu  256 0 256 256 0 0 0 0 0 0\n")
	for i := range 256 {
		fmt.Fprintf(&b, "cpu%d 1 0 1 1 0 0 0 0 0 0\n", i)
	}
	b.WriteString("intr 123456789" + strings.Repeat(" 123", 20000) + "\nctxt 1\nbtime 1800000000\nsoftirq 1 1\n")
	return b.String()
}

// TestProcViewWhole: what a reader reads in parts is of one moment, however many read beside it, by read(2), or by
// sendfile(2) in the time that a text is kept for that, and no later reader gets an earlier moment.
func TestProcViewWhole(t *testing.T) {
	clean(t)
	file := filepath.Join(t.TempDir(), "stat")
	if err := os.WriteFile(file, []byte(bigStat()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount(file, "/proc/stat", "", syscall.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		unmount(t, "/proc/stat")
	})
	g := guest{Name: "web", Root: busybox(t)}
	tell(t, g, `mkdir /q; cd /q
for i in 1 2 3 4; do (for j in 1 2 3 4 5; do dd if=/proc/stat of=stat.r$i.$j bs=512 2>/dev/null; done) & done; wait
for i in $(seq 20); do sleep 0.2; cat /proc/stat > sent.$i.1 & cat /proc/stat > sent.$i.2 & dd if=/proc/stat of=sent.$i.3 bs=512 2>/dev/null & wait; done
for i in $(seq 32); do (for j in $(seq 20); do dd if=/proc/uptime bs=1 2>/dev/null; done > up.$i) & done; wait`)
	stats, err := filepath.Glob(filepath.Join(g.Root, "q/stat.*"))
	if err != nil || len(stats) != 20 {
		t.Fatal(stats, err)
	}
	for i := 1; i <= 20; i++ {
		sent, err := filepath.Glob(filepath.Join(g.Root, fmt.Sprintf("q/sent.%d.*", i)))
		if err != nil || len(sent) != 3 {
			t.Fatal(sent, err)
		}
		stats = append(stats, sent[2])
		if took := writtenIn(t, sent); took >= overlap*3/4 { // the clock of files can be a tick behind
			t.Logf("one by read(2) and two by sendfile(2) took %v: those may be of several moments", took)
		} else if !ofOneMoment(t, sent[0]) || !ofOneMoment(t, sent[1]) {
			t.Errorf("round %d: by sendfile(2), in %v, that is no text of one moment", i, took)
		}
	}
	for _, name := range stats {
		if !ofOneMoment(t, name) {
			t.Error("by read(2), that is no text of one moment")
		}
	}
	ups, err := filepath.Glob(filepath.Join(g.Root, "q/up.*"))
	if err != nil || len(ups) != 32 {
		t.Fatal(ups, err)
	}
	for _, up := range ups {
		before := 0.0
		for line := range strings.Lines(readFile(t, up)) {
			var now, idle float64
			if _, err := fmt.Sscanf(line, "%f %f\n", &now, &idle); err != nil || now < before {
				t.Errorf("%q after %v, %v", line, before, err)
			}
			before = now
		}
	}
}

// overlap is how long a text of more than 60 KiB is kept for those who read it by sendfile(2): package fuse. Rounds are
// as far apart, so that each has a text of its own: one that is used again and again ends when it is a second old.
const overlap = 200 * time.Millisecond

// writtenIn is the time from the making of the first of some files to the last write.
func writtenIn(t *testing.T, names []string) time.Duration {
	t.Helper()
	var first, last time.Time
	for _, name := range names {
		var s unix.Statx_t
		if err := unix.Statx(unix.AT_FDCWD, name, 0, unix.STATX_BTIME|unix.STATX_MTIME, &s); err != nil || s.Mask&unix.STATX_BTIME == 0 {
			t.Fatalf("%s was made nobody knows when: %v", name, err)
		}
		begun, ended := time.Unix(s.Btime.Sec, int64(s.Btime.Nsec)), time.Unix(s.Mtime.Sec, int64(s.Mtime.Nsec))
		if first.IsZero() || begun.Before(first) {
			first = begun
		}
		if ended.After(last) {
			last = ended
		}
	}
	return last.Sub(first)
}

// ofOneMoment reports whether a text is whole and all processors have the same figures, which only one moment has.
func ofOneMoment(t *testing.T, name string) bool {
	t.Helper()
	text, figures := readFile(t, name), map[string]int{}
	for line := range strings.Lines(text) {
		if cpu, rest, _ := strings.Cut(line, " "); len(cpu) > 3 && strings.HasPrefix(cpu, "cpu") {
			figures[rest]++
		}
	}
	if len(figures) == 1 && strings.HasSuffix(text, "\nsoftirq 1 1\n") {
		return true
	}
	t.Logf("%s has the figures %v, and ends with %q", filepath.Base(name), figures, text[max(0, len(text)-20):])
	return false
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestProcViewFilled: whoever opens very many files, and reads a part of each, fills neither the supervisor
// nor the way of other readers.
func TestProcViewFilled(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.start(t)
	leader := int(info(t, "web").Leader)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	files := min(limit.Cur-200, 10_000)
	refused := 0
	for i := range files {
		f, err := os.Open(proc(leader, "root/proc/"+[]string{"meminfo", "stat"}[i%2]))
		if err == nil {
			defer func() { _ = f.Close() }()
			_, err = f.Read(make([]byte, 1))
		}
		if errors.Is(err, syscall.ENOMEM) {
			refused++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	_, own, _ := strings.Cut(readFile(t, proc(parentOf(t, leader), "smaps_rollup")), "Anonymous:")
	kib, err := strconv.Atoi(strings.Fields(own)[0])
	if err != nil || kib > 4<<10 {
		t.Errorf("%d open files: the supervisor has %d KiB of its own, %v", files, kib, err)
	}
	t.Logf("%d of %d were refused; the supervisor has %d KiB", refused, files, kib)
	eventually(t, func() error { // a text that others have read to the end makes room
		_, err := os.ReadFile(proc(leader, "root/proc/stat"))
		return err
	})
}
