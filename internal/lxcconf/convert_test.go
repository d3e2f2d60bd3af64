package lxcconf

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/lxcconf/syntax"
	"github.com/berthd/berth/internal/native"
	"github.com/berthd/berth/test/goldenfile"
)

// readFiles reads the files of testdata/files, which stands for /usr/share.
func readFiles(path string) ([]syntax.Source, error) {
	below, ok := strings.CutPrefix(path, "/usr/share/")
	if !ok {
		return nil, os.ErrNotExist
	}
	name := filepath.Join("testdata/files", below)
	names := []string{name}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		names, _ = filepath.Glob(filepath.Join(name, "*.conf"))
	}
	var list []syntax.Source
	for _, n := range names {
		text, err := os.ReadFile(n)
		if err != nil {
			return nil, os.ErrNotExist
		}
		list = append(list, syntax.Source{Name: "/usr/share/" + strings.TrimPrefix(n, "testdata/files/"), Text: string(text)})
	}
	return list, nil
}

// corpus returns the configurations of testdata.
func corpus(t testing.TB) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/*.conf")
	if err != nil || len(names) < 80 {
		t.Fatalf("%d configurations: %v", len(names), err)
	}
	return names
}

// golden returns what a conversion says: the warnings or the error, and the definition.
func golden(r *native.Result, err error) string {
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	var b strings.Builder
	for _, w := range r.Warnings {
		fmt.Fprintf(&b, "%s:%d: %s\n", w.File, w.Line, w.Text)
	}
	return b.String() + "\n" + r.XML
}

// TestConvert: each configuration of the corpus becomes the definition, the warnings or the error of its golden file.
func TestConvert(t *testing.T) {
	t.Parallel()
	for _, name := range corpus(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		o := Options{Read: readFiles}
		if strings.HasSuffix(name, "/named.conf") {
			o.Name = "other"
		}
		got := golden(Convert(filepath.Base(name), string(text), o))
		file := strings.TrimSuffix(name, ".conf") + ".golden"
		goldenfile.Check(t, file, got)
		if strings.HasPrefix(filepath.Base(name), "error-") != strings.HasPrefix(got, "error: ") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestEachKeyIsAccountedFor: a line changes the definition or brings a warning with its number, so that nothing is
// skipped in silence.
func TestEachKeyIsAccountedFor(t *testing.T) {
	t.Parallel()
	const base = "lxc.uts.name = web\nlxc.rootfs.path = /srv/web\n"
	before, err := Convert("config", base, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{
		"lxc.hook.mount": "x", "lxc.hook.pre-start": "x", "lxc.seccomp": "x", "lxc.seccomp.profile": "x", "lxc.aa_profile": "x",
		"lxc.se_context": "x", "lxc.pts": "10", "lxc.pty.max": "10", "lxc.start.auto": "1", "lxc.start.delay": "1", "lxc.group": "x",
		"lxc.sysctl.kernel.msgmax": "1", "lxc.proc.oom_score_adj": "1", "lxc.cap.keep": "chown", "lxc.cgroup2.pids.max": "5",
		"lxc.cgroup2.hugetlb.2MB.max": "1", "lxc.cgroup.cpu.rt_runtime_us": "1", "lxc.init.cmd": "/init", "lxc.console": "/dev/tty1",
		"lxc.tty": "3", "lxc.devttydir": "lxc", "lxc.autodev": "0", "lxc.environment": "A=b", "lxc.idmap": "b 0 1 5", "lxc.include": "/x",
		"lxc.mount": "/x", "lxc.mount.fstab": "/x", "lxc.mount.auto": "sys:rw", "lxc.mount.entry": "/a b none bind", "lxc.net.0.type": "none",
		"lxc.network.type": "none", "lxc.prlimit.core": "0", "lxc.rootfs.options": "noatime", "lxc.rootfs.mount": "/mnt", "lxc.nosuch": "x", "nosuch": "x",
	} {
		r, err := Convert("config", base+key+" = "+value+"\n", Options{})
		if err != nil {
			t.Errorf("%s: %v", key, err)
			continue
		}
		warned := false
		for _, w := range r.Warnings {
			warned = warned || w.File == "config" && w.Line == 3 && strings.HasPrefix(w.Text, key+": ")
		}
		if !warned && r.XML == before.XML {
			t.Errorf("%s changes nothing, and no warning says so: %v", key, r.Warnings)
		}
	}
}

// TestResultIsRead: every definition of the corpus for which no warning says otherwise is one that can be defined.
func TestResultIsRead(t *testing.T) {
	t.Parallel()
	read := 0
	for _, name := range corpus(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Convert("config", string(text), Options{Name: "x", Read: readFiles})
		if err != nil || strings.Contains(fmt.Sprint(r.Warnings), "has to be changed") || strings.Contains(r.XML, "arch=") {
			continue
		}
		read++
		if _, err := domain.Parse([]byte(r.XML)); err != nil {
			t.Errorf("%s: %v\n%s", name, err, r.XML)
		}
	}
	if read < 30 {
		t.Errorf("only %d definitions were read", read)
	}
}
