package host

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/linux/inherit"
)

// TestSettings: only the settings that this process has otherwise are told.
func TestSettings(t *testing.T) {
	t.Parallel()
	read := func(file string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(text))
	}
	own, err := strconv.Atoi(read("/proc/self/oom_score_adj"))
	if err != nil {
		t.Fatal(err)
	}
	var filter []inherit.Setting // whatever starts the test may have set it
	if first := read("/proc/1/coredump_filter"); first != read("/proc/self/coredump_filter") {
		filter = []inherit.Setting{{File: "coredump_filter", Value: "0x" + first}}
	}
	for adjust, want := range map[int][]inherit.Setting{
		own:     filter,
		own - 1: append([]inherit.Setting{{File: "oom_score_adj", Value: strconv.Itoa(own - 1)}}, filter...),
	} {
		got, err := Settings(int32(adjust))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%d: %v (-want +got)\n%s", adjust, err, diff)
		}
	}
}

// TestThread: a fresh thread may run on the processors of process 1, and has the timer slack that systemd tells.
func TestThread(t *testing.T) {
	t.Parallel()
	got, err := Thread(777)
	if err != nil || got.TimerSlack != 777 || got.Affinity.Count() == 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestKept: what a process has beyond process 1 and cannot get rid of is named, and nothing else.
func TestKept(t *testing.T) {
	t.Parallel()
	const first = "Name:\tsystemd\nNoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\nCapBnd:\t000001ffffffffff\n"
	for name, c := range map[string]struct{ own, want string }{
		"nothing":      {strings.Replace(first, "systemd", "berthd", 1), ""},
		"privileges":   {strings.Replace(first, "NoNewPrivs:\t0", "NoNewPrivs:\t1", 1), "no_new_privs (NoNewPrivileges= and others)"},
		"filters":      {strings.Replace(first, "filters:\t0", "filters:\t3", 1), "a filter of system calls (SystemCallFilter=, RestrictNamespaces= and others)"},
		"capabilities": {strings.Replace(first, "1ff", "0ff", 1), "a smaller capability bounding set (CapabilityBoundingSet=, ProtectClock= and others)"},
	} {
		if got := strings.Join(kept(status(first), status(c.own)), "; "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if _, err := Kept(); err != nil {
		t.Error(err)
	}
}
