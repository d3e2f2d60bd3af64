package host

import (
	"cmp"
	"errors"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/idrange"
)

// TestHostIDs: the ids of accounts, of /etc/subuid and /etc/subgid and of nspawn's locks are taken.
func TestHostIDs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := IDs{etc: dir, nspawn: filepath.Join(dir, "nspawn-uid")}
	if got, err := h.Taken(); err != nil || len(got) != 0 {
		t.Errorf("of a host without files: %v, %v", got, err)
	}
	if err := os.Mkdir(h.nspawn, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"passwd":            "root:x:0:1::/:/bin/sh\n",
		"group":             "wheel:x:10:root\n",
		"subuid":            "alice:100000:65536\n",
		"subgid":            "alice:200000:65536\n",
		"nspawn-uid/655360": "",
		"nspawn-uid/.lock":  "",
		"nspawn-uid/7":      "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := h.Taken()
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b idrange.Span) int { return cmp.Compare(a.First, b.First) })
	want := []idrange.Span{{First: 0, Last: 0}, {First: 1, Last: 1}, {First: 10, Last: 10}, {First: 100000, Last: 165535}, {First: 200000, Last: 265535}, {First: 655360, Last: 720895}}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestHostIDsUnreadable: a file that cannot be read is an error, since it may say anything.
func TestHostIDsUnreadable(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"passwd", "group", "subuid", "subgid"} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if got, err := (IDs{etc: dir, nspawn: dir + "/none"}).Taken(); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got, err := (IDs{etc: t.TempDir(), nspawn: "/dev/null"}).Taken(); err == nil {
		t.Errorf("locks: %v", got)
	}
}

// TestMapped: the ids of a process's user namespace are read, and a process in the host's own has none.
func TestMapped(t *testing.T) {
	t.Parallel()
	if got, err := NewIDs().Mapped(uint32(os.Getpid())); err != nil || got.Enabled() || got.GIDs != nil {
		t.Errorf("our own: %+v, %v", got, err)
	}
	cmd := exec.Command("sleep", "1000")
	uids := []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
	gids := []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	want := domain.IDMap{UIDs: []domain.IDRange{{Target: uint32(os.Getuid()), Count: 1}}, GIDs: []domain.IDRange{{Target: uint32(os.Getgid()), Count: 1}}}
	if os.Getuid() == 0 { // who may map any
		uids = []syscall.SysProcIDMap{{ContainerID: 0, HostID: 100000, Size: 65536}, {ContainerID: 100000, HostID: 1000, Size: 1}}
		want.UIDs = []domain.IDRange{{Target: 100000, Count: 65536}, {Start: 100000, Target: 1000, Count: 1}}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, UidMappings: uids, GidMappings: gids}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := uint32(cmd.Process.Pid)
	got, err := NewIDs().Mapped(pid)
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait() // it tells of the signal
	if diff := gocmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("of a user namespace: %v, -want +got\n%s", err, diff)
	}
	if got, err := NewIDs().Mapped(pid); !errors.Is(err, fs.ErrNotExist) || got.Enabled() {
		t.Errorf("of nobody: %+v, %v", got, err)
	}
}

// TestIDMap: lines of uid_map are read as the kernel writes them, and anything else is an error.
func TestIDMap(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]domain.IDRange{
		"":                                   nil,
		"         0          0 4294967295\n": {{Count: math.MaxUint32}},
		"         0     100000      65536\n     65536       1000     1\n": {{Target: 100000, Count: 65536}, {Start: 65536, Target: 1000, Count: 1}},
	} {
		got, err := idMap(text)
		if diff := gocmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v, -want +got\n%s", text, err, diff)
		}
	}
	for _, text := range []string{"\n", "0 0\n", "0 0 4294967296\n", "0 -1 1\n", "a b c\n"} {
		if got, err := idMap(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestBegins: a range begins with a multiple of 65536, and with an id with which both tables of subordinate ids give
// one.
func TestBegins(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := IDs{etc: dir}
	if got, err := h.Begins(100000); got || err != nil {
		t.Errorf("without tables: %v, %v", got, err)
	}
	for name, text := range map[string]string{"subuid": "alice:100000:65536\nbob:200000:65536\n", "subgid": "bob:100000:65536\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for id, want := range map[uint32]bool{0: false, 65536: true, 655360: true, 100000: true, 100001: false, 200000: false, 1234567: false} {
		if got, err := h.Begins(id); got != want || err != nil {
			t.Errorf("%d: %v, %v", id, got, err)
		}
	}
}

// TestAccount: the subordinate ids of a range are one account, and every other id is its own.
func TestAccount(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := IDs{etc: dir}
	if got := h.Account(100001); got != 100001 {
		t.Errorf("without a file: %d", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "subuid"), []byte("alice:100000:65536\nbob:165536:10\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for uid, want := range map[uint32]uint32{0: 0, 1000: 1000, 99999: 99999, 100000: 100000, 165535: 100000, 165536: 165536, 165545: 165536, 165546: 165546} {
		if got := h.Account(uid); got != want {
			t.Errorf("%d is %d, want %d", uid, got, want)
		}
	}
}
