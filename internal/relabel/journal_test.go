package relabel

import (
	"bytes"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sample writes a journal of two frames with files, and returns it with the places where its frames end.
func sample(t testing.TB, r *Relabeler) (text []byte, ends []int) {
	t.Helper()
	j, err := createJournal(r.path("sample"))
	must(t, err)
	defer func() { must(t, j.close()) }()
	end := func() {
		info, err := j.file.Stat()
		must(t, err)
		ends = append(ends, int(info.Size()))
	}
	j.addTree(0, &root{Tree: Tree{Path: "/srv/web", Label: ours}, looked: looked{identity: identity{ino: 2}}})
	must(t, j.sync(0))
	end()
	must(t, j.addFiles(0, []saved{
		{identity: identity{ino: 7, born: 1, dev: 9}, label: "a"},
		{identity: identity{ino: 5, born: 2, dev: 9}, label: ""},
		{identity: identity{ino: 1 << 63, born: 3, dev: 8}, label: "b\x00"},
	}))
	end()
	must(t, j.addFiles(0, []saved{{identity: identity{ino: 6, born: 2, dev: 9}, label: "a"}, {identity: identity{ino: 7, born: 1, dev: 9}, kept: true}}))
	end()
	text, err = os.ReadFile(r.path("sample"))
	must(t, err)
	must(t, os.Remove(r.path("sample")))
	return text, ends
}

// found reads a journal and looks for the files of the sample.
func found(t testing.TB, r *Relabeler, text []byte) (labels map[uint64]string, damaged uint64) {
	t.Helper()
	must(t, os.WriteFile(r.path("read"), text, 0o600))
	s, err := openJournal(r.path("read"))
	must(t, err)
	defer s.file.Close()
	labels = map[uint64]string{}
	if len(s.trees) == 0 {
		return labels, s.damaged
	}
	x, err := s.index(0)
	must(t, err)
	for _, id := range []identity{{7, 1, 9}, {5, 2, 9}, {1 << 63, 3, 1}, {6, 2, 9}, {6, 1, 9}, {8, 1, 9}} {
		if label, ok := x.find(id); ok {
			labels[id.ino] = label
		}
	}
	return labels, s.damaged
}

// TestJournal: a journal gives back what was written, a file that was met twice with what was read first.
func TestJournal(t *testing.T) {
	t.Parallel()
	r := relabeler(t)
	text, _ := sample(t, r)
	got, damaged := found(t, r, text)
	if diff := cmp.Diff(map[uint64]string{7: "a", 5: "", 1 << 63: "b\x00", 6: "a"}, got); diff != "" || damaged != 0 {
		t.Errorf("%d damaged, %s", damaged, diff)
	}
}

// TestTornJournal: a journal that ends anywhere within a frame is read up to that frame.
func TestTornJournal(t *testing.T) {
	t.Parallel()
	r := relabeler(t)
	text, ends := sample(t, r)
	for cut := range text {
		for _, tail := range [][]byte{nil, make([]byte, 9), bytes.Repeat([]byte{255}, 40)} {
			want := map[uint64]string{}
			if cut >= ends[1] {
				want = map[uint64]string{7: "a", 5: "", 1 << 63: "b\x00"}
			}
			if cut < len(magic) && tail != nil {
				continue // not a journal: nothing was changed before its magic was on the disk
			}
			got, damaged := found(t, r, append(bytes.Clone(text[:cut]), tail...))
			if diff := cmp.Diff(want, got); diff != "" || damaged != 0 {
				t.Fatalf("cut at %d, tail %d: %d damaged, %s", cut, len(tail), damaged, diff)
			}
		}
	}
}

// TestDamagedJournal: a frame in the middle that is damaged is told of, and the frames behind it are read.
func TestDamagedJournal(t *testing.T) {
	t.Parallel()
	r := relabeler(t)
	text, ends := sample(t, r)
	text[ends[0]+frameHead+3] ^= 1
	// The label "a" was in the damaged frame: a file that has it is as unknown as those of the frame.
	if got, damaged := found(t, r, text); damaged != 1 || len(got) != 1 || got[7] != ours {
		t.Errorf("%d damaged, found %v", damaged, got)
	}
}

// FuzzJournal: whatever is in a journal, it is read without a panic and without much memory.
func FuzzJournal(f *testing.F) {
	r := relabeler(f)
	text, ends := sample(f, r)
	f.Add(text[ends[1]+frameHead:])
	f.Add(text[len(magic)+frameHead : ends[0]])
	f.Add([]byte{itemFiles, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 127})
	f.Fuzz(func(t *testing.T, items []byte) {
		if len(items) == 0 {
			return
		}
		frame := append(make([]byte, frameHead), items...)
		seal(frame)
		must(t, os.WriteFile(r.path("fuzz"), append(bytes.Clone(text[:ends[0]]), frame...), 0o600)) // behind the frame of a tree
		s, err := openJournal(r.path("fuzz"))
		if err != nil {
			return
		}
		defer s.file.Close()
		for n := range s.trees[:min(len(s.trees), 3)] {
			if x, err := s.index(n); err == nil && cap(x.list) > len(items)+1024 {
				t.Errorf("%d bytes need room for %d files", len(items), cap(x.list))
			}
		}
	})
}
