//go:build nest

package launch_test

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/berthd/berth/service"
)

// told is what became of a command.
type told struct {
	out, err string
	exit     service.Exit
}

// execute executes a command with this input, and waits for its end.
func execute(t *testing.T, s service.Supervisor, c service.Command, input string) (told, error) {
	t.Helper()
	x, err := s.Exec(limited(t), c, nil)
	if err != nil {
		return told{}, err
	}
	ends := x.Ends()
	if c.Terminal {
		ends = []*os.File{ends[0], ends[0]}
	}
	var w sync.WaitGroup
	w.Go(func() {
		_, _ = ends[0].WriteString(input)
		if !c.Terminal {
			_ = ends[0].Close()
		}
	})
	var texts [2]string
	for i, f := range ends[1:] {
		w.Go(func() {
			text, _ := io.ReadAll(f) // EIO is the end of a terminal
			texts[i] = string(text)
		})
	}
	select {
	case <-x.Over():
	case <-limited(t).Done():
		t.Fatalf("%v does not end", c.Argv)
	}
	w.Wait()
	for _, f := range ends {
		_ = f.Close()
	}
	return told{texts[0], texts[1], x.Exit()}, x.Forget()
}

func sh(script string, args ...string) service.Command {
	return service.Command{Argv: append([]string{"sh", "-c", script, "sh"}, args...)}
}

func ended(code int32) service.Exit { return service.Exit{Kind: service.ExitExited, Code: code} }

// kinds are the kinds of containers that commands enter differently, by the elements of their definition.
func kinds() map[string]string {
	const ids = "start='0' target='100000' count='65536'/>"
	return map[string]string{
		"plain": "", "user namespace": "<idmap><uid " + ids + "<gid " + ids + "</idmap>",
		"restricted": "<features><capabilities policy='deny'><setuid state='on'/><setgid state='on'/><chown state='on'/></capabilities></features>" +
			"<berth:container xmlns:berth='urn:berth:container:1'><berth:no_new_privs/><berth:seccomp profile='default'/></berth:container>",
	}
}

// TestExec: a command runs in the container with its arguments, environment, directory and user, in all of the
// container's namespaces and in its control group, and hands on what it writes and how it ends. With a user namespace,
// too.
func TestExec(t *testing.T) {
	for name, elements := range kinds() {
		t.Run(name, func(t *testing.T) {
			b := newBoxWith(t, "echo ready; exec sleep 1000", elements)
			if err := os.Mkdir(b.root+"/etc", 0o755); err != nil {
				t.Fatal(err)
			}
			b.write(t, "etc/passwd", "root:x:0:0::/root:/bin/sh\nweb:x:33:34::/tmp:/bin/sh\n")
			b.write(t, "etc/group", "extra:x:50:web\n")
			s := b.run(t)
			b.says(t, "ready")
			for name, tc := range map[string]struct {
				command service.Command
				input   string
				want    told
			}{
				"arguments":   {sh(`echo "$#:$1:$2"`, "a b", ""), "", told{"2:a b:\n", "", ended(0)}},
				"status":      {sh("exit 42"), "", told{"", "", ended(42)}},
				"signal":      {sh("kill -9 $$"), "", told{"", "", service.Exit{Kind: service.ExitKilled, Code: 9}}},
				"three ways":  {sh("cat; echo bad >&2; exit 1"), "input", told{"input", "bad\n", ended(1)}},
				"environment": {service.Command{Argv: []string{"sh", "-c", "echo $A $container"}, Env: []string{"A=b"}}, "", told{"b test\n", "", ended(0)}},
				"directory":   {service.Command{Argv: []string{"/bin/pwd"}, Dir: "/tmp"}, "", told{"/tmp\n", "", ended(0)}},
				"user":        {service.Command{Argv: []string{"sh", "-c", "id -u; id -g; id -G; echo $HOME"}, User: "web"}, "", told{"33\n34\n34 50\n/tmp\n", "", ended(0)}},
				"group":       {service.Command{Argv: []string{"id", "-g"}, User: "1000", Group: "50"}, "", told{"50\n", "", ended(0)}},
				"reopen":      {service.Command{Argv: []string{"sh", "-c", "echo a > /proc/self/fd/1; echo b > /proc/self/fd/2"}, User: "web"}, "", told{"a\n", "b\n", ended(0)}},
				"namespaces": {
					sh("for n in mnt pid ipc uts net cgroup user time; do [ $(readlink /proc/self/ns/$n) = $(readlink /proc/1/ns/$n) ] || echo $n; done"),
					"",
					told{"", "", ended(0)},
				},
				"group of the kernel": {sh("grep ^0 /proc/self/cgroup"), "", told{"0::/berth-exec\n", "", ended(0)}},
				"rights": {
					sh("for f in 1 self; do grep -E '^(Cap|NoNewPrivs|Seccomp|Sig[IC]gn|SigBlk|Uid|Gid|Groups)' /proc/$f/status > /tmp/$f; cat /proc/$f/oom_score_adj >> /tmp/$f; done; cmp /tmp/1 /tmp/self"),
					"",
					told{"", "", ended(0)},
				},
				"descriptors": {sh("exec ls /proc/self/fd"), "", told{"0\n1\n2\n3\n", "", ended(0)}}, // 3 is ls's own
				"session":     {sh("[ $(cut -d' ' -f6 /proc/$$/stat) = $$ ] && cut -d' ' -f4 /proc/$$/stat"), "", told{"0\n", "", ended(0)}},
			} {
				if got, err := execute(t, s, tc.command, tc.input); got != tc.want || err != nil {
					t.Errorf("%s: %+v, %v; want %+v", name, got, err, tc.want)
				}
			}
		})
	}
}

