package cli

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestShell: commands from standard input, and those of an argument, are carried out one after the other as virsh does.
// A mistake ends none but its own, and the status is that of the last one.
func TestShell(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	for _, text := range []string{
		"domid web\n# comment\ndomid db; domid build\n", "nosuch\ndomid web", "domid web\nnosuch\n", "domid \"web\n domid db\n", "quit\ndomid web", "exit; domid web",
		"echo a \"b  c\" d\\ e\necho --shell it's 'it'\\''s' \"\" a&b\necho --xml \"a<b\"\necho --split a,b,,c d\necho --shell --xml a\necho --err x",
		"define -\n<domain/>\n", "uri\nconnect qemu:///system\nuri\nconnect lxc:///\nuri", "connect\n-q\n--version\nhelp quit", "exec web\nberthctl list", "",
	} {
		cfg := config(fleet())
		cfg.In = strings.NewReader(text)
		o := runWith(t.Context(), cfg)
		got.WriteString("$ berthctl <<END\n" + strings.TrimSuffix(text, "\n") + "\nEND\n" + o.out + o.err + "[" + string(rune('0'+o.status)) + "]\n\n")
	}
	for _, text := range []string{"domid web; domid db", "list --all", "nosuch; domid web", "domid web; nosuch", "-q list", "no such", "cd", "cd /nonexistent; domid web"} {
		o := runWith(t.Context(), config(fleet()), "-q", text)
		got.WriteString("$ berthctl -q '" + text + "'\n" + o.out + o.err + "[" + string(rune('0'+o.status)) + "]\n\n")
	}
	golden(t, "shell", got.String())
}

// TestShellDirectory: cd changes the directory for the commands behind it.
func TestShellDirectory(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if got := run(t, fleet(), "pwd; cd /; pwd; cd; pwd; cd --dir "+dir+"; pwd"); got != (outcome{out: dir + "\n/\n/\n" + dir + "\n"}) {
		t.Errorf("got %+v", got)
	}
}

// TestShellOptions: the options of berthctl hold for each command of a text, and are not those of one.
func TestShellOptions(t *testing.T) {
	t.Parallel()
	cfg := config(fleet())
	cfg.ConnectHost = func(_ context.Context, host string) (Daemon, error) { return nil, errors.New("no " + host) }
	if got := runWith(t.Context(), cfg, "-q", "start db; start -H x db; start db"); got.status != 0 || got.err != "error: no x\n" || got.out != "" {
		t.Errorf("got %+v", got)
	}
	if got := runWith(t.Context(), config(fleet()), "-c", "qemu:///system", "domid web; domid db"); got.status != 1 || strings.Count(got.err, "error:") != 1 {
		t.Errorf("got %+v", got)
	}
}

// TestShellInterrupted: an interrupt ends a text, and the wait for standard input.
func TestShellInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	f := fleet()
	f.hook = func(string) { cancel() }
	if runWith(ctx, config(f), "domid web; domid db"); len(f.calls) > 2 {
		t.Errorf("calls %v", f.calls)
	}
	cfg := config(fleet())
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cfg.In = in
	if got := runWith(ctx, cfg); got.status != 1 || got.err != "error: interrupted\n" {
		t.Errorf("got %+v", got)
	}
}

// TestShellCompletes: in the shell, commands, options, containers and files are completed, also behind a semicolon and
// in quotes. What needs quotes gets them.
func TestShellCompletes(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"a b.xml", "web.xml", ".hidden"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("dir", 0o700); err != nil {
		t.Fatal(err)
	}
	f := fleet()
	f.infos[3].Name = "it's"
	for line, want := range map[string][]string{
		"domu|": {"domuuid "}, "domuuid w|": {"domuuid web "}, "domuuid --dom|": {"domuuid --domain "}, "list; domuuid bu|": {"list; domuuid build "},
		"domuuid it|": {`domuuid 'it'\''s' `}, "domuuid 'w|": {"domuuid web "}, "domuuid w| --json": {"domuuid web  --json"},
		"define w|": {"define web.xml"}, "define |": {"define 'a b.xml'", "define dir/", "define web.xml"}, "define .h|": {"define .hidden"},
		"shutdown web --mode |": {"shutdown web --mode auto", "shutdown web --mode initctl", "shutdown web --mode signal"},
		"nosuch |":              nil, "domuuid web |": nil, "blockco|": nil, "help mon|": {"help monitor "}, "cd d|": {"cd dir/"},
	} {
		before, after, _ := strings.Cut(line, "|")
		a := &app{Config: config(f)}
		s := &shell{app: a, flags: a.command(func(string) bool { return false }).PersistentFlags()}
		head, words, tail := s.complete(t.Context(), before+after, len(before))
		var got []string
		for _, w := range words {
			got = append(got, head+w+tail)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: want (-), got (+):\n%s", line, diff)
		}
	}
}

// TestHistoryFile: the history is in the user's cache, and nowhere without one.
func TestHistoryFile(t *testing.T) {
	t.Parallel()
	for want, env := range map[string]map[string]string{
		"/h/me/.cache/berthctl/history": {"HOME": "/h/me"},
		"/c/berthctl/history":           {"HOME": "/h/me", "XDG_CACHE_HOME": "/c"},
		"/h/.cache/berthctl/history":    {"HOME": "/h", "XDG_CACHE_HOME": "relative"},
		"":                              {"HOME": "here"},
	} {
		s := &shell{app: &app{Config: Config{Getenv: func(name string) string { return env[name] }}}}
		if got := s.historyFile(); got != want {
			t.Errorf("%v: %q", env, got)
		}
	}
}
