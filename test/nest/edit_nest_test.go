//go:build nest

package nest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// editing runs berthctl edit with a shell command as the editor.
func editing(t *testing.T, name, editor string, flags ...string) result {
	t.Helper()
	return try(t, "env", append([]string{"-u", "VISUAL", "EDITOR=" + editor, "TMPDIR=" + t.TempDir(), "berthctl", "edit", name}, flags...)...)
}

// TestEdit: an edit changes the stored definition, all faults are told, and nothing is lost.
func TestEdit(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.start(t)
	if r := editing(t, "web", "true"); r.Out != "Domain 'web' XML configuration not changed." || r.Status != 0 {
		t.Errorf("unchanged: %+v", r)
	}
	if r := editing(t, "web", "sed -i 's,<memory,<title>new</title>&,'"); r.Out != "Domain 'web' XML configuration edited." || r.Status != 0 {
		t.Errorf("changed: %+v", r)
	}
	if i := info(t, "web"); !i.Updated || i.Title != "" {
		t.Errorf("it runs by the old definition: %+v", i)
	}
	if xml := run(t, "berthctl", "dumpxml", "web", "--inactive"); !strings.Contains(xml, "<title>new</title>") {
		t.Errorf("stored:\n%s", xml)
	}
	for name, c := range map[string]struct {
		editor, says string
		flags        []string
	}{
		"libvirt's schema": {"sed -i 's,<memory.*,<memory>0</memory><nosuch/>,'", "failed to validate against schema", nil},
		"two faults":       {"sed -i 's,<memory.*,<memory>0</memory><nosuch/>,'", "2 faults", []string{"--skip-validate"}},
		"another name":     {"sed -i 's,<name>web,<name>shop,'", "only a rename changes", nil},
		"another uuid":     {"sed -i 's,<uuid>.,<uuid>0,;s,<uuid>0\\(.\\),<uuid>01,'", "which cannot change", nil},
		"not XML":          {"sh -c 'echo hello > \"$0\"'", "error: ", nil},
	} {
		r := editing(t, "web", c.editor, c.flags...)
		if r.Status != 1 || !strings.Contains(r.Err, c.says) || !strings.Contains(r.Err, "what you have written is kept in ") {
			t.Errorf("%s: %+v", name, r)
		}
		_, kept, _ := strings.Cut(r.Err, "is kept in ")
		if info, err := os.Stat(strings.TrimSpace(kept)); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	racing := editing(t, "web", "sh -c 'sed -i s,new,mine, \"$0\"; EDITOR=\"sed -i s,new,theirs,\" berthctl edit web >&2'")
	if racing.Status != 1 || !strings.Contains(racing.Err, "was changed meanwhile") {
		t.Errorf("two at once: %+v", racing)
	}
	if xml := run(t, "berthctl", "dumpxml", "web", "--inactive"); !strings.Contains(xml, "<title>theirs</title>") {
		t.Errorf("the first one's is lost:\n%s", xml)
	}
}

// TestEditAtTerminal: at a terminal, berthctl asks, and the edit goes on with what was written.
func TestEditAtTerminal(t *testing.T) {
	clean(t)
	sleeper(t, "web").define(t)
	editor := filepath.Join(t.TempDir(), "editor")
	const script = `#!/bin/sh
if grep -q nosuch "$1"; then sed -i 's,<nosuch/>,<title>mended</title>,' "$1"; else sed -i 's,<memory,<nosuch/>&,' "$1"; fi
`
	if err := os.WriteFile(editor, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("script", "-qec", "env VISUAL="+editor+" berthctl edit web", "/dev/null")
	cmd.Stdin = strings.NewReader("y\n")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Try again? [y,n,i,?]: ") || !strings.Contains(string(out), "configuration edited") {
		t.Errorf("%v:\n%s", err, out)
	}
	if i := info(t, "web"); i.Title != "mended" {
		t.Errorf("the title is %q", i.Title)
	}
}

// TestRename: a renamed container starts under its new name, and keeps its uuid and the output of its last run; a
// daemon that starts anew knows it by the new name only.
func TestRename(t *testing.T) {
	clean(t)
	g := script(t, "web", "echo up; exec sleep 100000")
	g.start(t)
	says(t, "web", "up")
	uuid := info(t, "web").UUID
	if r := try(t, "berthctl", "domrename", "web", "shop"); r.Status != 1 || !strings.Contains(r.Err, "rename is not possible while the domain is running") {
		t.Errorf("while it runs: %+v", r)
	}
	run(t, "berthctl", "destroy", "web")
	if got := run(t, "berthctl", "domrename", "web", "shop"); got != "Domain successfully renamed" {
		t.Errorf("it says %q", got)
	}
	t.Cleanup(func() {
		try(t, "berthctl", "destroy", "shop")
		try(t, "berthctl", "undefine", "shop")
	})
	if r := try(t, "berthctl", "domstate", "web"); r.Status != 1 {
		t.Errorf("by the old name: %+v", r)
	}
	if exists("/etc/berth/containers/web.xml") {
		t.Error("the old file is there")
	}
	says(t, "shop", "up")
	run(t, "systemctl", "restart", "berthd")
	run(t, "berthctl", "start", "shop")
	if i := info(t, "shop"); i.UUID != uuid || i.MachineName != "shop" || i.Unit != "machine-shop.scope" {
		t.Errorf("after a restart: %+v", i)
	}
	sleeper(t, "web").define(t) // the name is free
	for _, c := range []struct{ name, says string }{{"shop", "already exists"}, {"a/b", "cannot contain '/'"}, {"", "must have a name"}} {
		if r := try(t, "berthctl", "domrename", "web", c.name); r.Status != 1 || !strings.Contains(r.Err, c.says) {
			t.Errorf("to %q: %+v", c.name, r)
		}
	}
}
