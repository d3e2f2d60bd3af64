package cli

import (
	"context"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/console"
)

// served opens connections to a console. serve is the supervisor's side of each; it ends when serve returns.
func served(t *testing.T, serve func(n int, o client.ConsoleOptions, conn net.Conn)) func(client.ConsoleOptions) (*os.File, error) {
	n := 0
	return func(o client.ConsoleOptions) (*os.File, error) {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return nil, err
		}
		theirs := os.NewFile(uintptr(fds[1]), "supervisor")
		conn, err := net.FileConn(theirs)
		if err != nil {
			t.Error(err)
		}
		_ = theirs.Close()
		go func(n int) {
			defer func() { _ = conn.Close() }()
			serve(n, o, conn)
		}(n)
		n++
		return os.NewFile(uintptr(fds[0]), "console"), nil
	}
}

func says(conn net.Conn, p console.Packet) { _, _ = conn.Write(p.Append(nil)) }

// consoleOf runs "console web" with an input that ends at once, or never.
func consoleOf(t *testing.T, f *fake, input string, line ...string) outcome {
	t.Helper()
	cfg := config(f)
	cfg.In = strings.NewReader(input)
	return runWith(t.Context(), cfg, append([]string{"console", "web"}, line...)...)
}

// TestConsoleSession: a console without a terminal prints the output until the container ends, sends the input, and
// says who has it.
func TestConsoleSession(t *testing.T) {
	t.Parallel()
	f := fleet()
	typed := make(chan string, 1)
	f.consoles = served(t, func(_ int, o client.ConsoleOptions, conn net.Conn) {
		if o != (client.ConsoleOptions{Force: true}) {
			t.Errorf("options %+v", o)
		}
		says(conn, console.Packet{Kind: console.Input, On: true})
		buf := make([]byte, console.MaxPacket)
		n, _ := conn.Read(buf)
		p, _ := console.Parse(buf[:n])
		typed <- string(p.Bytes)
		says(conn, console.Packet{Kind: console.Output, At: 1000, Bytes: []byte("one\n")}) // older output is not kept
		says(conn, console.Packet{Kind: console.Input})
		says(conn, console.Packet{Kind: 'Z'})
		says(conn, console.Packet{Kind: console.Output, At: 1006, Bytes: []byte("two\n")})
		says(conn, console.Packet{Kind: console.Input, On: true})
		says(conn, console.Packet{Kind: console.End, At: 1011})
	})
	got := consoleOf(t, f, "ls\n", "--force", "--devname", "console1")
	want := outcome{out: "one\ntwo\n", err: `berthctl: another client has taken the input
berthctl: 2 bytes of output were missed
berthctl: the input is here now
berthctl: 1 bytes of output were missed
`}
	if got != want || <-typed != "ls\n" {
		t.Errorf("got %+v", got)
	}
}

// TestConsoleAgain: a lost connection is made again, from where the output ended. Errors of a berthd that is being
// restarted do not end it, and what was not kept is told.
func TestConsoleAgain(t *testing.T) {
	t.Parallel()
	f := fleet()
	fault := 0
	f.hook = func(method string) {
		if method != "OpenConsole" {
			return
		}
		fault++
		f.errs["OpenConsole"] = map[int]error{
			1: &client.Error{Name: contract.ErrorNoReply}, 2: client.ErrLost, 4: &client.Error{Name: contract.ErrorShuttingDown},
		}[fault]
	}
	f.consoles = served(t, func(n int, o client.ConsoleOptions, conn net.Conn) {
		says(conn, console.Packet{Kind: console.Input})
		switch n {
		case 0:
			says(conn, console.Packet{Kind: console.Output, At: 10, Bytes: []byte("one\n")})
		case 1:
			if o.From != 14 {
				t.Errorf("from %d", o.From)
			}
			says(conn, console.Packet{Kind: console.Output, At: 20, Bytes: []byte("two\n")})
			says(conn, console.Packet{Kind: console.End, At: 24})
		}
	})
	got := consoleOf(t, f, "")
	want := outcome{out: "one\ntwo\n", err: `berthctl: another client has the input; --force takes it
berthctl: the connection was lost, connecting again
berthctl: 6 bytes of output were missed
`}
	if got != want {
		t.Errorf("got %+v", got)
	}
	if f.closed != 2 {
		t.Errorf("%d connections closed", f.closed)
	}
}

