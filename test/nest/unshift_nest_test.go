//go:build nest

package nest

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// manyFiles puts so many empty files into a root, in directories of 500.
func manyFiles(t testing.TB, root string, count int) {
	t.Helper()
	for n := range count {
		dir := filepath.Join(root, "srv", fmt.Sprint(n/500))
		if n%500 == 0 {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(n)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// shiftedFiles counts the files of a tree that belong to the ids of a container.
func shiftedFiles(t testing.TB, root string) (count int) {
	t.Helper()
	err := filepath.WalkDir(root, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Sys().(*syscall.Stat_t).Uid >= 100000 {
			count++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return count
}

// TestUnshift: a half shifted root does not start, is taken back to plain owners, and then starts; a setuid program in
// it is that again, and a second unshift finds nothing.
func TestUnshift(t *testing.T) {
	clean(t)
	g := script(t, "web", "stat -c '%n %u:%g %a' / /bin/su /srv/mine; echo THE END; exec sleep 1000")
	g.More = idmap
	for _, path := range []string{"bin/su", "srv/mine"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(g.Root, path)), 0o755); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(filepath.Join(g.Root, path))
		if err := os.WriteFile(filepath.Join(g.Root, path), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	shiftBy(t, g.Root, 100000, 200000)
	shiftBy(t, filepath.Join(g.Root, "etc"), 0, 0)
	shiftBy(t, filepath.Join(g.Root, "srv/mine"), 100999, 200998)
	if err := os.Chmod(filepath.Join(g.Root, "bin/su"), 0o755|os.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	g.define(t)
	if r := try(t, "berthctl", "start", "web"); r.Status != 1 || !strings.Contains(r.Err, "'berthctl unshift web'") {
		t.Errorf("half shifted: %+v", r)
	}
	before := owners(t, g.Root)
	dry := run(t, "berthctl", "unshift", "web", "--dry-run")
	if after := owners(t, g.Root); fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("a dry run changes:\n%v\n%v", before, after)
	}
	if got := run(t, "berthctl", "unshift", "web"); strings.ReplaceAll(dry, "would get", "got") != got {
		t.Errorf("%q, and dry %q", got, dry)
	}
	if got := run(t, "berthctl", "unshift", "web", "--json"); !strings.Contains(got, `"changed": 0`) || !strings.Contains(got, `"from": 100000`) {
		t.Errorf("the second time: %s", got)
	}
	run(t, "berthctl", "start", "web")
	if said := says(t, "web", "THE END"); !strings.Contains(said, "/ 0:0 755\n/bin/su 0:0 4755\n/srv/mine 999:998 755\n") {
		t.Error(said)
	}
	if r := try(t, "berthctl", "unshift", "web"); r.Status != 1 || !strings.Contains(r.Err, "domain is already running") && !strings.Contains(r.Err, "running") {
		t.Errorf("while it runs: %+v", r)
	}
	if r := try(t, "berthctl", "unshift", "--path", g.Root, "--from", "100000"); r.Status != 1 || !strings.Contains(r.Err, "another running container uses") {
		t.Errorf("while it runs, by its path: %+v", r)
	}
}

// TestUnshiftPath: a directory of the host is taken back by the ids of its owner, or of the caller's choice, unless it
// belongs to the host.
func TestUnshiftPath(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	manyFiles(t, dir, 3)
	shiftBy(t, dir, 300000, 300000)
	if r := try(t, "berthctl", "unshift", "--path", dir); r.Status != 1 || !strings.Contains(r.Err, "300000:300000, which begins no range") {
		t.Errorf("the directory of a user: %+v", r)
	}
	if got := run(t, "berthctl", "unshift", "--path", dir, "--from", "300000"); !strings.Contains(got, "6 of 6 files got plain owners, from the ids that begin at 300000") && !strings.Contains(got, "5 of 5 files") {
		t.Error(got)
	}
	if n := shiftedFiles(t, dir); n > 0 {
		t.Errorf("%d files are shifted", n)
	}
	for path, says := range map[string]string{"/usr": "belongs to the host", dir: "its top belongs to 0:0", "/nosuch": "no such file or directory"} {
		if r := try(t, "berthctl", "unshift", "--path", path); r.Status != 1 || !strings.Contains(r.Err, says) {
			t.Errorf("%s: %+v", path, r)
		}
	}
}

// ended is how an unshift ends in the middle.
type ended struct {
	end  func(t *testing.T, cmd *exec.Cmd)
	goes bool     // it goes on by itself
	more string   // of the definition
	args []string // of the unshift
	gid  int      // of the shifted root; its uid is 100000
	top  int      // who owns the top, if that is somebody else
}

func signalled(sig syscall.Signal) func(*testing.T, *exec.Cmd) {
	return func(t *testing.T, cmd *exec.Cmd) {
		if err := cmd.Process.Signal(sig); err != nil {
			t.Error(err)
		}
	}
}

// TestUnshiftInterrupted: an unshift whose daemon is killed goes on with the next daemon. One that is aborted, by
// domjobabort or Ctrl-C, or of which nobody is left, says how to go on; until then neither the root nor a directory in
// it starts, with a user namespace or without, whoever owns its top, nor as a volume; plan and doctor say so. Other ids
// are refused, and the next call needs none.
func TestUnshiftInterrupted(t *testing.T) {
	const files = 15000
	killAll := func(t *testing.T, cmd *exec.Cmd) {
		killDaemon(t, func() { signalled(syscall.SIGKILL)(t, cmd) })
	}
	from := []string{"--from", "100000"}
	for name, tc := range map[string]ended{
		"kill":                      {end: func(t *testing.T, _ *exec.Cmd) { killDaemon(t) }, goes: true, more: idmap, gid: 200000},
		"kill, from":                {end: func(t *testing.T, _ *exec.Cmd) { killDaemon(t) }, goes: true, args: from, gid: 100000, top: 1000},
		"abort":                     {end: func(t *testing.T, _ *exec.Cmd) { try(t, "berthctl", "domjobabort", "web") }, more: idmap, gid: 200000},
		"ctrl-c":                    {end: signalled(syscall.SIGINT), more: idmap, gid: 200000, top: 300000},
		"ctrl-c, from":              {end: signalled(syscall.SIGINT), args: from, gid: 100000},
		"all killed, from":          {end: killAll, args: from, gid: 100000},
		"all killed, a foreign top": {end: killAll, more: idmap, args: from, gid: 100000, top: 1000},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := script(t, "web", "exec sleep 1000")
			g.More = tc.more
			manyFiles(t, g.Root, files)
			shiftBy(t, g.Root, 100000, tc.gid)
			if tc.top != 0 {
				if err := os.Lchown(g.Root, tc.top, tc.top); err != nil {
					t.Fatal(err)
				}
			}
			all := shiftedFiles(t, g.Root)
			g.define(t)
			said, err := interrupt(t, g.Root, tc)
			for again := 0; !tc.goes && (err == nil || shiftedFiles(t, g.Root) == 0) && again < 20; again++ { // it was over before
				shiftBy(t, g.Root, 100000, tc.gid)
				if tc.top != 0 {
					if err := os.Lchown(g.Root, tc.top, tc.top); err != nil {
						t.Fatal(err)
					}
				}
				said, err = interrupt(t, g.Root, tc)
			}
			left := shiftedFiles(t, g.Root)
			t.Logf("%d of %d files left; %v: %s", left, all, err, said)
			if tc.goes {
				if err != nil || left > 0 {
					t.Errorf("%d files left, %v: %s", left, err, said)
				}
			} else {
				if err == nil || left == 0 || left == all {
					t.Errorf("%d of %d files left, %v: %s", left, all, err, said)
				}
				staysOff(t, g)
				if said != "" && !strings.Contains(said, "the next call goes on") {
					t.Error(said)
				}
			}
			eventually(t, func() error {
				if r := try(t, "berthctl", "unshift", "web"); r.Status != 0 && (!tc.goes || !strings.Contains(r.Err, "no <idmap>")) {
					return fmt.Errorf("%+v", r)
				}
				return nil
			})
			if left := shiftedFiles(t, g.Root); left > 1 || left == 1 && tc.top < 100000 {
				t.Errorf("%d files are shifted in the end", left)
			}
			run(t, "berthctl", "start", "web")
			run(t, "berthctl", "destroy", "web")
		})
	}
}

// interrupt begins an unshift of web, and ends it in the middle. It returns what berthctl says.
func interrupt(t *testing.T, root string, tc ended) (said string, err error) {
	t.Helper()
	cmd := exec.Command("berthctl", append([]string{"unshift", "web"}, tc.args...)...)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	belongs(t, filepath.Join(root, "bin"), 0) // with the other directories that tell what the root is; the top is the last
	time.Sleep(5 * time.Millisecond)
	tc.end(t, cmd)
	err = cmd.Wait()
	return out.String(), err
}

// belongs waits until a file belongs to somebody.
func belongs(t *testing.T, path string, uid uint32) {
	t.Helper()
	eventually(t, func() error {
		var st syscall.Stat_t
		if err := syscall.Stat(path, &st); err != nil {
			return err
		}
		if st.Uid != uid {
			return fmt.Errorf("%s belongs to %d", path, st.Uid)
		}
		return nil
	})
}

// staysOff checks that a root of which a part is done is used by nobody.
func staysOff(t *testing.T, g guest) {
	t.Helper()
	const interrupted = "an unshift of it by the ids that begin at 100000 was interrupted, or still goes on"
	if r := try(t, "berthctl", "start", "web"); r.Status != 1 || !strings.Contains(r.Err, g.Root+": "+interrupted) || !strings.Contains(r.Err, "'berthctl unshift web'") {
		t.Errorf("with what is left it starts: %+v", r)
	}
	if r := try(t, "berthctl", "unshift", "web", "--from", "400000"); r.Status != 1 || !strings.Contains(r.Err, "by other ids, which begin at 100000") {
		t.Errorf("by other ids: %+v", r)
	}
	if out := run(t, "berthctl", "plan", "web"); !strings.Contains(out, `"state": "interrupted"`) || !strings.Contains(out, interrupted) {
		t.Errorf("the plan: %s", out)
	}
	if r := try(t, "berthctl", "doctor"); r.Status != 1 || !strings.Contains(r.Out, g.Root+", the root of web: "+interrupted) {
		t.Errorf("doctor: %+v", r)
	}
	below := g
	below.Name, below.Root = "below", filepath.Join(g.Root, "srv")
	below.define(t)
	if r := try(t, "berthctl", "start", "below"); r.Status != 1 || !strings.Contains(r.Err, below.Root+": an unshift of "+g.Root+", where it is,") ||
		!strings.Contains(r.Err, "'berthctl unshift --path "+g.Root+"'") {
		t.Errorf("a part of it starts as a root: %+v", r)
	}
	if out := run(t, "berthctl", "plan", "below"); !strings.Contains(out, `"state": "interrupted"`) || !strings.Contains(out, "an unshift of "+g.Root+", where it is,") {
		t.Errorf("the plan for a part of it: %s", out)
	}
	run(t, "berthctl", "undefine", "below")
	for _, volume := range []string{g.Root, below.Root} {
		noVolume(t, volume, g.Root)
	}
}

// noVolume checks that no container gets a directory of a tree, of which a part is done, at its start or later.
func noVolume(t *testing.T, dir, tree string) {
	t.Helper()
	other := sleeper(t, "other")
	other.Devs = fsXML("mount", "dir='"+dir+"'", "/mnt", "")
	other.define(t)
	if r := try(t, "berthctl", "start", "other"); r.Status != 1 || !strings.Contains(r.Err, "'berthctl unshift --path "+tree+"'") {
		t.Errorf("%s as a volume: %+v", dir, r)
	}
	run(t, "berthctl", "undefine", "other")
	other.Devs = ""
	other.start(t)
	if r := try(t, "berthctl", "attach-device", "other", xmlFile(t, fsXML("mount", "dir='"+dir+"'", "/mnt", "")), "--live"); r.Status != 1 ||
		!strings.Contains(r.Err, "was interrupted, or still goes on") || !strings.Contains(r.Err, "'berthctl unshift --path "+tree+"'") {
		t.Errorf("%s attached: %+v", dir, r)
	}
	run(t, "berthctl", "destroy", "other")
	run(t, "berthctl", "undefine", "other")
}
