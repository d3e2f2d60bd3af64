package config

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/idrange"
)

// TestParse: each key is read, and what cannot be used is a warning that names it. The default or
// the value before it stays.
func TestParse(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		text  string
		alter func(*Config)
		warn  []string // a part of each warning
	}{
		{"nothing", "", nil, nil},
		{"comments", "# one\n; two\n[Daemon]\n#LogLevel=debug\n", nil, nil},
		{
			"all", "[Daemon]\nIdleTimeoutSec=5min 20s\nLogLevel=debug\nFavorDynMods=yes\nAudit=required\nSecurityDriver=selinux\n[Container]\nDefaultConfined=yes\nRequireConfined=yes\nStopTimeoutSec=1.5min\nContainerEnv=lxc-libvirt\nPath=/sbin:/bin\nIDRange=65536-196607\n",
			func(c *Config) {
				*c = Config{
					IdleTimeout: 320 * time.Second, LogLevel: slog.LevelDebug, FavorDynMods: true, Audit: AuditRequired, Security: SecuritySELinux, DefaultConfined: true, RequireConfined: true,
					StopTimeout: 90 * time.Second, ContainerEnv: "lxc-libvirt", Path: "/sbin:/bin",
					IDRange: idrange.Span{First: 65536, Last: 196607},
				}
			}, nil,
		},
		{"white space and CR", "[Daemon]\r\n  LogLevel = warn \r\n", func(c *Config) { c.LogLevel = slog.LevelWarn }, nil},
		{"the last one counts", "[Daemon]\nLogLevel=warn\nLogLevel=error\n", func(c *Config) { c.LogLevel = slog.LevelError }, nil},
		{
			"a bad one does not count", "[Daemon]\nLogLevel=warn\nLogLevel=loud\n", func(c *Config) { c.LogLevel = slog.LevelWarn },
			[]string{"[Daemon] LogLevel=loud: it must be debug, info, warn or error"},
		},
		{"never idle", "[Daemon]\nIdleTimeoutSec=infinity\n", func(c *Config) { c.IdleTimeout = 0 }, nil},
		{"idle for no time", "[Daemon]\nIdleTimeoutSec=0\n", func(c *Config) { c.IdleTimeout = 0 }, nil},
		{"unknown section", "[Deamon]\nLogLevel=debug\n", nil, []string{"[Deamon] LogLevel=debug: this key is unknown"}},
		{"key of another section", "[Container]\nLogLevel=debug\n", nil, []string{"[Container] LogLevel=debug: this key is unknown"}},
		{"other case", "[Daemon]\nloglevel=debug\n", nil, []string{"this key is unknown"}},
		{"no span", "[Daemon]\nIdleTimeoutSec=soon\n", nil, []string{"[Daemon] IdleTimeoutSec=soon: "}},
		{"negative span", "[Daemon]\nIdleTimeoutSec=-1\n", nil, []string{"IdleTimeoutSec=-1: "}},
		{"stop in no time", "[Container]\nStopTimeoutSec=0\n", nil, []string{"at least 1s"}},
		{"stop never", "[Container]\nStopTimeoutSec=infinity\n", nil, []string{"not infinity"}},
		{"systemd's other words for yes", "[Daemon]\nFavorDynMods=On\n", func(c *Config) { c.FavorDynMods = true }, nil},
		{"yes and then no", "[Daemon]\nFavorDynMods=1\nFavorDynMods=off\n", nil, nil},
		{"neither yes nor no", "[Daemon]\nFavorDynMods=perhaps\n", nil, []string{"[Daemon] FavorDynMods=perhaps: it must be yes or no"}},
		{"empty for yes or no", "[Daemon]\nFavorDynMods=\n", nil, []string{"[Daemon] FavorDynMods=: it must be yes or no"}},
		{"yes and then nonsense", "[Daemon]\nFavorDynMods=yes\nFavorDynMods=2\n", func(c *Config) { c.FavorDynMods = true }, []string{"FavorDynMods=2: "}},
		{"no audit", "[Daemon]\nAudit=off\n", func(c *Config) { c.Audit = AuditOff }, nil},
		{"audit and then nonsense", "[Daemon]\nAudit=required\nAudit=yes\n", func(c *Config) { c.Audit = AuditRequired }, []string{"[Daemon] Audit=yes: it must be off, on or required"}},
		{"no labels", "[Daemon]\nSecurityDriver=none\n", func(c *Config) { c.Security = SecurityNone }, nil},
		{"labels of nobody", "[Daemon]\nSecurityDriver=apparmor\n", nil, []string{"[Daemon] SecurityDriver=apparmor: it must be auto, selinux or none"}},
		{"slog's own level", "[Daemon]\nLogLevel=info+1\n", nil, []string{"LogLevel=info+1"}},
		{"empty values", "[Container]\nContainerEnv=\nPath=\n", nil, []string{"ContainerEnv=: ", "Path=: "}},
		{"two words", "[Container]\nContainerEnv=a b\n", nil, []string{"one word"}},
		{"relative directory", "[Container]\nPath=/bin:sbin\n", nil, []string{"absolute"}},
		{"empty directory", "[Container]\nPath=/bin::/sbin\n", nil, []string{"absolute"}},
		{"crooked ids", "[Container]\nIDRange=100000-165535\n", nil, []string{"IDRange=100000-165535: it must begin at a multiple of 65536"}},
		{"continued line", "[Container]\nPath=/bin:\\\n/sbin\n", nil, []string{"Path="}},
		{
			"no assignment", "[Daemon]\nLogLevel=debug\nnonsense\n[Container]\nPath=/x\n", func(c *Config) { c.LogLevel = slog.LevelDebug },
			[]string{"everything after [Daemon] LogLevel= is ignored: "},
		},
		{"no assignment at the end", "[Daemon]\nLogLevel", nil, []string{"everything after the beginning is ignored: the last line is not an assignment"}},
		{"before any section", "\n# c\nLogLevel=debug\n[Daemon]\n", nil, []string{"LogLevel=debug: this line is before the first [Section]"}},
		{"open section", "[Daemon\nLogLevel=debug\n", nil, []string{"ignored"}},
		{"long line", "[Daemon]\nLogLevel=" + strings.Repeat("x", 5000) + "\n", nil, []string{"ignored"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			want := Default()
			if c.alter != nil {
				c.alter(&want)
			}
			got := Default()
			warnings := got.Parse(strings.NewReader(c.text))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("configuration (-want +got):\n%s", diff)
			}
			if len(warnings) != len(c.warn) {
				t.Fatalf("warnings %q, want %d", warnings, len(c.warn))
			}
			for i, w := range c.warn {
				if !strings.Contains(warnings[i], w) {
					t.Errorf("warning %q, want %q", warnings[i], w)
				}
			}
		})
	}
}

