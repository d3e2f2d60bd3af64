//go:build nest

package rig

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// guardedRun is a command below the guard, a shell that waits for the test before it goes on.
type guardedRun struct {
	guard *exec.Cmd
	in    io.WriteCloser
	said  strings.Builder
	group string // the control group that the guard has made
}

// beneath starts a shell text below the guard and returns when the guard has looked.
func beneath(t *testing.T, text string, env ...string) *guardedRun {
	t.Helper()
	r := &guardedRun{guard: exec.CommandContext(t.Context(), "./untouched", "sh", "-c", "echo $BERTH_RUN; read -r end; "+text)}
	r.guard.Env = append(os.Environ(), append([]string{"CI="}, env...)...)
	r.guard.Stderr = &r.said
	in, inErr := r.guard.StdinPipe()
	out, outErr := r.guard.StdoutPipe()
	if err := errors.Join(inErr, outErr, r.guard.Start()); err != nil {
		t.Fatal(err)
	}
	r.in = in
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err, r.said.String())
	}
	r.group = strings.TrimSpace(line)
	return r
}

// end lets the command go on, and gives the guard's exit status and what it said.
func (r *guardedRun) end(t *testing.T) (int, string) {
	t.Helper()
	_ = r.in.Close()
	code, err := status(r.guard.Wait())
	if err != nil {
		t.Fatal(err)
	}
	return code, r.said.String()
}

// cgroup2 is where this process sees the control groups.
func cgroup2(t *testing.T) string {
	t.Helper()
	mounts, err := mountinfo()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mounts {
		if m.kind == "cgroup2" {
			return m.point
		}
	}
	t.Fatal("the machine has no cgroup2 mount")
	return ""
}

// TestUntouchedFindsOwn: each kind of what a command can leave fails the run, however it was made.
func TestUntouchedFindsOwn(t *testing.T) {
	groups := cgroup2(t)
	for name, c := range map[string]struct{ text, found string }{
		"nothing":                        {"true", ""},
		"what ends a little later":       {"sleep 1 & touch /tmp/left-a-while; (sleep 1; rm /tmp/left-a-while) & true", ""},
		"a process":                      {"sleep 1000 & true", " sleep 1000"},
		"a daemon":                       {"setsid sh -c 'sleep 1000 & exit' ", " sleep 1000"},
		"a daemon without environment":   {"env -i setsid sh -c 'sleep 1000 & exit'", " sleep 1000"},
		"a daemon with its own mounts":   {"env -i setsid unshare --mount sh -c 'sleep 1000 & exit'", " sleep 1000"},
		"a daemon in a group of its own": {"mkdir " + groups + "/other; sh -c 'echo $$ > " + groups + "/other/cgroup.procs; exec sleep 1000' & sleep 0.2", " sleep 1000"},
		"a control group":                {"mkdir " + groups + "/other", "control group " + groups + "/other\n"},
		"a nest's control group":         {"mkdir " + groups + "/berth-nest-run1.abc", "control group " + groups + "/berth-nest-run1.abc\n"},
		"a mount":                        {"mount -t tmpfs left /mnt", "mount /mnt\n"},
		"a network namespace":            {"ip netns add left", "mount /run/netns/left\n"},
		"a file in /tmp":                 {"touch '/tmp/left over'", "file /tmp/left over\n"},
		"a file in TMPDIR":               {"mktemp -d", "file " + os.TempDir() + "/tmp."},
		"a file in /run":                 {"mkdir /run/berth", "file /run/berth\n"},
		"a file in /opt":                 {"touch /opt/left", "file /opt/left\n"},
		"a loop device":                  {"truncate -s 1M /tmp/image; losetup --find --show /tmp/image >&2", " of /tmp/image\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each waits
			patience := "BERTH_RUN_PATIENCE=5"
			if c.found == "" {
				patience = "BERTH_RUN_PATIENCE=60"
			}
			code, said := withLoops(t, c.text, patience)
			switch {
			case c.found == "" && (code != 0 || said != ""):
				t.Errorf("got %d, and: %s", code, said)
			case c.found != "" && (code != 1 || !strings.Contains(said, "left on the machine:\n") || !strings.Contains(said, c.found)):
				t.Errorf("got %d, and no %q in: %s", code, c.found, said)
			}
		})
	}
}

