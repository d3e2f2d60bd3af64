package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/test/bench/proto"
)

// TestParseRollup: the figures of smaps_rollup are read, and a process that has ended has none.
func TestParseRollup(t *testing.T) {
	t.Parallel()
	const typical = `55d0c0a00000-7ffe1b5f9000 ---p 00000000 00:00 0                          [rollup]
Rss:                7980 kB
Pss:                1000 kB
Pss_Dirty:           940 kB
Shared_Clean:       7000 kB
Private_Clean:        16 kB
Private_Dirty:       932 kB
Locked:                0 kB
`
	tests := []struct {
		name string
		text string
		want rollup
		fail bool
	}{
		{"typical", typical, rollup{rss: 7980, pss: 1000, privateClean: 16, privateDirty: 932}, false},
		{"empty: a process that ended", "", rollup{}, false},
		{"not a number", "Rss: many kB\n", rollup{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := parseRollup(strings.NewReader(tt.text))
			if (err != nil) != tt.fail {
				t.Fatalf("error %v, want one: %v", err, tt.fail)
			}
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// TestRowTakesMedians: a row has the median of each figure.
func TestRowTakesMedians(t *testing.T) {
	t.Parallel()
	got := row("x", []rollup{{1, 10, 100, 1000}, {3, 30, 300, 3000}, {2, 20, 200, 2000}})
	want := proto.Process{Program: "x", Count: 3, RSS: 2, PSS: 20, PrivateClean: 200, PrivateDirty: 2000}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

// TestProgramOf: a process is known by its executable or its first argument, and by no later one.
func TestProgramOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, exe, cmdline string
		want               string
	}{
		{"by its executable", "/usr/bin/lxc-start", "[lxc monitor] /var/lib/lxc web\x00", "lxc-start"},
		{"by its first argument", "/", "berth-supervisor web\x00", "berth-supervisor"},
		{"replaced on disk", "/usr/bin/lxc-start (deleted)", "x\x00", "lxc-start"},
		{"a path for its first argument", "/", "/usr/libexec/berth-supervisor\x00", "berth-supervisor"},
		{"named in a later argument only", "/usr/bin/cat", "cat\x00berth-supervisor\x00", ""},
		{"no argument", "/usr/bin/cat", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.Symlink(tt.exe, filepath.Join(dir, "exe")); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "cmdline"), []byte(tt.cmdline), 0o600); err != nil {
				t.Fatal(err)
			}
			got, ok := programOf(dir, []string{"lxc-start", "berth-supervisor"})
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("programOf() = %q, %v, want %q", got, ok, tt.want)
			}
		})
	}
}
