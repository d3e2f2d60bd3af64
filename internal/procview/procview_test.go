package procview

import (
	"bytes"
	"fmt"
	"testing"
)

// TestLimit: "max" and what cannot be read are no limit.
func TestLimit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]uint64{
		"max\n": None, "": None, "-1": None, "0\n": 0, "67108864\n": 67108864, "9223372036854771712": 9223372036854771712, "99999999999999999999": None,
	} {
		if got := Limit([]byte(text)); got != want {
			t.Errorf("%q is %d, not %d", text, got, want)
		}
	}
}

// TestQuota: a quota is rounded up to whole processors, and one that cannot be read is none.
func TestQuota(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]uint64{
		"max 100000\n": None, "50000 100000\n": 1, "100000 100000": 1, "150000 100000": 2, "": None, "5": None, "5 0": None, "0 5": None,
	} {
		if got := Quota([]byte(text)); got != want {
			t.Errorf("%q is %d, not %d", text, got, want)
		}
	}
}

// TestWithoutControllers: what no control group counts stays the host's.
func TestWithoutControllers(t *testing.T) {
	t.Parallel()
	host, none := input(t, "meminfo"), Memory{Limit: None, SwapLimit: None, SwapUsed: None}
	if got := Meminfo(nil, host, none); !bytes.Equal(got, host) {
		t.Errorf("got\n%s", got)
	}
	if got := Swaps(nil, []byte("a\nb\n"), none); string(got) != "a\nb\n" {
		t.Errorf("got %q", got)
	}
	if got := Cpuinfo(nil, input(t, "cpuinfo"), CPU{Quota: None}); !bytes.Equal(got, input(t, "cpuinfo")) {
		t.Errorf("got\n%s", got)
	}
}

// TestCpuinfoOfTheMachine: lines behind the processors, which some architectures have, stay.
func TestCpuinfoOfTheMachine(t *testing.T) {
	t.Parallel()
	const host = "processor\t: 0\nmodel name\t: a\n\nprocessor\t: 1\nmodel name\t: b\n\nHardware\t: c\n"
	for quota, want := range map[uint64]string{None: host, 1: "processor\t: 0\nmodel name\t: a\n\nHardware\t: c\n"} {
		if got := string(Cpuinfo(nil, []byte(host), CPU{Quota: quota})); got != want {
			t.Errorf("%d: got\n%s", quota, got)
		}
	}
}

// TestMeminfoBounds: no figure is more than the host's, and none is below zero.
func TestMeminfoBounds(t *testing.T) {
	t.Parallel()
	host := []byte("MemTotal:           1000 kB\nMemFree:             500 kB\nSwapFree:              5 kB\n")
	stat := []byte("anon 1\n")
	if got := Meminfo(nil, host, Memory{Limit: None, SwapLimit: None, SwapUsed: None, Stat: stat}); !bytes.Equal(got, host) {
		t.Errorf("got\n%s", got)
	}
	want := "MemTotal:            200 kB\nMemFree:               0 kB\nSwapFree:              0 kB\n"
	if got := Meminfo(nil, host, Memory{Limit: 100 << 10, Used: 200 << 10, SwapUsed: 1 << 10, Stat: stat}); string(got) != want {
		t.Errorf("a limit below what is used: got\n%s", got)
	}
}