// TestUntouchedFindsDeleted: a device whose file is gone is anybody's, so this runs when no other case does.
func TestUntouchedFindsDeleted(t *testing.T) {
	code, said := withLoops(t, "truncate -s 1M /tmp/image; losetup --find --show /tmp/image >&2; rm /tmp/image", "BERTH_RUN_PATIENCE=5")
	if code != 1 || !strings.Contains(said, "left on the machine:\n") || !strings.Contains(said, "(deleted)\n") {
		t.Errorf("got %d, and: %s", code, said)
	}
}

// withLoops runs a shell text below the guard and removes the loop devices that it names. It gives the guard's exit
// status and what it said.
func withLoops(t *testing.T, text string, env ...string) (int, string) {
	t.Helper()
	code, said := beneath(t, text, env...).end(t)
	for line := range strings.Lines(said) {
		if strings.HasPrefix(line, "/dev/loop") {
			run := exec.Command("losetup", "--detach", strings.TrimSpace(line))
			if out, err := run.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		}
	}
	return code, said
}

// TestUntouchedLeavesOthers: what others make meanwhile is not the command's, even with CI=true and by a
// name that Berth uses; and what was there before can be used.
func TestUntouchedLeavesOthers(t *testing.T) {
	groups := cgroup2(t)
	old := t.TempDir()
	r := beneath(t, "echo new > "+old+"/file", "CI=true")
	for _, dir := range []string{groups + "/berth-nest-run1.others", os.TempDir() + "/berth-rig-others", "/run/others", "/opt/others"} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = os.Remove(dir) }()
	}
	process := exec.Command("sleep", "1000")
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = process.Process.Kill(); _ = process.Wait() }()
	mounted := t.TempDir()
	image := filepath.Join(t.TempDir(), "image")
	for _, args := range [][]string{{"mount", "-t", "tmpfs", "others", mounted}, {"truncate", "-s", "1M", mounted + "/image", image}} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
	}
	defer func() { _ = syscall.Unmount(mounted, 0) }()
	for _, file := range []string{mounted + "/image", image} {
		device, err := exec.Command("losetup", "--find", "--show", file).Output()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = exec.Command("losetup", "--detach", strings.TrimSpace(string(device))).Run() }()
	}
	if code, said := r.end(t); code != 0 || said != "" {
		t.Errorf("got %d, and: %s", code, said)
	}
	if text, err := os.ReadFile(old + "/file"); string(text) != "new\n" || err != nil {
		t.Errorf("what the command wrote where it could before: %q, %v", text, err)
	}
}

// TestUntouchedLeavesNothing: the guard's own directory and control group go with it, also when it is
// told to end; and it is transparent.
func TestUntouchedLeavesNothing(t *testing.T) {
	gone := func(r *guardedRun) {
		t.Helper()
		for _, place := range []string{r.group, filepath.Join(os.TempDir(), filepath.Base(r.group))} {
			if !strings.HasPrefix(r.group, cgroup2(t)+"/berth-run-") || exists(place) {
				t.Errorf("there is %q", place)
			}
		}
	}
	r := beneath(t, "exit 7")
	if code, said := r.end(t); code != 7 || said != "" {
		t.Errorf("got %d, and: %s", code, said)
	}
	gone(r)
	for name, signal := range interruptions {
		if signal == syscall.SIGKILL {
			continue // the next one sweeps
		}
		r := beneath(t, "exec sleep 1000")
		if err := r.guard.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if code, said := r.end(t); code == 0 {
			t.Errorf("%s: got %d, and: %s", name, code, said)
		}
		gone(r)
	}
}

// TestUntouchedEnds: a guard that is ended alone, which is what make does to it, leaves no command behind.
func TestUntouchedEnds(t *testing.T) {
	for name, signal := range map[string]syscall.Signal{"terminated": syscall.SIGTERM, "killed": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			guard := exec.CommandContext(t.Context(), "./untouched", "sh", "-c", "echo begun; exec cat")
			in, inErr := guard.StdinPipe()
			out, outErr := guard.StdoutPipe()
			if err := errors.Join(inErr, outErr); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = in.Close() }() // with which the command ends, if it is still there
			if err := guard.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := out.Read(make([]byte, 16)); err != nil {
				t.Fatal(err)
			}
			if err := guard.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_, _ = io.Copy(io.Discard, out) // its other end is the command's, too
			}()
			select {
			case <-ended:
			case <-time.After(time.Minute):
				t.Error("the command goes on")
			}
			_ = guard.Wait() // by the signal
		})
	}
}
