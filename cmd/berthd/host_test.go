package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOSRelease: the first file that there is counts, and none is no error.
func TestOSRelease(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"etc": "ID=one\n", "usr": "ID=two\n", "large": strings.Repeat("x", 16<<10+1), "whole": strings.Repeat("x", 16<<10)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		files []string
		want  string
	}{
		"both":               {[]string{"etc", "usr"}, "ID=one\n"},
		"the second":         {[]string{"none", "usr"}, "ID=two\n"},
		"none":               {[]string{"none", "nothing"}, ""},
		"a directory":        {[]string{"."}, ""},
		"too large":          {[]string{"large", "usr"}, ""},
		"as large as may be": {[]string{"whole"}, strings.Repeat("x", 16<<10)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := make([]string, len(c.files))
			for i, f := range c.files {
				files[i] = filepath.Join(dir, f)
			}
			if got := osRelease(slog.New(slog.DiscardHandler), files...); got != c.want {
				t.Errorf("%d bytes %.20q, want %.20q", len(got), got, c.want)
			}
		})
	}
}
