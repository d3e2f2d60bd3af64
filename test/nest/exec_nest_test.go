//go:build nest

package nest

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/tty"
)

// TestExecInEachKind: a command runs in every kind of container, in all its namespaces, and hands on output, error
// output and exit status.
func TestExecInEachKind(t *testing.T) {
	clean(t)
	mapped := sleeper(t, "mapped")
	mapped.More = idmap
	sharing := sleeper(t, "sharing")
	sharing.More = "<namespace xmlns='http://libvirt.org/schemas/domain/lxc/1.0'><sharenet type='name' value='mapped'/></namespace>"
	hosts := guest{Name: "hosts", Init: "/bin/sleep", Args: "<initarg>100000</initarg>"}
	systemd := systemdGuest(t, "systemd")
	for _, g := range []guest{mapped, sleeper(t, "plain"), sharing, hosts, systemd} {
		g.start(t)
		if g.Name == systemd.Name {
			eventually(t, func() error {
				_, err := os.Stat(proc(int(info(t, g.Name).Leader), "root/run/systemd/private"))
				return err
			})
		}
		const script = `echo out; echo err >&2
for n in mnt pid ipc uts net cgroup user; do [ $(readlink /proc/self/ns/$n) = $(readlink /proc/1/ns/$n) ] || echo "another $n"; done
grep ^0 /proc/self/cgroup; exit 7`
		want := result{Out: "out\n0::/berth-exec", Err: "err", Status: 7}
		if got := try(t, "berthctl", "exec", g.Name, "--", "sh", "-c", script); got != want {
			t.Errorf("%s: got %+v, want %+v", g.Name, got, want)
		}
		if got := try(t, "berthctl", "lxc-enter-namespace", g.Name, "--noseclabel", "--", "/bin/ls", "-d", "/dev"); got != (result{Out: "/dev"}) {
			t.Errorf("%s: as virsh: %+v", g.Name, got)
		}
	}
	if got := try(t, "berthctl", "exec", "systemd", "--", "systemctl", "show", "--property=LoadState", "basic.target"); got != (result{Out: "LoadState=loaded"}) {
		t.Errorf("systemd in a container says %+v", got)
	}
	run(t, "berthctl", "exec", "systemd", "--", "systemctl", "daemon-reload")
	if got := try(t, "berthctl", "exec", "systemd", "--", "true"); got != (result{}) {
		t.Errorf("after a reload of the container's systemd: %+v", got)
	}
}

// TestExecStatus: the exit status is the one that a shell gives, for what ends, what is killed and what cannot be
// executed.
func TestExecStatus(t *testing.T) {
	clean(t)
	sleeper(t, "web").start(t)
	for script, want := range map[string]int{"exit 0": 0, "exit 255": 255, "kill -9 $$": 137, "kill -15 $$": 143} {
		if got := try(t, "berthctl", "exec", "web", "--", "sh", "-c", script); got.Status != want || got.Err != "" {
			t.Errorf("%s: %+v", script, got)
		}
	}
	for command, want := range map[string]result{
		"missing": {Err: `error: cannot execute a command in domain "web": missing: command not found in PATH`, Status: 127},
		"/bin":    {Err: `error: cannot execute a command in domain "web": /bin: is a directory`, Status: 126},
	} {
		if got := try(t, "berthctl", "exec", "web", "--", command); got != want {
			t.Errorf("%s: %+v", command, got)
		}
	}
	run(t, "berthctl", "suspend", "web")
	if got := try(t, "berthctl", "exec", "web", "--", "true"); got != (result{Err: `error: cannot execute a command in domain "web": exec is not possible while the domain is paused; resume it first`, Status: 1}) {
		t.Errorf("suspended: %+v", got)
	}
	run(t, "berthctl", "resume", "web")
	run(t, "berthctl", "destroy", "web")
	if got := try(t, "berthctl", "exec", "web", "--", "true"); got.Status != 1 || !strings.Contains(got.Err, "domain is not running") {
		t.Errorf("off: %+v", got)
	}
}

// TestExecDaemonKilled: a command outlives two crashes of the daemon. berthctl goes on, with all its output, and hands
// on the exit status.
func TestExecDaemonKilled(t *testing.T) {
	clean(t)
	sleeper(t, "web").start(t)
	cmd := exec.Command("berthctl", "exec", "web", "--", "sh", "-c", "echo begun; read line; echo $line; exit 9")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	reader, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	begun := make([]byte, len("begun\n"))
	if _, err := io.ReadFull(reader, begun); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		killDaemon(t)
		run(t, "berthctl", "domstate", "web")
	}
	if _, err := io.WriteString(in, "after\n"); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(&out, reader)
	_ = cmd.Wait()
	if out.String() != "after\n" || cmd.ProcessState.ExitCode() != 9 {
		t.Errorf("%q, %v", out.String(), cmd.ProcessState)
	}
}

