package relabel

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// labelMax is the highest number of a label: it shares 32 bits with that of a device.
const (
	labelBits = 24
	labelMax  = 1<<labelBits - 1
)

// original is one file of an index: 16 bytes, without a pointer.
type original struct {
	ino   uint64
	born  uint32
	label uint32 // and in the upper 8 bits the number of the device
}

// saves is a journal that was read: its trees and labels.
type saves struct {
	file    *os.File
	size    int64
	trees   []tree
	counts  []uint64 // files of each tree
	labels  map[uint32]string
	damaged uint64
}

// index finds the labels that the files of one tree had.
type index struct {
	list    []original
	labels  map[uint32]string
	label   string   // of the container
	devices []uint64 // by their numbers, as they were in the boot of the journal
}

// openJournal reads the trees and labels of a journal. A frame that was being written when the daemon ended is ignored.
func openJournal(path string) (*saves, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s := &saves{file: file}
	info, err := file.Stat()
	if err == nil {
		s.size = info.Size()
		err = s.scan(func(uint64, uint64) {}, func(record) {})
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return s, nil
}

// scan reads the journal. What it knows of trees and labels it enters, of the files it tells.
func (s *saves) scan(files func(tree, dev uint64), file func(record)) error {
	s.trees, s.counts, s.labels = nil, nil, map[uint32]string{}
	damaged, err := readJournal(s.file, s.size, reader{
		tree: func(n uint64, t tree) error {
			if n != uint64(len(s.trees)) {
				return errItem
			}
			s.trees, s.counts = append(s.trees, t), append(s.counts, 0)
			return nil
		},
		label: func(n uint64, text string) error {
			if n < labelFirst || n > labelMax {
				return errItem
			}
			s.labels[uint32(n)] = text
			return nil
		},
		files: func(tree, dev, count uint64) error {
			if tree >= uint64(len(s.trees)) {
				return errItem
			}
			s.counts[tree] += count
			files(tree, dev)
			return nil
		},
		file: func(r record) error {
			file(r)
			return nil
		},
	})
	s.damaged = damaged
	if errors.Is(err, errTorn) || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// index reads the files of one tree.
func (s *saves) index(n int) (*index, error) {
	x := &index{label: s.trees[n].Label, list: make([]original, 0, min(s.counts[n], uint64(s.size)))}
	var in bool
	var device uint32
	err := s.scan(func(tree, dev uint64) {
		if in = tree == uint64(n); in {
			device = uint32(x.device(dev)) << labelBits
		}
	}, func(r record) {
		if in {
			x.list = append(x.list, original{ino: r.ino, born: r.born, label: r.label&labelMax | device})
		}
	})
	x.labels = s.labels
	slices.SortFunc(x.list, func(a, b original) int {
		return cmp.Or(cmp.Compare(a.ino, b.ino), cmp.Compare(a.born, b.born), cmp.Compare(kept(a), kept(b)))
	})
	return x, err
}

// kept puts a file that was met twice, the second time with its new label, behind what was read first.
func kept(o original) int {
	if o.label&labelMax == labelKept {
		return 1
	}
	return 0
}

// device numbers the devices: a tree has more than one if it has subvolumes. Those above 254 share a number.
func (x *index) device(dev uint64) int {
	if n := slices.Index(x.devices, dev); n >= 0 {
		return n
	}
	if len(x.devices) == 256 {
		return 255
	}
	x.devices = append(x.devices, dev)
	return len(x.devices) - 1
}

// find returns the label that a file had. It returns false if the file is not in the journal. Of a snapshot of a
// subvolume, which has the same files, the device decides, as far as that is the same one in this boot.
func (x *index) find(id identity) (label string, found bool) {
	same := func(o original) int { return cmp.Or(cmp.Compare(o.ino, id.ino), cmp.Compare(o.born, id.born)) }
	at, found := slices.BinarySearchFunc(x.list, id, func(o original, _ identity) int { return same(o) })
	if !found {
		return "", false
	}
	for i := at; i < len(x.list) && same(x.list[i]) == 0; i++ {
		if x.devices[x.list[i].label>>labelBits] == id.dev {
			at = i
			break
		}
	}
	switch n := x.list[at].label & labelMax; n {
	case labelNone:
		return "", true
	case labelKept:
		return x.label, true
	default:
		label, found = x.labels[n]
		return label, found // not if the frame of the label was damaged
	}
}
