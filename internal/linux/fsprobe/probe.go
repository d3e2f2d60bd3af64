// Package fsprobe recognises file systems by the magic numbers of their superblocks. It checks nothing
// else: the kernel checks the rest when it mounts the file system. It is pure.
package fsprobe

import (
	"errors"
	"fmt"
	"io"
)

// Probe returns ErrUnknown if it recognises no file system, and ErrAmbiguous if it recognises more
// than one. The kernel could mount another one than the one that somebody has inspected.
var (
	ErrUnknown   = errors.New("no known file system was found in it")
	ErrAmbiguous = errors.New("more than one file system was found in it")
)

// Type is a type of file system.
type Type struct {
	Name     string // as mount(2) takes it
	ReadOnly bool   // nothing can ever write to file systems of this type
}

// mark is the magic of a type of file system: an image has the mark if it has all texts at their places.
type mark struct {
	Type
	places []place
}

type place struct {
	at   int64
	text string
}

// marks returns the marks, from the headers of the kernel's file systems (linux/magic.h and others).
// A magic number that is short can turn up in other data by chance: such a mark has more places.
func marks() []mark {
	return []mark{
		// The driver ext4 mounts ext2 and ext3 too. In all three the upper bytes of the block size, the
		// creator and the revision are 0.
		{Type{Name: "ext4"}, []place{{0x438, "\x53\xef"}, {0x419, "\x00\x00\x00"}, {0x449, "\x00\x00\x00"}, {0x44d, "\x00\x00\x00"}}},
		{Type{Name: "xfs"}, []place{{0, "XFSB"}}},
		{Type{Name: "btrfs"}, []place{{0x10040, "_BHRfS_M"}}},
		{Type{"squashfs", true}, []place{{0, "hsqs"}}},
		{Type{"erofs", true}, []place{{0x400, "\xe2\xe1\xf5\xe0"}}},
		{Type{Name: "f2fs"}, []place{{0x400, "\x10\x20\xf5\xf2"}}},
		{Type{"iso9660", true}, []place{{0x8001, "CD001"}}},
		{Type{Name: "exfat"}, []place{{3, "EXFAT   "}}},
		{Type{Name: "vfat"}, []place{{0x36, "FAT12   "}}},
		{Type{Name: "vfat"}, []place{{0x36, "FAT16   "}}},
		{Type{Name: "vfat"}, []place{{0x52, "FAT32   "}}},
	}
}

// Probe returns the type of the file system in an image or device. It returns ErrUnknown if it
// recognises none, ErrAmbiguous with the names if it recognises several, or the error of a read.
func Probe(r io.ReaderAt) (found Type, err error) {
	for _, m := range marks() {
		switch has, err := m.in(r); {
		case err != nil:
			return Type{}, err
		case !has || found == m.Type:
		case found.Name != "":
			return Type{}, fmt.Errorf("%w: %s and %s", ErrAmbiguous, found.Name, m.Name)
		default:
			found = m.Type
		}
	}
	if found.Name == "" {
		return Type{}, ErrUnknown
	}
	return found, nil
}

func (m mark) in(r io.ReaderAt) (bool, error) {
	for _, p := range m.places {
		got := make([]byte, len(p.text))
		n, err := r.ReadAt(got, p.at)
		if err != nil && !errors.Is(err, io.EOF) {
			return false, err
		}
		if string(got[:n]) != p.text {
			return false, nil
		}
	}
	return true, nil
}