// TestConsoleEnds: a container that ended, or was started anew, while the connection was lost ends the command.
func TestConsoleEnds(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*fake){
		"ended":       func(f *fake) { f.errs["OpenConsole"] = &client.Error{Name: contract.ErrorNotRunning, Message: "off"} },
		"removed":     func(f *fake) { f.errs["Info"] = &client.Error{Name: contract.ErrorUnknownObject, Message: "gone"} },
		"started new": func(f *fake) { f.infos[0].ID++ },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fleet()
			opened := false
			f.hook = func(method string) {
				if method == "Info" && opened || method == "OpenConsole" && name == "started new" {
					change(f)
				}
				opened = opened || method == "OpenConsole"
			}
			f.consoles = served(t, func(_ int, _ client.ConsoleOptions, conn net.Conn) {
				says(conn, console.Packet{Kind: console.Output, Bytes: []byte("one\n")})
			})
			got := consoleOf(t, f, "")
			want := outcome{out: "one\n", err: "berthctl: the connection was lost, connecting again\nberthctl: the container has ended; the end of its output may be missing\n"}
			if got != want {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestConsoleRefused: an error of berthd, a bad escape key and two options that exclude each other are errors.
func TestConsoleRefused(t *testing.T) {
	t.Parallel()
	f := fleet()
	f.errs["OpenConsole"] = &client.Error{Name: contract.ErrorNoSuchConsole, Message: "no such console: 'x'"}
	for _, c := range []struct {
		line []string
		want string
	}{
		{nil, "error: no such console: 'x'\n"},
		{[]string{"--escape", "^]x"}, "error: invalid string '^]x' for escape sequence: it is a character, or ^ and one of @ to _\n"},
		{[]string{"--force", "--safe"}, "error: options --force and --safe are mutually exclusive\n"},
	} {
		if got := consoleOf(t, f, "", c.line...); got != (outcome{err: c.want, status: 1}) {
			t.Errorf("%v: got %+v", c.line, got)
		}
	}
}

// TestConsoleInterrupted: a signal ends a session.
func TestConsoleInterrupted(t *testing.T) {
	t.Parallel()
	f := fleet()
	ctx, cancel := context.WithCancel(t.Context())
	f.consoles = served(t, func(_ int, _ client.ConsoleOptions, conn net.Conn) {
		says(conn, console.Packet{Kind: console.Output, Bytes: []byte("one\n")})
		cancel()
		_, _ = conn.Read(make([]byte, 1))
	})
	cfg := config(f)
	in, feed := io.Pipe()
	defer feed.Close()
	cfg.In = in
	if got := runWith(ctx, cfg, "console", "web"); got.status != 1 || got.err != "error: interrupted\n" {
		t.Errorf("got %+v", got)
	}
	cfg.Out = fullDisk{}
	f.consoles = served(t, func(_ int, _ client.ConsoleOptions, conn net.Conn) {
		says(conn, console.Packet{Kind: console.Output, Bytes: []byte("one\n")})
	})
	if got := runWith(t.Context(), cfg, "console", "web"); got.status != 1 || !strings.Contains(got.err, "no space left") {
		t.Errorf("got %+v", got)
	}
}

// TestEscape: the escape key is a character or ^ with one, as in virsh.
func TestEscape(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]byte{"^]": 0x1d, "^a": 1, "^A": 1, "^@": 0, "^_": 0x1f, "x": 'x', "^": '^'} {
		got, err := parseEscape(text)
		if err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "^]]", "^1", "ab", "ü", "^ü"} {
		if got, err := parseEscape(text); err == nil {
			t.Errorf("%q: %d", text, got)
		}
	}
	if got := escapeText(0x1d) + escapeText('x'); got != "^] (Ctrl + ])x" {
		t.Error(got)
	}
}

// TestStartWithConsole: start and create connect with the first console after the start, and say before the start that
// the container ends with the command. A container that has ended already leaves its output.
func TestStartWithConsole(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		line  string
		alter func(*fake)
		want  outcome
		calls string
	}{
		"start":   {"start --console db", nil, outcome{out: "Domain 'db' started\nhello\n"}, "ByName db, Start db, Info, OpenConsole db"},
		"create":  {"-q create --console --autodestroy -", nil, outcome{out: "hello\n"}, "AutoDestroy, Create <domain/>, Info, OpenConsole web"},
		"no more": {"start --autodestroy db", nil, outcome{out: "Domain 'db' started\n"}, "AutoDestroy, ByName db, Start db"},
		"it has ended": {
			"start --console db", func(f *fake) { f.errs["OpenConsole"] = &client.Error{Name: contract.ErrorNotRunning} },
			outcome{out: "Domain 'db' started\nlogin: \x1b[1mroot\x1b[0m\n"},
			"ByName db, Start db, Info, OpenConsole db",
		},
		"it is gone": {
			"-q create --console -", func(f *fake) { f.errs["Info"] = &client.Error{Name: contract.ErrorUnknownObject} },
			outcome{err: "error: the container has ended before its console was opened\n", status: 1},
			"Create <domain/>, Info",
		},
		"a bad escape key": {
			"start --console --escape xyz db", nil,
			outcome{err: "error: invalid string 'xyz' for escape sequence: it is a character, or ^ and one of @ to _\n", status: 1},
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fleet()
			f.consoles = served(t, func(_ int, _ client.ConsoleOptions, conn net.Conn) {
				says(conn, console.Packet{Kind: console.Output, Bytes: []byte("hello\n")})
				says(conn, console.Packet{Kind: console.End, At: 6})
			})
			if tc.alter != nil {
				tc.alter(f)
			}
			if got := run(t, f, strings.Fields(tc.line)...); got != tc.want {
				t.Errorf("got %+v", got)
			}
			if got := strings.Join(f.calls, ", "); !strings.HasPrefix(got, tc.calls) {
				t.Errorf("it called %s", got)
			}
		})
	}
}
