package selinux

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// host is a host with a policy, in a directory.
type host struct {
	dir     string
	own     string
	off     bool
	now     time.Time
	log     bytes.Buffer
	options Options
}

var errNoContext = errors.New("invalid argument")

func (h *host) Enabled() bool            { return !h.off }
func (h *host) Enforcing() bool          { return true }
func (h *host) Current() (string, error) { return h.own, nil }

// Canonical knows no type bad_t, and writes c1,c0 as c0,c1.
func (h *host) Canonical(context string) (string, error) {
	if strings.Contains(context, "bad_t") {
		return "", errNoContext
	}
	return strings.ReplaceAll(context, "c1,c0", "c0,c1"), nil
}

const lxcContexts = `# of libvirt
process = "system_u:system_r:container_t:s0"
content = "system_u:object_r:virt_var_lib_t:s0"

file = "system_u:object_r:container_file_t:s0"
sandbox_kvm_process = "x"
`

// newHost makes a host. berthd has few categories there.
func newHost(t *testing.T) *host {
	t.Helper()
	h := &host{dir: t.TempDir(), own: "system_u:system_r:berth_t:s0-s0:c0.c7", now: time.Unix(1000, 0)}
	h.write(t, "etc/config", "# comment\nSELINUX=enforcing\nSELINUXTYPE=targeted\n")
	h.write(t, "etc/targeted/contexts/lxc_contexts", lxcContexts)
	h.write(t, "proc/version", "Linux")
	h.options = Options{
		Driver: DriverAuto, Kernel: h, Etc: h.dir + "/etc", Proc: h.dir + "/proc",
		Now: func() time.Time { return h.now }, Log: slog.New(slog.NewTextHandler(&h.log, nil)),
	}
	return h
}

