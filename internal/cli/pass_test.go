package cli

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

// TestPassFlags: the descriptors of --pass-fds are passed in the order that was given; one that berthctl was not
// started with is refused, and so is a list of systemd's that is another process's.
func TestPassFlags(t *testing.T) {
	t.Parallel()
	var fds, other [2]int // berthctl closes what it is given
	if err := errors.Join(unix.Pipe2(fds[:], 0), unix.Pipe2(other[:], 0)); err != nil {
		t.Fatal(err)
	}
	own, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { own.Close() })
	ourPID := strconv.Itoa(os.Getpid())
	for name, c := range map[string]struct {
		args, env []string
		call, err string
	}{
		"in order":       {[]string{"start", "db", "--pass-fds", fmt.Sprintf("%d,%d", fds[1], fds[0])}, nil, fmt.Sprintf("StartWith db =descriptor %d =descriptor %d", fds[1], fds[0]), ""},
		"create":         {[]string{"create", "-", "--pass-fds", strconv.Itoa(other[0])}, nil, fmt.Sprintf("CreateWith <domain/> =descriptor %d", other[0]), ""},
		"none":           {[]string{"start", "db"}, []string{"LISTEN_FDS=1", "LISTEN_PID=" + ourPID}, "Start db", ""},
		"not inherited":  {[]string{"start", "db", "--pass-fds", strconv.Itoa(int(own.Fd()))}, nil, "", "berthctl was started without it"},
		"not open":       {[]string{"start", "db", "--pass-fds", "9999"}, nil, "", "descriptor 9999: berthctl was started without it"},
		"no number":      {[]string{"start", "db", "--pass-fds", "3,,4"}, nil, "", `"" is not the number of a descriptor`},
		"negative":       {[]string{"start", "db", "--pass-fds=-1"}, nil, "", `"-1" is not the number of a descriptor`},
		"both":           {[]string{"start", "db", "--pass-listen-fds", "--pass-fds", "0"}, nil, "", "error: options --pass-fds and --pass-listen-fds are mutually exclusive\n"},
		"both, create":   {[]string{"create", "-", "--pass-listen-fds", "--pass-fds", "0"}, nil, "", "error: options --pass-fds and --pass-listen-fds are mutually exclusive\n"},
		"of another":     {[]string{"start", "db", "--pass-listen-fds"}, []string{"LISTEN_FDS=1", "LISTEN_PID=1"}, "", "systemd has passed no descriptors to berthctl"},
		"a silly number": {[]string{"start", "db", "--pass-listen-fds"}, []string{"LISTEN_FDS=9999999999", "LISTEN_PID=" + ourPID}, "", "systemd has passed no descriptors to berthctl"},
	} {
		f := fleet()
		cfg := config(f)
		cfg.Getenv = func(key string) string {
			for _, e := range c.env {
				if value, ok := strings.CutPrefix(e, key+"="); ok {
					return value
				}
			}
			return ""
		}
		got := runWith(t.Context(), cfg, c.args...)
		if !strings.Contains(got.err, c.err) || (c.err == "") != (got.status == 0) {
			t.Errorf("%s: %+v, want %q", name, got, c.err)
		}
		calls := strings.Join(f.calls, ", ")
		if started := strings.Contains(calls, "Start") || strings.Contains(calls, "Create"); started != (c.call != "") || !strings.Contains(calls, c.call) {
			t.Errorf("%s: calls %s, want %q", name, calls, c.call)
		}
	}
}