// TestExecTerminal: a command with a terminal has it as its controlling one, in the container's own devpts, with the
// size that was asked for. It sees a change of the size, and the caller's end hangs it up.
func TestExecTerminal(t *testing.T) {
	for name, elements := range kinds() {
		t.Run(name, func(t *testing.T) {
			b := newBoxWith(t, "echo ready; exec sleep 1000", elements)
			s := b.run(t)
			b.says(t, "ready")
			c := sh("tty; stty size; exec 3</dev/tty && echo controlled; ls -ln $(tty) | awk '{print $3}'")
			c.Terminal, c.Rows, c.Columns, c.User = true, 33, 77, "1000"
			got, err := execute(t, s, c, "")
			if want := "/dev/pts/1\r\n33 77\r\ncontrolled\r\n1000\r\n"; got.out != want || got.exit != ended(0) || err != nil {
				t.Errorf("%q, %v, %v; want %q", got.out, got.exit, err, want)
			}
			c = sh(`trap 'stty size; exit 7' WINCH; echo go; while :; do sleep 0.01; done`)
			c.Terminal = true
			x, err := s.Exec(limited(t), c, nil)
			if err != nil {
				t.Fatal(err)
			}
			master := x.Ends()[0]
			reads(t, master, "go\r\n")
			if err := x.Resize(40, 50); err != nil {
				t.Error(err)
			}
			reads(t, master, "40 50\r\n")
			<-x.Over()
			_ = master.Close()
			if x.Exit() != ended(7) {
				t.Errorf("exit %v", x.Exit())
			}
			if x, err = s.Exec(limited(t), service.Command{Argv: []string{"cat"}, Terminal: true}, nil); err != nil {
				t.Fatal(err)
			}
			_ = x.Ends()[0].Close()
			if <-x.Over(); x.Exit() != (service.Exit{Kind: service.ExitKilled, Code: int32(syscall.SIGHUP)}) {
				t.Errorf("after a hang-up: %v", x.Exit())
			}
		})
	}
}

// reads reads exactly this text.
func reads(t *testing.T, f *os.File, want string) {
	t.Helper()
	buf := make([]byte, len(want))
	if _, err := io.ReadFull(f, buf); err != nil || string(buf) != want {
		t.Fatalf("%q, %v; want %q", buf, err, want)
	}
}

// TestExecSignal: a command and init get the signals that are sent to them.
func TestExecSignal(t *testing.T) {
	b := newBox(t, "trap 'echo usr1' USR1; echo ready; while :; do sleep 0.01; done")
	s := b.run(t)
	b.says(t, "ready")
	x, err := s.Exec(limited(t), sh("trap 'exit 6' TERM; echo go; while :; do sleep 0.01; done"), nil)
	if err != nil {
		t.Fatal(err)
	}
	reads(t, x.Ends()[1], "go\n")
	if err := x.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if <-x.Over(); x.Exit() != ended(6) {
		t.Errorf("exit %v", x.Exit())
	}
	for _, f := range x.Ends() {
		_ = f.Close()
	}
	if err := s.Signal(syscall.SIGUSR1); err != nil {
		t.Error(err)
	}
	b.says(t, "usr1")
}

// TestExecMany: 400 commands, 8 at once, leave no process, no descriptor and no other trace in the supervisor.
func TestExecMany(t *testing.T) {
	b := newBox(t, "echo ready; exec sleep 1000")
	s := b.run(t)
	b.says(t, "ready")
	if _, err := execute(t, s, sh("exit 0"), ""); err != nil {
		t.Fatal(err)
	}
	before := kept(t, s)
	var w sync.WaitGroup
	for range 8 {
		w.Go(func() {
			for i := range 50 {
				want := told{out: strconv.Itoa(i) + "\n", exit: ended(int32(i))}
				if got, err := execute(t, s, sh(fmt.Sprintf("echo %d; exit %d", i, i)), ""); got != want || err != nil {
					t.Errorf("%d: %v, %v", i, got, err)
				}
			}
		})
	}
	w.Wait()
	settled(t, func() error {
		if after := kept(t, s); after != before {
			return fmt.Errorf("before %s, after %s", before, after)
		}
		return nil
	})
}

// kept counts what a supervisor has: descriptors and children.
func kept(t *testing.T, s service.Supervisor) string {
	t.Helper()
	fds, err := os.ReadDir("/proc/" + number(s.PID()) + "/fd")
	if err != nil {
		t.Fatal(err)
	}
	children := 0
	tasks, _ := os.ReadDir("/proc/" + number(s.PID()) + "/task")
	for _, task := range tasks {
		text, _ := os.ReadFile("/proc/" + number(s.PID()) + "/task/" + task.Name() + "/children")
		children += len(strings.Fields(string(text)))
	}
	return fmt.Sprintf("%d descriptors, %d children", len(fds), children)
}