func (h *host) write(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(h.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestProbe: the host, its policy and berth.conf decide whether there are labels, and one line of the log says so, or
// why not.
func TestProbe(t *testing.T) {
	t.Parallel()
	remove := func(name string) func(*testing.T, *host) {
		return func(t *testing.T, h *host) {
			t.Helper()
			if err := os.Remove(filepath.Join(h.dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, tc := range map[string]struct {
		alter func(*testing.T, *host)
		log   string // a part of the line
		ok    bool
	}{
		"all is there":       {func(*testing.T, *host) {}, "containers get labels of SELinux", true},
		"switched off":       {func(_ *testing.T, h *host) { h.off = true }, "no SELinux, or it is switched off", false},
		"AppArmor":           {func(_ *testing.T, h *host) { h.off, h.options.AppArmor = true, true }, "AppArmor profile of berthd", false},
		"not wanted":         {func(_ *testing.T, h *host) { h.options.Driver = DriverNone }, "SecurityDriver=none", false},
		"wanted":             {func(_ *testing.T, h *host) { h.options.Driver = DriverSELinux }, "containers get labels of SELinux", true},
		"wanted and missing": {func(_ *testing.T, h *host) { h.off, h.options.Driver = true, DriverSELinux }, "no container can start: SecurityDriver=selinux", false},
		"no configuration":   {remove("etc/config"), "etc/config: no such file", false},
		"no policy": {func(t *testing.T, h *host) {
			t.Helper()
			h.write(t, "etc/config", "SELINUX=enforcing\n")
		}, "does not say which policy", false},
		"no lxc_contexts": {remove("etc/targeted/contexts/lxc_contexts"), "no contexts of containers", false},
		"no line file": {func(t *testing.T, h *host) {
			t.Helper()
			h.write(t, "etc/targeted/contexts/lxc_contexts", strings.Replace(lxcContexts, "\nfile =", "\nfiles =", 1))
		}, "has no line 'file = ", false},
		"no context there": {func(t *testing.T, h *host) {
			t.Helper()
			h.write(t, "etc/targeted/contexts/lxc_contexts", strings.Replace(lxcContexts, "system_u:system_r:container_t:s0", "container_t", 1))
		}, "process: 'container_t' is no SELinux context", false},
		"too few categories": {func(_ *testing.T, h *host) { h.own = "u:r:t:s0:c0.c3" }, "has 4 categories", false},
		"no levels":          {func(_ *testing.T, h *host) { h.own = "u:r:t" }, "has no level", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t)
			tc.alter(t, h)
			l := New(h.options)
			model := domain.ModelNone
			if tc.ok {
				model = domain.ModelSELinux
			}
			if base := l.Base(); base != map[bool]string{true: "system_u:system_r:container_t:s0"}[tc.ok] {
				t.Errorf("the base is %q", base)
			}
			if l.Model() != model || (l.Missing() == nil) != tc.ok || l.Enforcing() != tc.ok || l.Required() != (h.options.Driver == DriverSELinux) {
				t.Errorf("%s, %v", l.Model(), l.Missing())
			}
			if text := h.log.String(); !strings.Contains(text, tc.log) || strings.Count(text, "\n") != 1 {
				t.Errorf("the log has %q", text)
			}
		})
	}
}

// TestDynamic: a dynamic label has the user and role of the daemon, the types of the policy or of the base, and a pair;
// that of the files keeps its own role. A context that the policy does not have is an error that says where it comes
// from, and keeps no pair.
func TestDynamic(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.own = "unconfined_u:unconfined_r:berth_t:s0-s0:c0.c7"
	h.options.Random = func(int) int { return 0 }
	l := New(h.options)
	want := service.Label{
		Model: "selinux", Type: domain.LabelDynamic,
		Process: "unconfined_u:unconfined_r:container_t:s0:c0,c1", Files: "unconfined_u:object_r:container_file_t:s0:c0,c1",
	}
	got, err := l.Dynamic("")
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, -want +got\n%s", err, diff)
	}
	if got, err := l.Dynamic("a_u:a_r:other_t:s3:c5"); err != nil || got.Process != "unconfined_u:unconfined_r:other_t:s0:c0,c2" {
		t.Errorf("%+v, %v", got, err)
	}
	for base, wrong := range map[string]string{"nonsense": "no SELinux context", "u:r:bad_t:s0": "comes from <baselabel>"} {
		if _, err := l.Dynamic(base); err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("%s: %v", base, err)
		}
	}
	h.write(t, "etc/targeted/contexts/lxc_contexts", strings.Replace(lxcContexts, "container_file_t", "bad_t", 1))
	if _, err := l.Dynamic(""); !errors.Is(err, errNoContext) || !strings.Contains(err.Error(), "contexts/lxc_contexts") {
		t.Errorf("%v", err)
	}
	if len(l.used) != 2 {
		t.Errorf("in use: %v", l.used)
	}
}

// TestStatic: a static label is written as the kernel does, its files have its level, and it keeps its pair
// from dynamic ones as long as it is in use.
func TestStatic(t *testing.T) {
	t.Parallel()
	l := New(newHost(t).options)
	got, err := l.Static("u:r:web_t:s0:c1,c0-s0:c0.c9")
	want := service.Label{Model: "selinux", Type: domain.LabelStatic, Process: "u:r:web_t:s0:c0,c1-s0:c0.c9", Files: "system_u:object_r:container_file_t:s0:c0,c1"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil || l.used["s0:c0,c1"] != 1 {
		t.Errorf("%v, in use %v, -want +got\n%s", err, l.used, diff)
	}
	if l.Release(got); len(l.used) != 0 {
		t.Errorf("after its release %v are in use", l.used)
	}
	for _, bad := range []string{"u:r:bad_t:s0", "x"} {
		if _, err := l.Static(bad); err == nil || l.Check(bad) == nil && bad != "x" {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestEveryPairOnce: as many labels as there are pairs are made, each with another pair, at once; then none, until one
// is given back, or another process has ended. Those of earlier daemons' runs, static ones among them, and of other
// processes are left out.
func TestEveryPairOnce(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	for pid, label := range map[int]string{
		7: "u:r:podman_t:s0:c2,c5\x00", 8: "system_u:system_r:kernel_t:s0\n", 9: "", 10: "u:r:t:s0-s0:c0.c1023", 11: "u:r:t:s0:c4,c6\n",
	} {
		h.write(t, fmt.Sprintf("proc/%d/attr/current", pid), label)
	}
	l := New(h.options)
	earlier := service.Label{Type: domain.LabelDynamic, Process: "u:r:t:s0:c0,c7"}
	l.Reserve(earlier)
	l.Reserve(service.Label{Type: domain.LabelStatic, Process: "u:r:t:s0:c0,c6"})
	const free = 28 - 4
	made := make([]service.Label, free)
	var all sync.WaitGroup
	for i := range free {
		all.Go(func() {
			label, err := l.Dynamic("")
			if err != nil {
				t.Error(err)
			}
			made[i] = label
		})
	}
	all.Wait()
	seen := map[string]bool{"s0:c2,c5": true, "s0:c4,c6": true, "s0:c0,c7": true, "s0:c0,c6": true}
	for _, label := range made {
		level := levelOf(label)
		if seen[level] {
			t.Errorf("%s is given twice", level)
		}
		seen[level] = true
	}
	if _, err := l.Dynamic(""); err == nil || !strings.Contains(err.Error(), "all 28 pairs") {
		t.Errorf("with none left: %v", err)
	}
	l.Release(earlier)
	l.Release(earlier)
	l.Release(service.Label{})
	if label, err := l.Dynamic(""); err != nil || levelOf(label) != "s0:c0,c7" {
		t.Errorf("%+v, %v", label, err)
	}
	if err := os.RemoveAll(filepath.Join(h.dir, "proc/7")); err != nil {
		t.Fatal(err)
	}
	if label, err := l.Dynamic(""); err != nil || levelOf(label) != "s0:c2,c5" {
		t.Errorf("right after the end of another process: %+v, %v", label, err)
	}
}

// TestReservedTwice: a pair that two runs of earlier daemons have stays in use until both have ended.
func TestReservedTwice(t *testing.T) {
	t.Parallel()
	l := New(newHost(t).options)
	label := service.Label{Type: domain.LabelDynamic, Process: "u:r:t:s0:c0,c7"}
	l.Reserve(label)
	l.Reserve(label)
	l.Release(label)
	if l.used["s0:c0,c7"] != 1 {
		t.Errorf("in use: %v", l.used)
	}
}

// TestOf: the label of a process is read where it has a pair, and the label of its files is made of it.
func TestOf(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.write(t, "proc/7/attr/current", "u:r:container_t:s0:c2,c5\x00")
	h.write(t, "proc/8/attr/current", "u:r:initrc_t:s0\x00")
	l := New(h.options)
	want := service.Label{Model: "selinux", Type: domain.LabelDynamic, Process: "u:r:container_t:s0:c2,c5", Files: "system_u:object_r:container_file_t:s0:c2,c5"}
	if diff := cmp.Diff(want, l.Of(7)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for _, pid := range []uint32{8, 9} {
		if got := l.Of(pid); got != (service.Label{}) {
			t.Errorf("%d: %+v", pid, got)
		}
	}
}

// TestWithoutLabels: a host without labels takes every label of a definition, and is asked for none.
func TestWithoutLabels(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.off = true
	l := New(h.options)
	if err := l.Check("u:r:bad_t:s0"); err != nil {
		t.Error(err)
	}
	if got := l.Of(1); got != (service.Label{}) {
		t.Errorf("%+v", got)
	}
}
