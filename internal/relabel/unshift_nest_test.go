//go:build nest

package relabel

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/xattr"
	"github.com/berthd/berth/internal/shift"
)

// told is all of a file that a shift changes, or that chown(2) takes away.
type told struct {
	uid, gid           uint32
	mode               uint32
	acl, preset, capab string
	mark               string
}

// tell reads a tree.
func tell(t testing.TB, dir string) map[string]told {
	t.Helper()
	all := map[string]told{}
	must(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			return err
		}
		value := func(name string) string {
			b := make([]byte, 1024)
			n, err := unix.Lgetxattr(path, name, b)
			if err != nil {
				return ""
			}
			return string(b[:n])
		}
		all[strings.TrimPrefix(path, dir)] = told{
			st.Uid, st.Gid, st.Mode, value(shift.AccessACL), value(shift.DefaultACL), value(shift.Capability), value(markName),
		}
		return nil
	}))
	return all
}

// acl is a list with a named user and a named group.
func acl(user, group uint32) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range [][3]uint32{{1, 7, 1<<32 - 1}, {2, 6, user}, {4, 5, 1<<32 - 1}, {8, 4, group}, {16, 7, 1<<32 - 1}, {32, 5, 1<<32 - 1}} {
		b = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, uint16(e[0])), uint16(e[1]))
		b = binary.LittleEndian.AppendUint32(b, e[2])
	}
	return b
}

// capabilities are those of a file: for a root, or for all if that is 0.
func capabilities(root uint32) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0x02000001)
	if root != 0 {
		b = binary.LittleEndian.AppendUint32(nil, 0x03000001)
	}
	b = append(binary.LittleEndian.AppendUint32(b, 1<<13), make([]byte, 12)...)
	if root != 0 {
		b = binary.LittleEndian.AppendUint32(b, root)
	}
	return b
}

// own gives the files of a tree owners, lists, modes and capabilities, the same ones for the same seed, by an id of the
// host for root.
func own(t testing.TB, seed uint64, dir string, base uint32) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 0))
	var paths []string
	must(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		paths = append(paths, path)
		return err
	}))
	done := map[uint64]bool{}
	for _, path := range paths {
		uid, gid := uint32(random.IntN(65535)), uint32(random.IntN(65535))
		if random.IntN(2) == 0 {
			uid, gid = 0, 0
		}
		kind := random.IntN(8)
		var st unix.Stat_t
		must(t, unix.Lstat(path, &st))
		if done[st.Ino] {
			continue
		}
		done[st.Ino] = true
		must(t, unix.Lchown(path, int(base+uid), int(base+gid)))
		switch regular, dir := st.Mode&unix.S_IFMT == unix.S_IFREG, st.Mode&unix.S_IFMT == unix.S_IFDIR; {
		case kind == 0 && (regular || dir):
			must(t, unix.Lsetxattr(path, shift.AccessACL, acl(base+uid, base+gid), 0))
		case kind == 1 && dir:
			must(t, unix.Lsetxattr(path, shift.DefaultACL, acl(base+gid, base+uid), 0))
			must(t, unix.Chmod(path, 0o2755))
		case kind == 1 && regular:
			must(t, unix.Chmod(path, 0o4755))
		case kind == 2 && regular:
			must(t, unix.Chmod(path, 0o6711))
			must(t, unix.Lsetxattr(path, shift.Capability, capabilities(base), 0))
		case kind == 3 && regular:
			must(t, unix.Lsetxattr(path, shift.Capability, capabilities(base), 0))
		}
	}
}

// powerless takes the rights of files with several names away, as an unshift does, and returns how many files had some.
func powerless(t testing.TB, dir string, all map[string]told) int {
	t.Helper()
	lost := map[uint64]bool{}
	for name, f := range all {
		var st unix.Stat_t
		must(t, unix.Lstat(dir+name, &st))
		if f.mode&unix.S_IFMT != unix.S_IFREG || st.Nlink < 2 || f.mode&dropped == 0 && f.capab == "" {
			continue
		}
		lost[st.Ino] = true
		f.mode &^= dropped
		f.capab = ""
		all[name] = f
	}
	return len(lost)
}

