// Package fsprobe recognises file systems by their superblocks. It is pure, and believes nothing but
// the mark: whether the rest is whole the kernel says when it mounts it.
package fsprobe

import (
	"bytes"
	"errors"
	"io"
)

// ErrUnknown says that no file system was recognised.
var ErrUnknown = errors.New("no file system that is known was found in it")

// Type is a type of file systems, as mount(2) takes it.
type Type struct {
	Name     string
	ReadOnly bool // it cannot be written to, ever
}

// mark is a text that a file system has at a place.
type mark struct {
	at   int64
	text string
	Type
}

// marks are from the headers of the kernel's file systems (linux/magic.h and their own).
func marks() []mark {
	return []mark{
		{0x438, "\x53\xef", Type{Name: "ext4"}}, // ext2 and ext3, too: ext4 mounts all three
		{0, "XFSB", Type{Name: "xfs"}},
		{0x10040, "_BHRfS_M", Type{Name: "btrfs"}},
		{0, "hsqs", Type{"squashfs", true}},
		{0x400, "\xe2\xe1\xf5\xe0", Type{"erofs", true}},
		{0x400, "\x10\x20\xf5\xf2", Type{Name: "f2fs"}},
		{0x8001, "CD001", Type{"iso9660", true}},
		{3, "EXFAT   ", Type{Name: "exfat"}},
		{0x36, "FAT12   ", Type{Name: "vfat"}},
		{0x36, "FAT16   ", Type{Name: "vfat"}},
		{0x52, "FAT32   ", Type{Name: "vfat"}},
	}
}

// Probe recognises the file system in an image or device; ErrUnknown, or the error of a read.
func Probe(r io.ReaderAt) (Type, error) {
	for _, m := range marks() {
		got := make([]byte, len(m.text))
		_, err := r.ReadAt(got, m.at)
		if err != nil && !errors.Is(err, io.EOF) {
			return Type{}, err
		}
		if bytes.Equal(got, []byte(m.text)) {
			return m.Type, nil
		}
	}
	return Type{}, ErrUnknown
}
