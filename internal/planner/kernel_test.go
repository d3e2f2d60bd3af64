package planner

import (
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/linux/seccomp"
	"github.com/berthd/berth/internal/plan"
)

// TestKernelViews: securityfs and selinuxfs are shown read-only where the host has them, but not in
// a user namespace, which may not mount them.
func TestKernelViews(t *testing.T) {
	t.Parallel()
	mapped := domain.IDMap{UIDs: []domain.IDRange{{Target: 100000, Count: 65536}}, GIDs: []domain.IDRange{{Target: 100000, Count: 65536}}}
	for _, c := range []struct {
		name              string
		security, selinux bool
		ids               domain.IDMap
		want              []string
	}{
		{"neither", false, false, domain.IDMap{}, nil},
		{"securityfs", true, false, domain.IDMap{}, []string{"/sys/kernel/security securityfs"}},
		{"selinuxfs", false, true, domain.IDMap{}, []string{"/sys/fs/selinux selinuxfs"}},
		{"both", true, true, domain.IDMap{}, []string{"/sys/kernel/security securityfs", "/sys/fs/selinux selinuxfs"}},
		{"user namespace", true, true, mapped, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, h := minimal(), testHost()
			d.IDMap, h.SecurityFS, h.SELinuxFS = c.ids, c.security, c.selinux
			p := Build(d, h)
			checkPlan(t, p)
			var got []string
			for i, m := range p.Mounts {
				if !strings.HasPrefix(m.Target, "/sys/") {
					continue
				}
				got = append(got, m.Target+" "+m.Type)
				sys := slices.IndexFunc(p.Mounts, func(m plan.Mount) bool { return m.Target == "/sys" })
				if i < sys || !m.ReadOnly || !m.NoSUID || !m.NoDev || !m.NoExec {
					t.Errorf("mount %d, /sys is %d: %+v", i, sys, m)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// TestRunHost: /run/host tells what the environment says and what is known of the host.
func TestRunHost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, osRelease string
		own             []domain.EnvVar
		want            map[string]string
	}{
		{"all", "ID=a\nNAME=b\n", nil, map[string]string{
			"container-manager": "libvirt-lxc\n", "container-uuid": minimal().UUID.String() + "\n", "os-release": "ID=a\nNAME=b\n",
		}},
		{"nothing known, one changed, one taken away", "", []domain.EnvVar{{Name: "container", Value: "x"}, {Name: "container_uuid"}}, map[string]string{
			"container-manager": "x\n",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, h := minimal(), testHost()
			d.OS.Env, h.OSRelease = c.own, c.osRelease
			p := Build(d, h)
			checkPlan(t, p)
			i := slices.IndexFunc(p.Mounts, func(m plan.Mount) bool { return m.Target == "/run/host" })
			if i < 1 || p.Mounts[i-1].Target != "/run" || !p.Mounts[i].ReadOnly {
				t.Fatalf("mounts: %+v", p.Mounts)
			}
			got := map[string]string{}
			for _, f := range p.Mounts[i].Files {
				got[f.Name] = f.Content
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestWholeProc: a whole proc is kept with every user namespace, and otherwise a whole proc and sysfs for who may
// mount new ones anyway.
func TestWholeProc(t *testing.T) {
	t.Parallel()
	ids := []domain.IDRange{{Target: 100000, Count: 65536}}
	for _, c := range []struct {
		name        string
		mapped, may bool
		want        bool
	}{
		{"plain", false, true, true},
		{"who may not mount", false, false, false},
		{"user namespace", true, true, true},
		{"who may not mount, user namespace", true, false, true},
	} {
		d := minimal()
		d.Features.Capabilities.States = map[string]bool{"sys_admin": c.may}
		if c.mapped {
			d.IDMap = domain.IDMap{UIDs: ids, GIDs: ids}
		}
		for _, m := range Build(d, testHost()).Mounts {
			if want := c.want && (m.Type == "proc" || m.Type == "sysfs" && !c.mapped); m.Kind == plan.MountNew && m.Whole != want {
				t.Errorf("%s: %+v, want %v", c.name, m, want)
			}
		}
	}
}

// TestDenied: each call of the seccomp profile is a system call, and a capability that is kept
// lifts its calls.
func TestDenied(t *testing.T) {
	t.Parallel()
	d := minimal()
	d.Extension.Seccomp = "default"
	d.Features.Capabilities = domain.Capabilities{Policy: domain.CapDeny}
	all := Build(d, testHost()).Deny
	if want := len(always()) + 20; len(all) != want || !slices.IsSorted(all) {
		t.Errorf("%d calls, want %d: %v", len(all), want, all)
	}
	for _, name := range all {
		if !seccomp.Known(name) && runtime.GOARCH == "amd64" {
			t.Errorf("%s is no system call", name)
		}
	}
	d.Features.Capabilities.Policy = domain.CapAllow
	if got := Build(d, testHost()).Deny; len(got) != len(always()) {
		t.Errorf("with all capabilities: %v", got)
	}
}
