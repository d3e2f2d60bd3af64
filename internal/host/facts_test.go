package host

import (
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOSRelease: the first file that exists counts, and none is no error. One that is too large
// counts as none.
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

// TestMountTypes: the last mount on a mount point is the one that is seen, and a broken table is an
// error.
func TestMountTypes(t *testing.T) {
	t.Parallel()
	const root = "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
	const security = "30 21 0:7 / /sys/kernel/security rw,nosuid shared:8 master:2 - securityfs securityfs rw\n"
	for name, c := range map[string]struct {
		table string
		want  map[string]string
	}{
		"none":            {"", map[string]string{}},
		"two":             {root + security, map[string]string{"/": "ext4", "/sys/kernel/security": "securityfs"}},
		"one on another":  {security + "31 30 0:9 / /sys/kernel/security rw - tmpfs tmpfs rw\n", map[string]string{"/sys/kernel/security": "tmpfs"}},
		"no separator":    {"21 1 8:1 / / rw\n", nil},
		"too few columns": {"21 1 - ext4\n", nil},
		"no type":         {"21 1 8:1 / / rw - \n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := mountTypes(strings.NewReader(c.table))
			if (err == nil) != (c.want != nil) || !maps.Equal(got, c.want) {
				t.Errorf("%v, %v, want %v", got, err, c.want)
			}
		})
	}
}