// TestPassRefused: an error about a passed descriptor names it by berthctl's own number, whatever the container is
// called.
func TestPassRefused(t *testing.T) {
	t.Parallel()
	refused := func(head, what string) *client.Error {
		return &client.Error{Message: head + what + ": it is a directory", Details: map[string]any{"fd": uint32(1)}}
	}
	for name, c := range map[string]struct{ args, head, what, want string }{
		"start":        {"start db", "cannot start: ", "the second of the passed descriptors", "cannot start: descriptor %d: it is a directory"},
		"with a name":  {"start db", "cannot start: ", "the 2nd of the passed descriptors (http)", "cannot start: descriptor %d (http): it is a directory"},
		"a silly name": {"start db", `cannot start "the first of the passed descriptors": `, "the second of the passed descriptors", `"the first of the passed descriptors": descriptor %d: it is`},
		"create":       {"create -", "cannot create: ", "the second of the passed descriptors", "cannot create: descriptor %d: it is a directory"},
		"other words":  {"start db", "cannot start: ", "descriptor 2", "cannot start: descriptor 2: it is a directory"},
	} {
		var fds [2]int // each time others: what berthctl is given, it closes
		if err := unix.Pipe2(fds[:], 0); err != nil {
			t.Fatal(err)
		}
		f := fleet()
		f.errs["StartWith"], f.errs["CreateWith"] = refused(c.head, c.what), refused(c.head, c.what)
		got := run(t, f, append(strings.Fields(c.args), "--pass-fds", fmt.Sprintf("%d,%d", fds[0], fds[1]))...)
		if want := strings.ReplaceAll(c.want, "%d", strconv.Itoa(fds[1])); got.status != 1 || !strings.Contains(got.err, want) {
			t.Errorf("%s: %+v, want %q", name, got, want)
		}
	}
}

// TestStartOfRunning: a container that runs already becomes that of a unit, and a notice says so; it cannot be given
// sockets, an owner or a second unit, nor any by an older berthd, and the message says so.
func TestStartOfRunning(t *testing.T) {
	t.Parallel()
	pipe := make([]int, 2)
	if err := unix.Pipe(pipe); err != nil { // inherited, for what the test can tell
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(pipe[1]) })
	active := &client.Error{Name: contract.ErrorAlreadyRunning, Message: "domain is already active"}
	belongs := &client.Error{Name: active.Name, Message: active.Message, Details: map[string]any{"unit": "web.service"}}
	stopping := &client.Error{Name: active.Name, Message: active.Message, Details: map[string]any{"state": "stopping"}}
	old := &client.Error{Name: contract.ErrorInvalidArgs, Message: `Start has no option "adopt"`}
	for _, tc := range []struct {
		args     string
		adopt    error // the answer to a start that may adopt
		adoptive bool
		want     string
	}{
		{"start web", nil, false, "error: domain is already active"},
		{fmt.Sprintf("start -q web --unit web.service --pass-fds %d", pipe[0]), nil, false, "error: domain 'web' is already active, and cannot take sockets now; shut it down first"},
		{"start -q web --unit berth@web.service --autodestroy", nil, false, "error: domain 'web' is already active, but not by berth@web.service; shut it down, then start that"},
		{"start -q 6695eb01-f6a4-8304-79aa-97f2502e193f --unit berth@web.service", old, true, "error: domain 'web' is already active, but not by berth@web.service; shut it down, then start that"},
		{"start -q web --unit berth@web.service", belongs, true, "error: domain 'web' is already active, and belongs to web.service; stop that, then start berth@web.service"},
		{"start -q web --unit berth@web.service", stopping, true, "error: domain 'web' is being stopped; start berth@web.service when it is off"},
		{"start -q web --unit berth@web.service --ready", nil, true, "notice: domain 'web' ran already, and belongs to berth@web.service now"},
	} {
		f := fleet()
		f.errs["Start"], f.errs["StartWith"], f.errs["StartWith adopt"] = active, active, tc.adopt
		got := run(t, f, strings.Fields(tc.args)...)
		if got.err != tc.want+"\n" || (got.status == 0) != strings.HasPrefix(tc.want, "notice") || got.out != "" {
			t.Errorf("%s: %+v, want %q", tc.args, got, tc.want)
		}
		if calls := strings.Join(f.calls, "\n"); strings.Contains(calls, "StartWith adopt") != tc.adoptive {
			t.Errorf("%s: calls %s", tc.args, calls)
		}
	}
}

// TestListenNames: the names of systemd's descriptors are taken if there are as many as descriptors.
func TestListenNames(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{"http:ssh": "[http ssh]", "http": "[ ]", "": "[ ]", "a:b:c": "[ ]", ":": "[ ]"} {
		env := map[string]string{"LISTEN_FDS": "2", "LISTEN_PID": strconv.Itoa(os.Getpid()), "LISTEN_FDNAMES": given}
		names, ok := listenNames(func(key string) string { return env[key] })
		if got := fmt.Sprint(names); !ok || got != want {
			t.Errorf("%q: %s, %v, want %s", given, got, ok, want)
		}
	}
}