// TestSwapIsOwn: the container's use of swap is its own, however much others use, with and without a limit,
// and meminfo and swaps agree. A limit below what is used is what is used.
func TestSwapIsOwn(t *testing.T) {
	t.Parallel()
	host := []byte("SwapTotal:          2000 kB\nSwapFree:             10 kB\n")
	areas := []byte("Filename Type Size Used Priority\n/a file 1500 1490 -2\n/b file 500 500 -3\n")
	for name, c := range map[string]struct{ limit, used, total, free uint64 }{
		"no limit, none used":  {None, 0, 2000, 2000},
		"no limit, some used":  {None, 300 << 10, 2000, 1700},
		"limit":                {1000 << 10, 300 << 10, 1000, 700},
		"more than the host":   {9000 << 10, 300 << 10, 2000, 1700},
		"lowered below":        {100 << 10, 300 << 10, 300, 0},
		"no swap":              {0, 0, 0, 0},
		"more used than there": {None, 9000 << 10, 2000, 0},
	} {
		m := Memory{Limit: None, SwapLimit: c.limit, SwapUsed: c.used, Stat: []byte("anon 1\n")}
		want := fmt.Sprintf("SwapTotal:      %8d kB\nSwapFree:       %8d kB\n", c.total, c.free)
		if got := string(Meminfo(nil, host, m)); got != want {
			t.Errorf("%s: got\n%s", name, got)
		}
		want = "Filename Type Size Used Priority\n"
		if c.total > 0 {
			want += fmt.Sprintf("none                                    virtual\t\t%8d\t%8d\t0\n", c.total, c.total-c.free)
		}
		if got := string(Swaps(nil, areas, m)); got != want {
			t.Errorf("%s: got\n%s", name, got)
		}
	}
}

// TestHostsTime: where the kernel counts start times from the host's start, so do uptime and btime.
func TestHostsTime(t *testing.T) {
	t.Parallel()
	host := []byte("cpu  1 0 1 1 0 0 0 0 0 0\ncpu0 1 0 1 1 0 0 0 0 0 0\nbtime 1700000000\n")
	c := CPU{Quota: None, Lived: 5_000_000, Started: 1_800_000_000}
	var times Times
	if got := string(Stat(nil, host, c, &times)); got != "cpu  0 0 0 500 0 0 0 0 0 0\ncpu0 0 0 0 500 0 0 0 0 0 0\nbtime 1700000000\n" {
		t.Errorf("got\n%s", got)
	}
	if got := string(Uptime(nil, []byte("1234.56 99.00\n"), host, c, &times)); got != "1234.56 5.00\n" {
		t.Errorf("got %q", got)
	}
	c.OwnTime = true
	if got := string(Uptime(nil, []byte("1234.56 99.00\n"), host, c, &times)); got != "5.00 5.00\n" {
		t.Errorf("got %q", got)
	}
}

// TestLoad: a processor that is busy for long is a load of 1, and none of it is left long after.
func TestLoad(t *testing.T) {
	t.Parallel()
	var l Load
	const hour = 3600_000_000
	l.Update(2*hour, 2*hour)
	if got := string(Loadavg(nil, nil, &l, []byte("3"))); got != "1.00 1.00 1.00 1/3 0\n" {
		t.Errorf("busy: %q", got)
	}
	l.Update(2*hour+1000, 3*hour) // too soon to tell
	l.Update(6*hour, 2*hour)
	if got := string(Loadavg(nil, nil, &l, []byte("3"))); got != "0.00 0.00 0.00 1/3 0\n" {
		t.Errorf("idle: %q", got)
	}
}

// FuzzFiles: nothing panics whatever the kernel says, and what was in dst stays.
func FuzzFiles(f *testing.F) {
	for _, name := range []string{"meminfo", "cpuinfo", "stat"} {
		f.Add(input(f, name), input(f, "memory.stat"), uint64(1<<20), uint64(2))
	}
	f.Fuzz(func(t *testing.T, host, figures []byte, limit, quota uint64) {
		m := Memory{Limit: limit, Used: quota, SwapLimit: limit, SwapUsed: quota, Stat: figures}
		c := CPU{Set: figures, Quota: quota % 64, Lived: limit}
		c.SetStat(figures)
		var l Load
		var times Times
		l.Update(c.Lived, c.Used)
		for _, text := range [][]byte{
			Meminfo([]byte("x"), host, m), Swaps([]byte("x"), host, m), Cpuinfo([]byte("x"), host, c),
			Stat([]byte("x"), host, c, &times), Uptime([]byte("x"), figures, host, c, &times), Loadavg([]byte("x"), host, &l, figures),
		} {
			if text[0] != 'x' {
				t.Errorf("what was there is gone: %q", text)
			}
		}
	})
}