// TestKeysAreServed: each key of Keys is known to the parser.
func TestKeysAreServed(t *testing.T) {
	t.Parallel()
	for _, key := range Keys() {
		section, name, _ := strings.Cut(key, ".")
		c := Default()
		if err := c.set(section, name, "\x00"); err == nil || strings.Contains(err.Error(), "key is unknown") {
			t.Errorf("%s = NUL: %v", key, err)
		}
	}
}

// FuzzParse: any text gives a usable configuration, and the same one twice.
func FuzzParse(f *testing.F) {
	f.Add("[Daemon]\nIdleTimeoutSec=5min 20s\nLogLevel=debug\n[Container]\nStopTimeoutSec=2\nContainerEnv=x\nPath=/a:/b\n")
	f.Add("[Daemon\n")
	f.Add("a=b\n[Container]\nPath=\\\n")
	f.Add("[]\n=\n#\\\n")
	f.Fuzz(func(t *testing.T, text string) {
		c := Default()
		warnings := c.Parse(strings.NewReader(text))
		if c.IdleTimeout < 0 || c.StopTimeout < time.Second || c.ContainerEnv == "" || !strings.HasPrefix(c.Path, "/") {
			t.Errorf("configuration %+v", c)
		}
		for _, w := range warnings {
			if w == "" {
				t.Error("an empty warning")
			}
		}
		again := Default()
		if diff := cmp.Diff(warnings, again.Parse(strings.NewReader(text))); diff != "" || c != again {
			t.Errorf("read twice, it differs:\n%s", diff)
		}
	})
}
