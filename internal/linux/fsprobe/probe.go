// Package fsprobe recognises file systems by their superblocks. It is pure, and believes nothing but
// the mark: whether the rest is whole the kernel says when it mounts it.
package fsprobe

import (
	"errors"
	"fmt"
	"io"
)

// ErrUnknown says that no file system was recognised, ErrAmbiguous that more than one was: then the
// kernel could be led to another one than whoever looked at the image before.
var (
	ErrUnknown   = errors.New("no file system that is known was found in it")
	ErrAmbiguous = errors.New("more than one file system was found in it")
)

// Type is a type of file systems, as mount(2) takes it.
type Type struct {
	Name     string
	ReadOnly bool // it cannot be written to, ever
}

// mark is what a file system has at some places; it is there when all of them are.
type mark struct {
	Type
	places []place
}

type place struct {
	at   int64
	text string
}

// marks are from the headers of the kernel's file systems (linux/magic.h and their own). Where the
// magic number alone is short enough to turn up in another one's data, there is more than that.
func marks() []mark {
	return []mark{
		// ext2 and ext3, too: ext4 mounts all three. The upper bytes of the block size, the creator
		// and the revision are 0 in all of them.
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

// Probe recognises the file system in an image or device: ErrUnknown, ErrAmbiguous with the names, or
// the error of a read.
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
