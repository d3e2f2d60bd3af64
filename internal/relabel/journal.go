package relabel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// saved is a file for the journal.
type saved struct {
	identity
	label string
	kept  bool
}

// journal is a journal that is being written. What several workers add while one frame is on its way to the disk goes
// into the next frame together.
type journal struct {
	file   *os.File
	mu     sync.Mutex
	labels map[string]uint32
	items  []byte // of the next frame, behind the room for its head
	next   uint64 // the number of that frame

	syncing sync.Mutex
	synced  uint64 // frames that are on the disk
	spare   []byte
	named   bool // the name of the journal is on the disk
	err     error
}

// createJournal makes the journal of an id.
func createJournal(path string) (*journal, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err := file.WriteString(magic); err != nil {
		return nil, errors.Join(fmt.Errorf("save the labels of files: %w", err), file.Close(), os.Remove(path))
	}
	room := make([]byte, frameHead)
	return &journal{file: file, labels: map[string]uint32{}, items: room, spare: append([]byte{}, room...)}, nil
}

func (j *journal) close() error { return j.file.Close() }

// addTree adds a tree. It is on the disk when its first files are.
func (j *journal) addTree(n int, r *root) {
	j.mu.Lock()
	defer j.mu.Unlock()
	single := byte(0)
	if r.Single {
		single = 1
	}
	b := binary.AppendUvarint(append(j.items, itemTree), uint64(n))
	b = appendText(append(b, single), r.Path)
	b = appendText(b, r.Label)
	b = binary.AppendUvarint(b, r.ino)
	j.items = binary.LittleEndian.AppendUint32(b, r.born)
}

// addFiles adds files of a tree. They are on the disk when it returns.
func (j *journal) addFiles(tree int, list []saved) error {
	frame, err := j.appendFiles(tree, list)
	if err != nil {
		return err
	}
	return j.sync(frame)
}

// appendFiles adds files to the next frame, and returns its number.
func (j *journal) appendFiles(tree int, list []saved) (frame uint64, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	b := j.items
	for i := range list { // labels go before the files that have them
		if _, known := j.labels[list[i].label]; known || list[i].kept || list[i].label == "" {
			continue
		}
		n := uint32(len(j.labels)) + labelFirst
		if n > labelMax {
			return 0, errors.New("the tree has too many different labels")
		}
		j.labels[list[i].label] = n
		b = appendText(binary.AppendUvarint(append(b, itemLabel), uint64(n)), list[i].label)
	}
	for len(list) > 0 { // as many as are on one device
		n := 1
		for n < len(list) && list[n].dev == list[0].dev {
			n++
		}
		b = binary.AppendUvarint(append(b, itemFiles), uint64(tree))
		b = binary.AppendUvarint(binary.AppendUvarint(b, list[0].dev), uint64(n))
		var before uint64
		for _, s := range list[:n] {
			b = binary.AppendVarint(b, int64(s.ino-before))
			b = binary.LittleEndian.AppendUint32(b, s.born)
			b = binary.AppendUvarint(b, uint64(j.number(s)))
			before = s.ino
		}
		list = list[n:]
	}
	j.items = b
	return j.next, nil
}

func (j *journal) number(s saved) uint32 {
	switch {
	case s.kept:
		return labelKept
	case s.label == "":
		return labelNone
	}
	return j.labels[s.label]
}

// sync returns when a frame is on the disk. Whoever comes first writes the frame, for all that have added to it.
func (j *journal) sync(frame uint64) error {
	j.syncing.Lock()
	defer j.syncing.Unlock()
	if j.err != nil || j.synced > frame {
		return j.err
	}
	j.mu.Lock()
	b := j.items
	j.items, j.spare = j.spare[:frameHead], b
	j.next++
	j.mu.Unlock()
	if err := j.write(b); err != nil {
		j.err = fmt.Errorf("save the labels of files: %w", err)
	}
	j.synced++
	return j.err
}

// write writes a frame to the disk, and before the first one's end the name of the journal.
func (j *journal) write(b []byte) error {
	seal(b)
	if _, err := j.file.Write(b); err != nil {
		return err
	}
	if err := again(func() error { return unix.Fdatasync(int(j.file.Fd())) }); err != nil {
		return fmt.Errorf("sync %s: %w", j.file.Name(), err)
	}
	if j.named {
		return nil
	}
	j.named = true
	return syncDir(filepath.Dir(j.file.Name()))
}

// seal enters the length and the checksum of a frame.
func seal(b []byte) {
	binary.LittleEndian.PutUint32(b, uint32(len(b)-frameHead))
	binary.LittleEndian.PutUint32(b[4:], crc32.Checksum(b[frameHead:], castagnoli()))
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// syncDir has the names in a directory survive a power loss.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	return dir.Sync()
}