func unshift(t testing.TB, r *Relabeler, o Unshift) Unshifted {
	t.Helper()
	out, err := r.Unshift(t.Context(), o, nil, nil)
	must(t, err)
	return out
}

// TestUnshift: a tree that was shifted has its plain owners, access lists, modes and capabilities back, also what is
// linked twice and symbolic links, and a second call finds nothing. A dry run counts the same and changes nothing.
func TestUnshift(t *testing.T) {
	r := relabeler(t)
	plain, shifted := makeTree(t, 20, 3000), makeTree(t, 20, 3000)
	own(t, 21, plain, 0)
	own(t, 21, shifted, testBase)
	want, before := tell(t, plain), tell(t, shifted)
	lost := powerless(t, plain, want)
	o := Unshift{Path: shifted, Map: shift.From(testBase)}
	o.DryRun = true
	dry := unshift(t, r, o)
	if diff := cmp.Diff(before, tell(t, shifted), cmp.AllowUnexported(told{})); diff != "" {
		t.Errorf("a dry run changes: %s", diff)
	}
	o.DryRun = false
	out := unshift(t, r, o)
	dry.Of = out.Of // any of them
	if out != dry || out.Changed != out.Files || out.Left != 0 || out.Files < 2000 || out.Base != testBase || int(out.Dropped) != lost || lost == 0 || out.Of == "" {
		t.Errorf("%d lost, %+v, and dry %+v", lost, out, dry)
	}
	if diff := cmp.Diff(want, tell(t, shifted), cmp.AllowUnexported(told{})); diff != "" {
		t.Error(diff)
	}
	if again := unshift(t, r, o); again.Changed != 0 || again.Files != out.Files {
		t.Errorf("the second time %+v", again)
	}
}

// TestUnshiftLeaves: ids that are none of the map stay, and are counted if they are none inside either; without a map
// the owner of the top tells it, if a range of containers begins with that.
func TestUnshiftLeaves(t *testing.T) {
	r := relabeler(t)
	dir := t.TempDir()
	for name, ids := range map[string][2]int{"": {testBase, testBase}, "mine": {testBase + 33, testBase + 33}, "plain": {33, 0}, "far": {300000, testBase}, "group": {0, testBase + 65536}} {
		path := filepath.Join(dir, name)
		if name != "" {
			must(t, os.WriteFile(path, nil, 0o600))
		}
		must(t, os.Lchown(path, ids[0], ids[1]))
	}
	begins := func(want bool) func(uint32) (bool, error) {
		return func(id uint32) (bool, error) { return want && id == testBase, nil }
	}
	_, err := r.Unshift(t.Context(), Unshift{Path: dir, Begins: begins(false)}, nil, nil)
	if refused, ok := errors.AsType[*RefusedError](err); !ok || !strings.Contains(refused.Reason, "it belongs to 100000:100000, which begins no range") ||
		!strings.Contains(refused.Reason, "--from 100000 if it does") {
		t.Errorf("the home of a user: %v", err)
	}
	out := unshift(t, r, Unshift{Path: dir, Begins: begins(true)})
	if out.Files != 5 || out.Changed != 3 || out.Left != 2 || filepath.Dir(out.Example) != dir || out.Base != testBase {
		t.Errorf("%+v", out)
	}
	got := tell(t, dir)
	for name, want := range map[string][2]uint32{"": {0, 0}, "/mine": {33, 33}, "/plain": {33, 0}, "/far": {300000, 0}, "/group": {0, testBase + 65536}} {
		if got[name].uid != want[0] || got[name].gid != want[1] {
			t.Errorf("%q belongs to %d:%d", name, got[name].uid, got[name].gid)
		}
	}
	_, err = r.Unshift(t.Context(), Unshift{Path: dir, Begins: begins(true)}, nil, nil)
	if refused, ok := errors.AsType[*RefusedError](err); !ok || !strings.Contains(refused.Reason, "its top belongs to 0:0") {
		t.Errorf("without a map, a plain top: %v", err)
	}
	_, err = r.Unshift(t.Context(), Unshift{Path: dir, Map: shift.From(1000)}, nil, nil)
	if refused, ok := errors.AsType[*RefusedError](err); !ok || !strings.Contains(refused.Reason, "the ids 1000-65535 ") {
		t.Errorf("ids that may be both: %v", err)
	}
	_, err = r.Unshift(t.Context(), Unshift{Path: dir, Map: shift.From(testBase)}, []string{filepath.Join(dir, "mine")}, nil)
	if _, ok := errors.AsType[*RefusedError](err); !ok {
		t.Errorf("another uses a file of it: %v", err)
	}
	if _, err := r.Unshift(t.Context(), Unshift{Path: "/var/lib", Map: shift.From(testBase)}, nil, nil); err == nil {
		t.Errorf("a directory of the host: no error")
	}
}

