//go:build nest

package demo

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/berthd/berth/test/rig/command"
)

const patience = 2 * time.Minute // for the end of a demo's host

// demonstration is a run of the script with a TMPDIR of its own.
type demonstration struct {
	tmp string
	cmd *exec.Cmd
	out *bufio.Scanner
}

// begin starts the demo, and checks at the test's end that nothing is left of it.
func begin(t *testing.T, deb string) demonstration {
	t.Helper()
	command.HeedHangUps()
	d := demonstration{tmp: t.TempDir(), cmd: exec.Command("./demo", deb)}
	d.cmd.Env = append(os.Environ(), "TMPDIR="+d.tmp)
	pipe, err := d.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	d.cmd.Stderr = d.cmd.Stdout
	d.out = bufio.NewScanner(pipe)
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.gone(t) })
	return d
}

// reads gives what the demo prints up to a line that starts with the text.
func (d demonstration) reads(t *testing.T, text string) string {
	t.Helper()
	var seen strings.Builder
	for d.out.Scan() {
		seen.WriteString(d.out.Text() + "\n")
		if strings.HasPrefix(d.out.Text(), text) {
			return seen.String()
		}
	}
	t.Fatalf("the demo ended before %q:\n%s", text, &seen)
	return ""
}

// gone checks that the demo's host and its files are, soon.
func (d demonstration) gone(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		left, err := d.left()
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("left after %v: %v", patience, left)
		}
	}
}

func (d demonstration) left() ([]string, error) {
	left, err := filepath.Glob(d.tmp + "/*")
	if err != nil {
		return nil, err
	}
	mounts, err := exec.Command("findmnt", "-rn", "-t", "cgroup2", "-o", "TARGET").Output()
	if err != nil {
		return nil, err
	}
	for mount := range strings.FieldsSeq(string(mounts)) {
		groups, err := filepath.Glob(fmt.Sprintf("%s/berth-nest-demo%d.*", mount, d.cmd.Process.Pid))
		if err != nil {
			return nil, err
		}
		left = append(left, groups...)
	}
	return left, nil
}

// TestDemo: the demo shows a container's life and leaves nothing, also when it is interrupted or
// killed at any place.
func TestDemo(t *testing.T) {
	deb := filepath.Join(t.TempDir(), "berth.deb")
	if out, err := exec.Command("make", "--no-print-directory", "--silent", "-C", "../..", "deb", "DEB="+deb).CombinedOutput(); err != nil {
		t.Fatalf("make deb: %v: %s", err, out)
	}
	t.Run("to its end", func(t *testing.T) { whole(t, deb) })
	for name, signal := range map[string]syscall.Signal{
		"Ctrl-C": syscall.SIGINT, "terminated": syscall.SIGTERM, "hung up": syscall.SIGHUP, "killed": syscall.SIGKILL,
	} {
		places := []string{"$ test/rig/nest up", "$ dpkg -i", "$ machinectl status"}
		if signal == syscall.SIGKILL {
			places = places[1:] // nobody is there yet who could remove its directory
		}
		for _, place := range places {
			t.Run(name+" at "+place, func(t *testing.T) { interrupted(t, deb, place, signal) })
		}
	}
}

func whole(t *testing.T, deb string) {
	d := begin(t, deb)
	shown := d.reads(t, "demo: done")
	if err := d.cmd.Wait(); err != nil {
		t.Errorf("the demo says that it is done, but ends with %v", err)
	}
	for _, command := range []string{
		"busctl call org.berth1", "berthctl define", "berthctl start vm1", "machinectl list", "machinectl status",
		"systemd-cgls", "machinectl terminate vm1",
	} {
		if !strings.Contains(shown, "\n$ "+command) {
			t.Errorf("the demo does not show %q", command)
		}
	}
	if t.Failed() {
		t.Log(shown)
	}
}

// interrupted ends the demo when it shows the command of a place, and so just before it runs it.
func interrupted(t *testing.T, deb, place string, signal syscall.Signal) {
	d := begin(t, deb)
	d.reads(t, place)
	if err := d.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := d.cmd.Wait(); !errors.As(err, &exit) {
		t.Errorf("the interrupted demo ends with %v", err)
	}
}
