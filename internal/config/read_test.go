package config

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// write makes a directory with files in it, and returns where berth.conf is or would be.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "berth.conf")
}

// TestRead: drop-ins count after the file in the order of their names, and each fault is logged
// with its file.
func TestRead(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		files map[string]string
		want  time.Duration // IdleTimeout
		warn  []string      // parts of the log, in order
	}{
		{"no file", nil, 120 * time.Second, nil},
		{"file alone", map[string]string{"berth.conf": "[Daemon]\nIdleTimeoutSec=1\n"}, time.Second, nil},
		{"drop-in alone", map[string]string{"berth.conf.d/a.conf": "[Daemon]\nIdleTimeoutSec=2\n"}, 2 * time.Second, nil},
		{"drop-ins in the order of their names", map[string]string{
			"berth.conf":             "[Daemon]\nIdleTimeoutSec=1\n",
			"berth.conf.d/20-b.conf": "[Daemon]\nIdleTimeoutSec=4\n",
			"berth.conf.d/10-a.conf": "[Daemon]\nIdleTimeoutSec=3\n",
			"berth.conf.d/README":    "no configuration",
			"berth.conf.d/30.conf~":  "[Daemon]\nIdleTimeoutSec=9\n",
		}, 4 * time.Second, nil},
		{"faults are told with their file", map[string]string{
			"berth.conf":          "[Daemon]\nIdleTimeoutSec=soon\n",
			"berth.conf.d/a.conf": "[Daemon]\nIdle=5\n",
		}, 120 * time.Second, []string{"berth.conf", "IdleTimeoutSec=soon", "berth.conf.d/a.conf", "Idle=5"}},
		{"a directory for a file", map[string]string{
			"berth.conf/x":        "",
			"berth.conf.d/a.conf": "[Daemon]\nIdleTimeoutSec=2\n",
		}, 2 * time.Second, []string{"berth.conf", "directory"}},
		{"a file for the directory", map[string]string{
			"berth.conf":   "[Daemon]\nIdleTimeoutSec=2\n",
			"berth.conf.d": "",
		}, 2 * time.Second, []string{"berth.conf.d", "not a directory"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			got := Read(write(t, c.files), slog.New(slog.NewTextHandler(&log, nil)))
			want := Default()
			want.IdleTimeout = c.want
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("configuration (-want +got):\n%s", diff)
			}
			rest := log.String()
			if len(c.warn) == 0 && rest != "" {
				t.Errorf("log: %s", rest)
			}
			for _, w := range c.warn {
				_, after, ok := strings.Cut(rest, w)
				if !ok {
					t.Fatalf("the log lacks %q:\n%s", w, &log)
				}
				rest = after
			}
		})
	}
}

// TestShippedFile: the values that packaging/berth.conf shows commented out are the defaults.
func TestShippedFile(t *testing.T) {
	t.Parallel()
	shipped, err := os.ReadFile("../../packaging/berth.conf")
	if err != nil {
		t.Fatal(err)
	}
	c := Config{}
	// A comment for people has a blank behind the mark.
	text := regexp.MustCompile(`(?m)^#(\S)`).ReplaceAllString(string(shipped), "$1")
	if warnings := c.Parse(strings.NewReader(text)); len(warnings) > 0 {
		t.Errorf("warnings: %q", warnings)
	}
	if diff := cmp.Diff(Default(), c); diff != "" {
		t.Errorf("the file (+) is not the default (-):\n%s", diff)
	}
	for _, key := range Keys() {
		_, name, _ := strings.Cut(key, ".")
		if !strings.Contains(text, "\n"+name+"=") {
			t.Errorf("%s is not in the file", key)
		}
	}
}

// TestHugeFile: a configuration file of 3 GB is not read, and a drop-in beside it counts.
func TestHugeFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "berth.conf")
	for name, size := range map[string]int64{file: 3 << 30, filepath.Join(file+".d", "a.conf"): 0} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("[Daemon]\nNoSuch=1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if size > 0 {
			if err := os.Truncate(name, size); err != nil {
				t.Fatal(err)
			}
		}
	}
	var log bytes.Buffer
	Read(file, slog.New(slog.NewTextHandler(&log, nil)))
	if got := log.String(); !strings.Contains(got, "3221225472 bytes") || strings.Count(got, "NoSuch") != 1 {
		t.Errorf("%s", got)
	}
}
