//go:build nest

package nest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// block gives a block of code of docs/dbus.md, by its heading and by the word behind its fence.
func block(t *testing.T, heading, fence string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/dbus.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "\n## "+heading+"\n")
	rest, _, _ = strings.Cut(rest, "\n## ")
	_, rest, found := strings.Cut(rest, "\n```"+fence+"\n")
	code, _, closed := strings.Cut(rest, "\n```\n")
	if !ok || !found || !closed {
		t.Fatalf("no block %q below %q", fence, heading)
	}
	return code + "\n"
}

// runExample runs a program in a directory that has web.xml, with the text as its input, and gives its output.
func runExample(t *testing.T, text string, words ...string) string {
	t.Helper()
	g := sleeper(t, "web")
	t.Cleanup(func() {
		try(t, "berthctl", "destroy", "web")
		try(t, "berthctl", "undefine", "web")
	})
	program, err := exec.LookPath(words[0])
	if err != nil {
		t.Fatal(err)
	}
	if program, err = filepath.Abs(program); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, words[1:]...)
	cmd.Dir, cmd.Stdin = t.TempDir(), strings.NewReader(text)
	if err := os.WriteFile(filepath.Join(cmd.Dir, "web.xml"), []byte(g.xml()), 0o600); err != nil {
		t.Fatal(err)
	}
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("%v: %s%s", err, out, &complaints)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

// TestDocsLife: the examples of docs/dbus.md take a container through its life with busctl, gdbus, Python and Go.
func TestDocsLife(t *testing.T) {
	clean(t)
	for _, e := range []struct {
		heading, fence string
		program        []string
	}{
		{"busctl", "sh", []string{"bash", "-e", "-s"}},
		{"gdbus", "sh", []string{"bash", "-e", "-s"}},
		{"Python", "python", []string{"/usr/bin/python3", "-"}},
		{"Go", "go", []string{"../../bin/example"}},
	} {
		t.Run(e.heading, func(t *testing.T) {
			if got := runExample(t, block(t, e.heading, e.fence), e.program...); got != "shutoff running paused running shutoff" {
				t.Errorf("printed %q", got)
			}
		})
	}
}

// TestDocsWatch: what docs/dbus.md says of busctl's tree, introspect and monitor shows a container, all methods, and
// one change of the state for each transition and one event for each step of its life.
func TestDocsWatch(t *testing.T) {
	clean(t)
	g := sleeper(t, "seen")
	g.define(t)
	path, err := bus(t).ByName(t.Context(), "seen")
	if err != nil {
		t.Fatal(err)
	}
	look := run(t, "bash", "-e", "-c", block(t, "busctl", "sh look"))
	for _, want := range []string{string(path), ".DefineXML", ".Lifecycle", ".ContainersRunning"} {
		if !strings.Contains(look, want) {
			t.Errorf("no %s in:\n%s", want, look)
		}
	}
	file := filepath.Join(t.TempDir(), "events")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	watch := exec.Command("bash", "-c", "exec "+block(t, "busctl", "sh watch"))
	watch.Stdout, watch.Stderr = out, out
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	seen := func(want string, times int) {
		t.Helper()
		var text []byte
		eventually(t, func() error {
			if text, err = os.ReadFile(file); err != nil || bytes.Count(text, []byte(want)) < times {
				return errors.New("not yet: " + want)
			}
			return nil
		})
		if n := bytes.Count(text, []byte(want)); n != times {
			t.Errorf("%d times %s, not %d", n, want, times)
		}
	}
	seen("Monitoring bus message stream", 1)
	runExample(t, block(t, "busctl", "sh"), "bash", "-e", "-s")
	seen("Member=InterfacesRemoved", 1)
	seen("Member=Lifecycle", 6) // with Defined and Undefined
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, found := range regexp.MustCompile(`STRING "State";\s+VARIANT "s" \{\s+STRING "(\w+)"`).FindAllSubmatch(text, -1) {
		states = append(states, string(found[1]))
	}
	if got := strings.Join(states, " "); got != "shutoff starting running paused running shutoff" {
		t.Errorf("the state was %s", got)
	}
	if err := watch.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	_ = watch.Wait()
}
