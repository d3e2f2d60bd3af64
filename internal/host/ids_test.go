package host

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/idrange"
)

// TestHostIDs: the ids of accounts, of /etc/subuid and /etc/subgid and of nspawn's locks are taken.
func TestHostIDs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := IDs{etc: dir, nspawn: filepath.Join(dir, "nspawn-uid")}
	if got, err := h.Taken(); err != nil || len(got) != 0 {
		t.Errorf("of a host without files: %v, %v", got, err)
	}
	if err := os.Mkdir(h.nspawn, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"passwd":            "root:x:0:1::/:/bin/sh\n",
		"group":             "wheel:x:10:root\n",
		"subuid":            "alice:100000:65536\n",
		"subgid":            "alice:200000:65536\n",
		"nspawn-uid/655360": "",
		"nspawn-uid/.lock":  "",
		"nspawn-uid/7":      "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := h.Taken()
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b idrange.Span) int { return cmp.Compare(a.First, b.First) })
	want := []idrange.Span{{First: 0, Last: 0}, {First: 1, Last: 1}, {First: 10, Last: 10}, {First: 100000, Last: 165535}, {First: 200000, Last: 265535}, {First: 655360, Last: 720895}}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestHostIDsUnreadable: a file that cannot be read is an error, since it may say anything.
func TestHostIDsUnreadable(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"passwd", "group", "subuid", "subgid"} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if got, err := (IDs{etc: dir, nspawn: dir + "/none"}).Taken(); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got, err := (IDs{etc: t.TempDir(), nspawn: "/dev/null"}).Taken(); err == nil {
		t.Errorf("locks: %v", got)
	}
}