// TestUnshiftStays: an unshift follows no symbolic link and enters no mount, and ends when it is aborted.
func TestUnshiftStays(t *testing.T) {
	r := relabeler(t)
	dir, outside := makeTree(t, 22, 200), makeTree(t, 23, 50)
	must(t, os.Mkdir(filepath.Join(dir, "mount"), 0o755))
	must(t, os.Symlink(outside, filepath.Join(dir, "link")))
	own(t, 24, dir, testBase)
	own(t, 25, outside, testBase)
	mounted(t, "--bind", outside, filepath.Join(dir, "mount"))
	before := tell(t, outside)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	if _, err := r.Unshift(ctx, Unshift{Path: dir, Map: shift.From(testBase)}, nil, nil); err == nil || err.Error() != "enough" {
		t.Errorf("aborted: %v", err)
	}
	unshift(t, r, Unshift{Path: dir, Map: shift.From(testBase)})
	if diff := cmp.Diff(before, tell(t, outside), cmp.AllowUnexported(told{})); diff != "" {
		t.Error(diff)
	}
}

// TestUnshiftKilled: a tree whose unshift is killed again and again, at any moment, is exactly the plain one in the
// end.
func TestUnshiftKilled(t *testing.T) {
	r := relabeler(t)
	plain := makeTree(t, 26, 1500)
	own(t, 27, plain, 0)
	want := tell(t, plain)
	powerless(t, plain, want)
	random := rand.New(rand.NewPCG(3, 4))
	between, marks := 0, 0
	for range 8 {
		dir := makeTree(t, 26, 1500)
		own(t, 27, dir, testBase)
		for range 4 {
			cmd := childCommand(t, "unshift", r, dir)
			cmd.Env = append(cmd.Env, fmt.Sprint(childEnd, "=", random.IntN(len(want))))
			_ = cmd.Run()
			done := 0
			now := tell(t, dir)
			for name, f := range now {
				if f == want[name] {
					done++
				}
				if f.mark != "" {
					marks++
				}
			}
			if done > 0 && done < len(now) {
				between++
			}
		}
		unshift(t, r, Unshift{Path: dir, Map: shift.From(testBase)})
		if diff := cmp.Diff(want, tell(t, dir), cmp.AllowUnexported(told{})); diff != "" {
			t.Fatal(diff)
		}
	}
	if between < 5 {
		t.Errorf("only %d kills came in the middle", between)
	}
	t.Logf("%d kills in the middle, %d files with a mark", between, marks)
}

