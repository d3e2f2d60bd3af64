package supervisor

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/procview"
)

// fakeHost is a host whose limits change at random, and whose container works at random.
type fakeHost struct {
	t      *testing.T
	random *rand.Rand
	group  string // the directory of the payload's control group
	proc   string // the directory of the host's /proc
	now    time.Duration
	user   uint64 // µs
	system uint64
	memory uint64 // bytes of anonymous memory, and as many of files
	swap   uint64
}

func (h *fakeHost) write(name, text string) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(h.group, name)
	}
	if err := os.WriteFile(name, []byte(text+"\n"), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// others lets the other containers of the host take memory and swap.
func (h *fakeHost) others() {
	free, swap := h.random.IntN(4<<20), h.random.IntN(64<<10)
	h.write(h.proc+"meminfo", fmt.Sprintf("MemTotal: 4194304 kB\nMemFree: %d kB\nMemAvailable: %d kB\nBuffers: 5 kB\nCached: %d kB\nActive: 9 kB\nInactive: 9 kB\n"+
		"Active(anon): 5 kB\nInactive(anon): 5 kB\nActive(file): 4 kB\nInactive(file): 4 kB\nSwapTotal: 65536 kB\nSwapFree: %d kB\nAnonPages: 7 kB\n"+
		"KReclaimable: 1 kB\nSlab: 3 kB\nSReclaimable: 1 kB\nSUnreclaim: 2 kB\nKernelStack: 1 kB\nPageTables: 1 kB", free, free, 4<<20-free, swap))
	h.write(h.proc+"swaps", fmt.Sprintf("Filename Type Size Used Priority\n/swap file 65536 %d -2", 64<<10-swap))
}

// boot writes what does not change.
func (h *fakeHost) boot() {
	stat, info := "cpu  0 0 0 0 0 0 0 0 0 0\n", ""
	for i := range 8 {
		stat += fmt.Sprintf("cpu%d 0 0 0 0 0 0 0 0 0 0\n", i)
		info += fmt.Sprintf("processor\t: %d\nmodel name\t: fast\n\n", i)
	}
	h.write(h.proc+"stat", stat+"intr 5\nctxt 6\nbtime 1\nprocesses 7")
	h.write(h.proc+"cpuinfo", info[:len(info)-1])
	h.write(h.proc+"loadavg", "0.00 0.00 0.00 1/100 5")
	for _, name := range []string{"memory.max", "memory.swap.max"} { // a group that lacks the file would be the root
		for _, group := range []string{"", "../", "../../"} {
			h.write(group+name, "max")
		}
	}
	for _, group := range []string{"", "../", "../../"} {
		h.write(group+"cpu.max", "max 100000")
	}
	h.others()
}

// step lets time pass, and changes something.
func (h *fakeHost) step() {
	span := uint64(h.random.IntN(2_000_000))
	h.now += time.Duration(span) * time.Microsecond
	h.user += span * uint64(h.random.IntN(3)) / 2
	h.system += span * uint64(h.random.IntN(3)) / 4
	h.write("cpu.stat", fmt.Sprintf("usage_usec %d\nuser_usec %d\nsystem_usec %d\nnice_usec %d", h.user+h.system, h.user, h.system, h.user/uint64(2+h.random.IntN(3))))
	h.memory = uint64(h.random.IntN(64 << 20))
	h.swap = uint64(h.random.IntN(32 << 20))
	h.write("memory.stat", fmt.Sprintf("anon %d\nfile %d\nkernel_stack 16384\npagetables 8192\nactive_anon %d\ninactive_anon %d\nactive_file %d\ninactive_file %d\nshmem 0\nslab_reclaimable %d\nslab_unreclaimable 4100",
		h.memory, h.memory, h.memory-h.memory/3, h.memory/3, h.memory/5, h.memory-h.memory/5, h.memory/8))
	// The kernel reads the figures of one group at different moments.
	h.write("memory.current", strconv.FormatUint(2*h.memory+uint64(h.random.IntN(8<<20)), 10))
	h.write("memory.swap.current", strconv.FormatUint(h.swap, 10))
	h.others()
	limits := map[string][]string{
		"cpuset.cpus.effective": {"0", "0-1,5", "0-1023", "3-6", ""},
		"../cpu.max":            {"max 100000", "50000 100000", "150000 100000", "700000 100000"},
		"cpu.max":               {"max 100000", "50000 100000"},
		"../memory.max":         {"max", "67108864", "1048576", "1073741824"},
		"../../memory.max":      {"max", "134217728"},
		"../memory.swap.max":    {"max", "0", "16777216", "1073741824"},
		"../../memory.swap.max": {"max", "1048576"},
		"../../cpu.max":         {"max 100000", "200000 100000"},
		"pids.current":          {"1", "99"},
	}
	for name, values := range limits {
		if h.random.IntN(4) == 0 {
			h.write(name, values[h.random.IntN(len(values))])
		}
	}
}

// TestViewProperties: while limits change at random, every counter grows, every sum fits, and every file is as
// procps reads it.
func TestViewProperties(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			properties(t, seed)
		})
	}
}

func properties(t *testing.T, seed uint64) {
	t.Helper()
	dir := groups(t, map[string]string{})
	h := &fakeHost{t: t, random: rand.New(rand.NewPCG(seed, 0)), group: dir.File().Name(), proc: t.TempDir() + "/", now: 1000 * time.Second}
	h.boot()
	v := &view{proc: h.proc, clock: clock{own: true, began: h.now, now: func(id int32) time.Duration {
		if id == unix.CLOCK_REALTIME {
			return 1_800_000_000*time.Second + h.now
		}
		return h.now
	}}}
	v.group.Store(dir)
	files := map[string]func([]byte) []byte{}
	for _, f := range v.files() {
		files[f.Name] = f.Content
	}
	var before readings
	for range 200 {
		h.step()
		name := procview.Names()[h.random.IntN(len(files))]
		now := before
		now.read(t, name, string(files[name](nil)))
		now.compare(t, name, &before, h)
		before = now
		if t.Failed() {
			t.Fatalf("in %s, seed %d", name, seed)
		}
	}
}
