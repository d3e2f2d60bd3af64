package cli

import (
	"strings"
	"syscall"
	"testing"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

// TestExec: a command's input, output, error output and exit status are handed on, with all that is asked for; all that
// follows its name is its own. A signal that ends it is 128 and its number; a process that it leaves behind holds
// nobody up.
func TestExec(t *testing.T) {
	t.Parallel()
	exited := func(code int32) client.Exit { return client.Exit{Kind: "exited", Code: code} }
	for name, tc := range map[string]struct {
		line string
		exit client.Exit
		call string
		want outcome
	}{
		"plain":       {"exec web -- ls -l", exited(0), `web: ["ls" "-l"] env=[] dir= user= group=`, outcome{"input", "done\n", 0}},
		"options":     {"exec --user me --group 7 --directory /x --env A=b --env C= web -- ls", exited(0), `web: ["ls"] env=["A=b" "C="] dir=/x user=me group=7`, outcome{"input", "done\n", 0}},
		"domain":      {"exec --domain web -- ls", exited(0), `web: ["ls"] env=[] dir= user= group=`, outcome{"input", "done\n", 0}},
		"its options": {"exec web sh -c id --user me -- -x", exited(0), `web: ["sh" "-c" "id" "--user" "me" "--" "-x"] env=[] dir= user= group=`, outcome{"input", "done\n", 0}},
		"quiet":       {"exec --quiet web ls -q -h", exited(0), `web: ["ls" "-q" "-h"] env=[] dir= user= group=`, outcome{"input", "done\n", 0}},
		"after":       {"exec web --user me --env A=b ls --user you", exited(0), `web: ["ls" "--user" "you"] env=["A=b"] dir= user=me group=`, outcome{"input", "done\n", 0}},
		"--domain":    {"exec --domain web ls -- -l", exited(0), `web: ["ls" "--" "-l"] env=[] dir= user= group=`, outcome{"input", "done\n", 0}},
		"no dashes":   {"exec web ls", exited(0), `web: ["ls"] env=[] dir= user= group=`, outcome{"input", "done\n", 0}},
		"as virsh":    {"lxc-enter-namespace web --noseclabel -- /bin/ls -al /dev", exited(0), `web: ["/bin/ls" "-al" "/dev"] env=[] dir= user= group= no label`, outcome{"input", "done\n", 0}},
		"status":      {"exec web -- ls", exited(42), "", outcome{"input", "done\n", 42}},
		"signal":      {"exec web -- ls", client.Exit{Kind: "killed", Code: 9}, "", outcome{"input", "done\n", 137}},
		"core":        {"exec web -- ls", client.Exit{Kind: "dumped", Code: 11}, "", outcome{"input", "done\n", 139}},
		"unknown":     {"exec web -- ls", client.Exit{}, "", outcome{"input", "done\nerror: nobody knows how the command ended: its supervisor was killed\n", 1}},
		"leaves":      {"exec web -- leaves", exited(3), "", outcome{"input", "done\n", 3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fleet()
			f.executed.exit = tc.exit
			cfg := config(f)
			cfg.In = input("input")
			if got := runWith(t.Context(), cfg, strings.Split(tc.line, " ")...); got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
			if last := f.calls[len(f.calls)-1]; tc.call != "" && last != "Exec "+tc.call {
				t.Errorf("call %s", last)
			}
		})
	}
}

// TestExecRefused: a command that was not executed has the exit status that a shell would give it; a line without one
// is refused.
func TestExecRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		line string
		err  error
		want outcome
	}{
		"missing":     {"exec web -- ls", &client.Error{Name: contract.ErrorCommandFailed, Message: "ls: command not found in PATH", Details: map[string]any{"status": uint32(127)}}, outcome{err: "error: ls: command not found in PATH\n", status: 127}},
		"cannot":      {"exec web -- ls", &client.Error{Name: contract.ErrorCommandFailed, Message: "/etc: is a directory", Details: map[string]any{"status": uint32(126)}}, outcome{err: "error: /etc: is a directory\n", status: 126}},
		"off":         {"exec web -- ls", &client.Error{Name: contract.ErrorNotRunning, Message: "domain is not running"}, outcome{err: "error: domain is not running\n", status: 1}},
		"no domain":   {"exec", nil, outcome{err: "error: command 'exec' requires <domain> option\n", status: 1}},
		"no domain -": {"exec -- ls", nil, outcome{err: "error: command 'exec' requires <domain> option\n", status: 1}},
		"an option":   {"exec web -al /", nil, outcome{err: "error: command 'exec' doesn't support option -al\n", status: 1}},
		"before":      {"lxc-enter-namespace --all web ls", nil, outcome{err: "error: command 'lxc-enter-namespace' doesn't support option --all\n", status: 1}},
		"no value":    {"exec --env A=b --env A web -- ls", nil, outcome{err: "error: --env: \"A\" is not NAME=VALUE\n", status: 1}},
		"no name":     {"exec --env =x web -- ls", nil, outcome{err: "error: --env: \"=x\" is not NAME=VALUE\n", status: 1}},
		"two domains": {"exec web --domain db ls", nil, outcome{err: "error: unexpected data 'web'\n", status: 1}},
		"no command":  {"exec web", nil, outcome{err: "error: command 'exec' requires a command to execute\n", status: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fleet()
			if tc.err != nil {
				f.errs["Exec"] = tc.err
			}
			if got := runWith(t.Context(), config(f), strings.Split(tc.line, " ")...); got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

// TestExecHelp: --help is berthctl's own before the command's name, and the command's after it.
func TestExecHelp(t *testing.T) {
	t.Parallel()
	for line, own := range map[string]bool{"exec --help": true, "exec web --help": true, "exec web -h ls": true, "exec web ls --help": false} {
		f := fleet()
		f.executed.exit = client.Exit{Kind: "exited"}
		got := run(t, f, strings.Split(line, " ")...)
		if got.status != 0 || strings.Contains(got.out, "Usage:") != own || len(f.calls) == 0 != own {
			t.Errorf("%s: %+v, calls %q", line, got, f.calls)
		}
	}
}

// TestExecSignal: a signal to berthctl goes to the command, which then ends by it.
func TestExecSignal(t *testing.T) { //nolint:paralleltest // the whole process gets the signal
	f := fleet()
	f.hook = func(method string) {
		if method == "Exec" {
			if err := syscall.Kill(syscall.Getpid(), syscall.SIGUSR1); err != nil {
				t.Error(err)
			}
		}
	}
	want := outcome{"<domain/>", "done\n", 128 + int(syscall.SIGUSR1)}
	if got := runWith(t.Context(), config(f), "exec", "web", "--", lasting); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestSendProcessSignal: a signal is a number or a name, as virsh takes it.
func TestSendProcessSignal(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"web 1 15": "web 1 15", "web 1 term": "web 1 15", "web 1 SIGHUP": "web 1 1", "web 7 nop": "web 7 0", "web 1 0": "web 1 0",
		"web 1 rtmin": "web 1 34", "web 1 SIGRTMIN+4": "web 1 38", "--domain web 1 usr1": "web 1 10", "--domain web --pid 1 --signame 9": "web 1 9",
		"web 1 65": "malformed signal name: 65", "web 1 x": "malformed signal name: x", "web 1 rtmin+31": "malformed signal name: rtmin+31",
		"web a 1": "malformed PID value: a", "web 1": "command 'send-process-signal' requires <signame> option", "web": "command 'send-process-signal' requires <pid> option",
		"web 1 2 3": "unexpected data '3'",
	} {
		f := fleet()
		got := runWith(t.Context(), config(f), append([]string{"send-process-signal"}, strings.Split(line, " ")...)...)
		switch {
		case got.status == 0 && f.calls[len(f.calls)-1] != "SendProcessSignal "+want:
			t.Errorf("%s: %q", line, f.calls)
		case got.status != 0 && got.err != "error: "+want+"\n":
			t.Errorf("%s: %+v", line, got)
		}
	}
}
