package lxcconf

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/lxcconf/syntax"
)

// FuzzConvert: no text makes a conversion crash, and it returns an error with its file, or a definition that is
// read again unless a warning says what is to be changed.
func FuzzConvert(f *testing.F) {
	for _, name := range corpus(f) {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Convert("config", text, Options{Name: "x", Read: readFiles})
		if err != nil {
			if fault := (*syntax.Error)(nil); !errors.As(err, &fault) || fault.File == "" {
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

// TestLargeInput: 100,000 lines or 10 MB are refused, and the most that is taken is converted, both in short time.
func TestLargeInput(t *testing.T) {
	t.Parallel()
	const base = "lxc.uts.name = web\nlxc.rootfs.path = /srv/web\n"
	for name, c := range map[string]struct {
		text    string
		refused bool
	}{
		"lines":     {strings.Repeat("lxc.tty.max = 1\n", 100_000), true},
		"bytes":     {strings.Repeat("x", 10<<20), true},
		"unknown":   {base + strings.Repeat("lxc.nosuch = 1\n", 1900), false},
		"mounts":    {base + strings.Repeat("lxc.mount.entry = /a b none bind\n", 1900), false},
		"variables": {base + strings.Repeat("lxc.environment = A=1\n", 1900), false},
		"includes":  {base + strings.Repeat("lxc.include = /usr/share/lxc/config/common.conf\n", 1900), true},
	} {
		start := time.Now()
		_, err := Convert("config", c.text, Options{Read: readFiles})
		if c.refused != (err != nil) {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(start); took > 2*time.Second { // 20 times what it takes on an idle host
			t.Errorf("%s took %s", name, took)
		}
	}
}
