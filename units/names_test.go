package units

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata anew, with systemd-escape")

const escapeGolden = "testdata/escape.golden"

// TestNames: scopes and slices have the names that systemd-escape(1) gives.
func TestNames(t *testing.T) {
	t.Parallel()
	machines := []string{
		"web", "web-1", "a.b", "lxc-12345-demo", "UPPER_case", "x--y", "0", strings.Repeat("a", 64),
		".dot", "a:b", `back\slash`, "with space", "tab\tin", "é", "a/b",
	}
	partitions := []string{
		"/machine", "/machine/a-b", "/machine/engineering/testing", "/machine/.x", "/machine/a.b", "/prod",
		"/machine//twice/", "/machine/with space", `/machine/back\slash`, "/.x", "/machine/é",
		"/machine/prod/web", "/-", "/a-b/c.d", "/x.scope/y.slice",
	}
	var got strings.Builder
	for _, m := range machines {
		got.WriteString(ScopeName(m) + "\n")
	}
	for _, p := range partitions {
		got.WriteString(SliceName(p) + "\n")
	}
	if *update {
		list := append(escaped(t, machines, "--template=machine-@.scope"), escaped(t, partitions, "--path", "--suffix=slice")...)
		// A template's instance stands behind an @; machined's scope names have none.
		list = bytes.ReplaceAll(list, []byte("machine-@"), []byte("machine-"))
		if err := os.WriteFile(escapeGolden, list, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(escapeGolden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("names, by systemd-escape (-) and here (+):\n%s", diff)
	}
}

// escaped runs systemd-escape, and gives a line for each of the words.
func escaped(t *testing.T, words []string, options ...string) []byte {
	t.Helper()
	var lines []byte
	for _, word := range words {
		out, err := exec.Command("systemd-escape", append(slices.Clip(options), "--", word)...).Output()
		if err != nil {
			t.Fatalf("systemd-escape %q: %v", word, err)
		}
		lines = append(lines, out...)
	}
	return lines
}

// TestSliceNameDefault: without a partition the slice is machine.slice.
func TestSliceNameDefault(t *testing.T) {
	t.Parallel()
	for _, partition := range []string{"", "/", "//"} {
		if got := SliceName(partition); got != "machine.slice" {
			t.Errorf("SliceName(%q) = %q", partition, got)
		}
	}
}
