package launch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/console"
	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
)

// TestExit: a status file is read whole, and anything else in its place is an error, not a status.
func TestExit(t *testing.T) {
	t.Parallel()
	exited := func(m *wire.Exited) string { return string(wire.Encode(m)) }
	end := func(kind string, code int32) service.End {
		return service.End{Known: true, Exit: service.Exit{Kind: kind, Code: code}}
	}
	for _, c := range []struct {
		name, packet string
		want         service.End
		err          string
	}{
		{"success", exited(&wire.Exited{}), end(service.ExitExited, 0), ""},
		{"status", exited(&wire.Exited{Code: 255}), end(service.ExitExited, 255), ""},
		{"signal", exited(&wire.Exited{Code: 9, Signal: true}), end(service.ExitKilled, 9), ""},
		{"core", exited(&wire.Exited{Code: 11, Signal: true, Dumped: true}), end(service.ExitDumped, 11), ""},
		{"empty", "", service.End{}, "exit status: "},
		{"truncated", exited(&wire.Exited{Code: 9})[:3], service.End{}, "exit status: "},
		{"a newer supervisor's", exited(&wire.Exited{Code: 9}) + "x", end(service.ExitExited, 9), ""},
		{"an older supervisor's", exited(&wire.Exited{Code: 9, Signal: true})[:7], end(service.ExitKilled, 9), ""},
		{"junk", "\xff\xff\xff\xff", service.End{}, "exit status: "},
		{"another message", string(wire.Encode(&wire.Place{})), service.End{}, "exit status: it is a *wire.Place"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var s *Supervisors
			dir := t.TempDir()
			if got, found, err := s.Exit(dir); got != (service.End{}) || found || err != nil {
				t.Errorf("before there is one: %v, %v, %v", got, found, err)
			}
			if err := os.WriteFile(filepath.Join(dir, wire.ExitFile), []byte(c.packet), 0o600); err != nil {
				t.Fatal(err)
			}
			got, found, err := s.Exit(dir)
			if got != c.want || found != (c.err == "") {
				t.Errorf("%v, %v", got, found)
			}
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.HasPrefix(err.Error(), c.err)) {
				t.Errorf("error %v, want %q", err, c.err)
			}
		})
	}
}

// TestExitOOM: what a supervisor noted of OOM kills comes with the exit status, and a file that says nothing is an
// error beside the status.
func TestExitOOM(t *testing.T) {
	t.Parallel()
	end := service.End{Known: true, Exit: service.Exit{Kind: service.ExitKilled, Code: 9}}
	killed := end
	killed.OOMKills = 3
	for name, tc := range map[string]struct {
		packet []byte
		want   service.End
		fails  bool
	}{
		"kills": {wire.Encode(&wire.Killed{OOMKills: 3}), killed, false},
		"junk":  {[]byte("\xff"), end, true},
		"other": {wire.Encode(&wire.Place{}), end, true},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, wire.ExitFile), wire.Encode(&wire.Exited{Code: 9, Signal: true}), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, wire.KilledFile), tc.packet, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, found, err := new(Supervisors).Exit(dir); got != tc.want || !found || (err != nil) != tc.fails {
			t.Errorf("%s: %+v, %v, %v", name, got, found, err)
		}
	}
}

// TestOddFiles: a FIFO or a directory in the place of a run's file is an error, and nobody waits for its writer:
// the container could never end.
func TestOddFiles(t *testing.T) {
	t.Parallel()
	for name, put := range map[string]func(string) error{
		"a FIFO":      func(file string) error { return unix.Mkfifo(file, 0o600) },
		"a directory": func(file string) error { return os.Mkdir(file, 0o700) },
	} {
		var s *Supervisors
		dir := t.TempDir()
		for _, file := range []string{wire.ExitFile, wire.ConsoleFile(0)} {
			if err := put(filepath.Join(dir, file)); err != nil {
				t.Fatal(err)
			}
		}
		if _, found, err := s.Exit(dir); found || err == nil {
			t.Errorf("%s as exit status: %v, %v", name, found, err)
		}
		if _, err := s.Console(dir, 0); err == nil {
			t.Errorf("%s as console: no error", name)
		}
	}
}

// TestConsole: a console's file gives its last 64 KiB, and one that is not there says so.
func TestConsole(t *testing.T) {
	t.Parallel()
	var s *Supervisors
	dir := t.TempDir()
	if _, err := s.Console(dir, 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before it printed: %v", err)
	}
	for n, text := range []string{"", "a life\n", "x" + strings.Repeat("y", console.Size)} {
		f, err := os.OpenFile(filepath.Join(dir, wire.ConsoleFile(n)), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := console.NewRing(f).Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		want := text[max(0, len(text)-console.Size):]
		if got, err := s.Console(dir, n); err != nil || string(got) != want {
			t.Errorf("console %d shows %.40q, %v, want %.40q", n, got, err, want)
		}
	}
}
