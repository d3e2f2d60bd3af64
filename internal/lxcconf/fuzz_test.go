package lxcconf

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/native"
)

// FuzzConvert: no text makes a conversion crash, and it returns an error with its file, or a definition that is
// read again unless a warning says what is to be changed.
func FuzzConvert(f *testing.F) {
	published, err := filepath.Glob("testdata/published/*.conf")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range append(published, corpus(f)...) {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Convert("config", text, Options{Name: "x", Read: readFiles})
		if err != nil {
			if fault := (*native.Error)(nil); !errors.As(err, &fault) || fault.File == "" {
				t.Fatalf("%v has no file", err)
			}
			return
		}
		for _, w := range r.Warnings {
			if strings.Contains(w.Text, "has to be changed") {
				return
			}
		}
		if _, err := domain.Parse([]byte(r.XML)); err != nil && !strings.Contains(err.Error(), "@arch") {
			t.Fatalf("%v\n%s", err, r.XML)
		}
	})
}

// TestLargeInput: 100,000 lines or 10 MB are refused for 1 MiB of memory, and twice as many lines of what is taken cost
// no more than three times the memory.
func TestLargeInput(t *testing.T) {
	const base = "lxc.uts.name = web\nlxc.rootfs.path = /srv/web\n"
	cost := func(text string, refused bool) uint64 {
		t.Helper()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Convert("config", text, Options{Read: readFiles})
		runtime.ReadMemStats(&after)
		if refused != (err != nil) {
			t.Errorf("%.40s...: %v", text, err)
		}
		return after.TotalAlloc - before.TotalAlloc
	}
	for name, text := range map[string]string{
		"lines": strings.Repeat("lxc.tty.max = 1\n", 100_000),
		"bytes": strings.Repeat("x", 10<<20),
	} {
		if got := cost(text, true); got > 1<<20 {
			t.Errorf("%s: %d bytes", name, got)
		}
	}
	cost(base+strings.Repeat("lxc.include = /usr/share/lxc/config/common.conf\n", 1900), true)
	for _, line := range []string{"lxc.nosuch = 1\n", "lxc.mount.entry = /a b none bind\n", "lxc.environment = A=1\n"} {
		half, whole := cost(base+strings.Repeat(line, 950), false), cost(base+strings.Repeat(line, 1900), false)
		if whole > 3*half {
			t.Errorf("950 times %q: %d bytes, 1900 times: %d", line, half, whole)
		}
	}
}
