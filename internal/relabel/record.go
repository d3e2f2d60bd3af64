package relabel

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// A journal is a sequence of frames after its magic. One frame is one write and one fdatasync(2).
//
//	frame:  length of the items u32, CRC-32C of the items u32, items
//	item:   'T' tree: number, single (0 or 1), path, label, inode number, birth u32
//	        'L' label: number (2 and above), text
//	        'F' files of one tree: its number, device, count, and for each file:
//	            inode number as the difference to the one before, birth u32, label (number, or none or kept)
//
// Numbers are varints, texts have their length before them, a u32 is little-endian.
const magic = "berth relabel 1\n"

const (
	itemTree  = 'T'
	itemLabel = 'L'
	itemFiles = 'F'

	labelNone  = 0 // the file has no label of its own
	labelKept  = 1 // the file had the label of the container already
	labelFirst = 2

	frameHead = 8
	frameMax  = 64 << 20
)

// errTorn says that a journal ends within a frame: it was being written when the daemon or the host ended. No file of
// that frame has its new label.
var errTorn = errors.New("the journal ends within a frame")

var errItem = errors.New("odd item in the journal")

// record is one file of a journal.
type record struct {
	ino   uint64
	born  uint32
	label uint32
}

// tree is an item 'T'.
type tree struct {
	Tree
	file identity
}

// reader is told of the items of a journal.
type reader struct {
	tree  func(n uint64, t tree) error
	label func(n uint64, text string) error
	files func(tree, dev, count uint64) error
	file  func(r record) error
}

// readJournal reads a journal of a size. damaged counts the frames in its middle that cannot be read. It returns
// errTorn if only the last frame cannot.
func readJournal(from io.ReaderAt, size int64, to reader) (damaged uint64, err error) {
	head := make([]byte, len(magic))
	if size < int64(len(magic)) {
		return 0, errTorn
	}
	if _, err := from.ReadAt(head, 0); err != nil {
		return 0, err
	}
	if string(head) != magic {
		return 0, errors.New("not a journal of labels, or of a newer version")
	}
	var buffer []byte
	for at := int64(len(magic)); at < size; {
		items, next, ok, err := frame(from, at, size, &buffer)
		if err != nil {
			return damaged, err
		}
		switch {
		case next == 0:
			return damaged, errTorn
		case !ok:
			// Frames are written one after another, each when the one before is on the disk. So a whole frame behind this
			// one proves that this one was whole as well.
			if _, after, ok, err := frame(from, next, size, new([]byte)); err != nil || after == 0 || !ok {
				return damaged, errors.Join(err, errTorn)
			}
			damaged++
		default:
			if err := readItems(items, to); err != nil {
				return damaged, err
			}
		}
		at = next
	}
	return damaged, nil
}

// frame reads the frame at an offset. next is 0 if it does not end before the journal does; ok is false if its items
// are not those that were written.
func frame(from io.ReaderAt, at, size int64, buffer *[]byte) (items []byte, next int64, ok bool, err error) {
	var head [frameHead]byte
	if at+frameHead > size {
		return nil, 0, false, nil
	}
	if _, err := from.ReadAt(head[:], at); err != nil {
		return nil, 0, false, err
	}
	n := int64(binary.LittleEndian.Uint32(head[:]))
	if n == 0 || n > frameMax || at+frameHead+n > size {
		return nil, 0, false, nil
	}
	if int64(cap(*buffer)) < n {
		*buffer = make([]byte, n)
	}
	items = (*buffer)[:n]
	if _, err := from.ReadAt(items, at+frameHead); err != nil {
		return nil, 0, false, err
	}
	sum := crc32.Checksum(items, castagnoli())
	return items, at + frameHead + n, sum == binary.LittleEndian.Uint32(head[4:]), nil
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// readItems reads the items of a frame.
func readItems(items []byte, to reader) error {
	d := &decoder{rest: items}
	for len(d.rest) > 0 && d.err == nil {
		switch d.byte() {
		case itemTree:
			n, t := d.number(), tree{}
			t.Single = d.byte() == 1
			t.Path, t.Label = d.text(), d.text()
			t.file.ino, t.file.born = d.number(), d.word()
			d.tell(func() error { return to.tree(n, t) })
		case itemLabel:
			n, text := d.number(), d.text()
			d.tell(func() error { return to.label(n, text) })
		case itemFiles:
			n, dev, count := d.number(), d.number(), d.number()
			d.tell(func() error { return to.files(n, dev, count) })
			var r record
			for ; count > 0 && d.err == nil; count-- {
				r.ino += uint64(d.difference())
				r.born, r.label = d.word(), uint32(d.number())
				d.tell(func() error { return to.file(r) })
			}
		default:
			return errItem
		}
	}
	return d.err
}

// decoder reads the parts of items. After an error it gives zeros.
type decoder struct {
	rest []byte
	err  error
}

func (d *decoder) tell(what func() error) {
	if d.err == nil {
		d.err = what()
	}
}

func (d *decoder) bytes(n uint64) []byte {
	if d.err != nil || uint64(len(d.rest)) < n {
		d.err = errors.Join(d.err, errItem)
		d.rest = nil
		return make([]byte, min(n, 4))
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) byte() byte   { return d.bytes(1)[0] }
func (d *decoder) word() uint32 { return binary.LittleEndian.Uint32(d.bytes(4)) }
func (d *decoder) text() string {
	n := d.number()
	if d.err != nil || n > uint64(len(d.rest)) {
		d.err = errors.Join(d.err, errItem)
		return ""
	}
	return string(d.bytes(n))
}

func (d *decoder) number() uint64 {
	v, n := binary.Uvarint(d.rest)
	d.skip(n)
	return v
}

func (d *decoder) difference() int64 {
	v, n := binary.Varint(d.rest)
	d.skip(n)
	return v
}

func (d *decoder) skip(n int) {
	if n <= 0 || d.err != nil {
		d.err = errors.Join(d.err, errItem)
		d.rest = nil
		return
	}
	d.rest = d.rest[n:]
}
