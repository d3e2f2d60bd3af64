//go:build nest

package launch_test

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/berthd/berth/internal/plan"
)

// TestSharedNamespace: init is born in another container's namespace, and its supervisor stays in
// the host's. A container that has ended has no namespace to give.
func TestSharedNamespace(t *testing.T) {
	db := newBox(t, "exec sleep 1000")
	first := db.run(t)
	uts, err := first.Namespace("uts")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = uts.Close() }()

	web := newBox(t, "exec sleep 1000")
	web.plan.Join = []plan.Join{{Kind: "uts", Container: "db"}}
	web.plan.Namespaces.UTS, web.plan.Hostname = false, ""
	web.shared = []*os.File{uts}
	second := web.run(t)
	for pid, same := range map[uint32]uint32{second.Leader(): first.Leader(), second.PID(): uint32(os.Getpid())} {
		a, erra := os.Stat("/proc/" + number(pid) + "/ns/uts")
		b, errb := os.Stat("/proc/" + number(same) + "/ns/uts")
		if err := errors.Join(erra, errb); err != nil || !os.SameFile(a, b) {
			t.Errorf("%d and %d are in different namespaces, %v", pid, same, err)
		}
	}
	if err := db.scope.Kill(); err != nil {
		t.Fatal(err)
	}
	over(t, first)
	if f, err := first.Namespace("uts"); f != nil || !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("got %v, %v", f, err)
	}
}

// TestNamespaceRefused: a namespace that cannot be entered is told by the element that asks for it.
func TestNamespaceRefused(t *testing.T) {
	b := newBox(t, "exit 0")
	own, err := os.Open("/proc/self/ns/uts")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = own.Close() }()
	b.plan.Join, b.shared = []plan.Join{{Kind: "net", NetNS: "red"}}, []*os.File{own}
	s := b.spawn(t)
	over(t, s)
	if err := s.Failure(); !errors.Is(err, syscall.EINVAL) || !strings.Contains(err.Error(), "namespaces: lxc:sharenet: setns net: ") {
		t.Errorf("got %v", err)
	}
}
