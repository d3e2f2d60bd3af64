package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/client"
)

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// TestOutputThatCannotBeWritten: output that cannot be written is an error.
func TestOutputThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	cfg := config(fleet())
	cfg.Out = fullDisk{}
	want := outcome{err: "error: write the output: no space left on device\n", status: 1}
	if got := runWith(t.Context(), cfg, "list", "--all"); got != want {
		t.Errorf("got %+v", got)
	}
}

// TestDefaultURI: a connection URI other than lxc:/// and lxc:///system is refused, and the option
// goes before the environment.
func TestDefaultURI(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		env, option string
		status      int
	}{
		"ours":                   {env: "lxc:///system"},
		"ours, short":            {env: "lxc:///"},
		"another":                {env: "qemu:///system", status: 1},
		"the option goes before": {env: "qemu:///system", option: "lxc:///"},
		"another path":           {option: "lxc:///session", status: 1},
		"another host":           {option: "lxc+ssh://host/system", status: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config(fleet())
			cfg.Getenv = func(key string) string { return map[string]string{"LIBVIRT_DEFAULT_URI": tc.env}[key] }
			args := []string{"domid", "web"}
			if tc.option != "" {
				args = append(args, "-c", tc.option)
			}
			got := runWith(t.Context(), cfg, args...)
			if got.status != tc.status || strings.HasPrefix(got.err, "error: cannot connect to '") != (tc.status == 1) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestInterrupted: an interrupted command says whether the change that was asked for goes on.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ method, want string }{
		"while it starts":   {"Start", "error: " + errInterrupted.Error() + "\n"},
		"while it searches": {"ByName", "error: interrupted\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			f := fleet()
			f.errs[tc.method] = context.Canceled
			f.hook = func(method string) {
				if method == tc.method {
					cancel()
				}
			}
			if got := runWith(ctx, config(f), "start", "db"); got != (outcome{err: tc.want, status: 1}) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestInterruptedInput: a read of standard input ends with an interrupt.
func TestInterruptedInput(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	in, feed := io.Pipe()
	defer feed.Close()
	cfg := config(fleet())
	cfg.In = in
	go func() {
		_, _ = feed.Write([]byte("<domain>")) // returns when it is read
		cancel()
	}()
	if got := runWith(ctx, cfg, "define", "-"); got != (outcome{err: "error: interrupted\n", status: 1}) {
		t.Errorf("got %+v", got)
	}
}

// TestBadInput: a file that is not text, or larger than 16 MiB, is refused before berthd is called.
func TestBadInput(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, want string }{
		"zero byte":   {"<a>\x00</a>", "not UTF-8 text without zero bytes"},
		"not UTF-8":   {"<a>\xe9</a>", "not UTF-8 text without zero bytes"},
		"far too big": {strings.Repeat(" ", maxXML+1), "it is larger than 16 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "web.xml")
			if err := os.WriteFile(file, []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			f := fleet()
			want := outcome{err: "error: read " + file + ": " + tc.want + "\n", status: 1}
			if got := run(t, f, "define", file); got != want {
				t.Errorf("got %+v", got)
			}
			if len(f.calls) > 0 {
				t.Errorf("called %v", f.calls)
			}
		})
	}
}

// TestBigInput: 16 MiB of definition are accepted.
func TestBigInput(t *testing.T) {
	t.Parallel()
	cfg := config(fleet())
	cfg.In = strings.NewReader(strings.Repeat(" ", maxXML))
	if got := runWith(t.Context(), cfg, "define", "-"); got.status != 0 {
		t.Errorf("got %+v", got)
	}
}

// TestNoBus: without the system bus each command fails and says so.
func TestNoBus(t *testing.T) {
	t.Parallel()
	cfg := config(nil)
	cfg.Connect = func(context.Context) (Daemon, error) { return nil, client.ErrConnect }
	for _, line := range []string{"list", "start web", "define -", "version", "domid web"} {
		if got := runWith(t.Context(), cfg, strings.Fields(line)...); got.status != 1 || !strings.Contains(got.err, "connect to the system bus") {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

// TestPrintable: control and formatting characters of a name are printed as escapes.
func TestPrintable(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"web":       "web",
		"a b":       "a b",
		"ünï 名":     "ünï 名",
		"a\tb":      `a\tb`,
		"a\x1b[1m":  `a\x1b[1m`,
		"bad\xff":   `bad\xff`,
		"\u202eabc": `\u202eabc`,
		"it's\n":    `it's\n`,
	} {
		if got := printable(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