// TestExecOnATerminal: on a terminal the command has one of its own, in the container and of the same size. It sees
// changes of the size, and berthctl's terminal is afterwards as it was, also if berthctl is terminated.
func TestExecOnATerminal(t *testing.T) {
	clean(t)
	sleeper(t, "web").start(t)
	root, err := os.Open("/")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	master, peer, err := tty.In(root)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = master.Close(), peer.Close() }()
	before := termios(t, peer)
	onTerminal := func(script string) *exec.Cmd {
		if err := tty.Resize(peer, 30, 90); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("berthctl", "exec", "web", "--", "sh", "-c", script)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = peer, peer, peer
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	cmd := onTerminal("trap 'stty size; exit 3' WINCH; tty; stty size; while :; do sleep 0.01; done")
	expect(t, master, "/dev/pts/1\r\n30 90\r\n")
	if termios(t, peer) == before {
		t.Error("the terminal is not raw")
	}
	if err := tty.Resize(peer, 40, 100); err != nil {
		t.Fatal(err)
	}
	expect(t, master, "40 100\r\n")
	_ = cmd.Wait()
	if cmd.ProcessState.ExitCode() != 3 || termios(t, peer) != before {
		t.Errorf("%v; restored: %v", cmd.ProcessState, termios(t, peer) == before)
	}
	cmd = onTerminal("echo ready; exec sleep 1000")
	expect(t, master, "ready\r\n")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if cmd.ProcessState.ExitCode() != 143 || termios(t, peer) != before {
		t.Errorf("terminated: %v; restored: %v", cmd.ProcessState, termios(t, peer) == before)
	}
}

func termios(t *testing.T, f *os.File) unix.Termios {
	t.Helper()
	now, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *now
}

// expect reads exactly this text of a terminal.
func expect(t *testing.T, f *os.File, want string) {
	t.Helper()
	if err := f.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, len(want))
	if n, err := io.ReadFull(f, buf); err != nil || string(buf) != want {
		t.Fatalf("%q, %v; want %q", buf[:n], err, want)
	}
}

// TestSendProcessSignal: init gets a signal by name and by number, and so does another process by its pid in the
// container. A container cannot put something else in the place of a process.
func TestSendProcessSignal(t *testing.T) {
	clean(t)
	script(t, "web", "trap 'echo usr1' USR1; trap 'echo hup' HUP; echo ready; while :; do sleep 0.01; done").start(t)
	says(t, "web", "ready")
	run(t, "berthctl", "send-process-signal", "web", "1", "usr1")
	says(t, "web", "usr1")
	run(t, "berthctl", "send-process-signal", "web", "1", "1")
	says(t, "web", "hup")
	cmd := exec.Command("berthctl", "exec", "web", "--", "sh", "-c", "trap 'exit 4' USR2; echo $$; while :; do sleep 0.01; done")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	run(t, "berthctl", "send-process-signal", "web", strings.TrimSpace(pid), "usr2")
	if _ = cmd.Wait(); cmd.ProcessState.ExitCode() != 4 {
		t.Errorf("another process: %v", cmd.ProcessState)
	}
	if got := try(t, "berthctl", "send-process-signal", "web", "99999", "usr1"); got.Status != 1 || !strings.HasSuffix(got.Err, "there is no process 99999") {
		t.Errorf("%+v", got)
	}
	// What the container has in the place of its /proc is no process.
	run(t, "berthctl", "exec", "web", "--", "sh", "-c", "mount -t tmpfs none /proc && mkdir /proc/77")
	if got := try(t, "berthctl", "send-process-signal", "web", "77", "kill"); got.Status != 1 || !strings.Contains(got.Err, "bad file descriptor") {
		t.Errorf("%+v", got)
	}
}

// TestOpenNamespaces: the descriptors of a running container's namespaces are those of its init, and nsenter(1) enters
// them. The pidfd is init's. A container that is off has none.
func TestOpenNamespaces(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.More = idmap
	g.start(t)
	c := bus(t)
	path, err := c.ByName(t.Context(), "web")
	if err != nil {
		t.Fatal(err)
	}
	leader := int(info(t, "web").Leader)
	files, err := c.OpenNamespaces(t.Context(), path)
	if err != nil || len(files) != 8 {
		t.Fatalf("%v, %v", files, err)
	}
	for kind, f := range files {
		got, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		if want, err := os.Stat(proc(leader, "ns/"+kind)); err != nil || !os.SameFile(want, got) {
			t.Errorf("%s is another, %v", kind, err)
		}
	}
	enter := exec.Command("nsenter", "--net=/proc/self/fd/3", "readlink", "/proc/self/ns/net")
	enter.ExtraFiles = []*os.File{files["net"]}
	if out, err := enter.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != readlink(t, proc(leader, "ns/net")) {
		t.Errorf("nsenter: %s, %v", out, err)
	}
	for _, f := range files {
		_ = f.Close()
	}
	pidfd, err := c.OpenLeaderPIDFD(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.PidfdSendSignal(int(pidfd.Fd()), unix.SIGKILL, nil, 0); err != nil {
		t.Error(err)
	}
	_ = pidfd.Close()
	becomes(t, "web", "shutoff/failed")
	if _, err := c.OpenNamespaces(t.Context(), path); err == nil || !strings.Contains(err.Error(), "domain is not running") {
		t.Errorf("off: %v", err)
	}
}