// TestUnshiftSwapped: while others replace directories and files of the tree by symbolic links that lead out of it,
// nothing outside changes.
func TestUnshiftSwapped(t *testing.T) {
	r := relabeler(t)
	dir, outside := makeTree(t, 28, 300), makeTree(t, 29, 50)
	own(t, 30, outside, testBase)
	inner, link := filepath.Join(dir, "inner"), filepath.Join(dir, "link")
	must(t, os.Mkdir(inner, 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	for n := range 50 {
		must(t, os.WriteFile(filepath.Join(inner, fmt.Sprint(n)), nil, 0o600))
	}
	must(t, os.WriteFile(filepath.Join(outside, "7"), nil, 0o600))
	must(t, os.Lchown(filepath.Join(outside, "7"), testBase, testBase))
	before := tell(t, outside)
	must(t, os.Symlink(outside, link))
	must(t, os.Symlink(filepath.Join(outside, "7"), filepath.Join(dir, "alias")))
	stop, swapped := make(chan struct{}), make(chan int)
	var still sync.Mutex
	go func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				swapped <- n
				return
			default:
			}
			still.Lock()
			_ = unix.Renameat2(unix.AT_FDCWD, link, unix.AT_FDCWD, inner, unix.RENAME_EXCHANGE)
			_ = unix.Renameat2(unix.AT_FDCWD, filepath.Join(dir, "alias"), unix.AT_FDCWD, filepath.Join(dir, "file"), unix.RENAME_EXCHANGE)
			still.Unlock()
		}
	}()
	for range 40 {
		still.Lock()
		own(t, 31, dir, testBase)
		still.Unlock()
		unshift(t, r, Unshift{Path: dir, Map: shift.From(testBase)})
	}
	close(stop)
	if n := <-swapped; n < 100 {
		t.Errorf("only %d swaps", n)
	}
	if diff := cmp.Diff(before, tell(t, outside), cmp.AllowUnexported(told{})); diff != "" {
		t.Error(diff)
	}
}

// TestUnshiftForAMoment: what was known of another file that had the name for a moment is not taken for the one that is
// opened: neither attributes that this one cannot have, nor that it has none.
func TestUnshiftForAMoment(t *testing.T) {
	r := relabeler(t)
	dir := t.TempDir()
	link, program := filepath.Join(dir, "link"), filepath.Join(dir, "file")
	must(t, os.Symlink("nowhere", link))
	must(t, os.Lchown(link, testBase, testBase))
	must(t, os.WriteFile(program, nil, 0o755))
	must(t, os.Chown(program, testBase, testBase))
	must(t, unix.Setxattr(program, shift.Capability, capabilities(testBase), 0))
	roots, err := r.openAll(t.Context(), []Tree{{Path: dir}}, nil)
	must(t, err)
	defer closeAll(roots)
	err = xattr.Apart(func(thread *xattr.Thread) error {
		u := &unshifter{
			unshifting: &unshifting{Unshift: Unshift{Path: dir, Map: shift.From(testBase)}, step: 100, linked: newLinked(), ahead: map[identity]bool{}},
			worker:     &worker{walk: &walk{access: r.access, root: roots[0]}, thread: thread},
			names:      make([]byte, 64<<10),
		}
		for name, seen := range map[string]string{"link": "file", "file": "link"} {
			at, err := lookAt(roots[0].fd, seen)
			if err != nil {
				return err
			}
			if _, err := u.visit(file{looked: at, dir: &directory{fd: roots[0].fd}, name: name}, ""); err != nil {
				return err
			}
		}
		return nil
	})
	must(t, err)
	for name, got := range tell(t, dir) {
		if got.uid != 0 || got.gid != 0 || name == "file" && got.capab != string(capabilities(0)) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestUnshiftMark: what a killed unshift has noted of a file is restored, and the note goes.
func TestUnshiftMark(t *testing.T) {
	r := relabeler(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	must(t, os.WriteFile(file, nil, 0o755))
	mark := append(binary.LittleEndian.AppendUint32(nil, 0o4755), capabilities(0)...)
	must(t, unix.Lsetxattr(file, markName, mark, 0))
	if out := unshift(t, r, Unshift{Path: dir, Map: shift.From(testBase)}); out.Changed != 1 {
		t.Errorf("%+v", out)
	}
	if got := tell(t, dir)["/file"]; got.mode&0o7777 != 0o4755 || got.capab != string(capabilities(0)) || got.mark != "" {
		t.Errorf("%+v", got)
	}
}
