package account

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"
)

// maxEntry is the longest line of the container's passwd and group, in bytes. A group may have many
// members.
const maxEntry = 1 << 20

// maxFile is how much of such a file is read, in bytes: some 250,000 users. A container that serves the file itself can
// let it go on for ever.
const maxFile = 16 << 20

// errTooLong says that a file is larger than maxFile.
var errTooLong = fmt.Errorf("it has more than %d bytes", maxFile)

// entries reads passwd(5) or group(5), and leaves out the lines with an invalid id. Package
// moby/sys/user would read an invalid or missing id as 0, which is root. The kernel would cut a number
// of more than 32 bits. C libraries ignore such lines too.
type entries struct {
	lines *bufio.Scanner
	ids   []int // the fields that are ids, counted from 0
	rest  []byte
	read  int
}

// passwdEntries reads the lines of a passwd file: name:password:uid:gid and more fields.
func passwdEntries(r io.Reader) *entries { return newEntries(r, 2, 3) }

// groupEntries reads the lines of a group file: name:password:gid:members.
func groupEntries(r io.Reader) *entries { return newEntries(r, 2) }

func newEntries(r io.Reader, ids ...int) *entries {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxEntry)
	return &entries{lines: lines, ids: ids}
}

func (e *entries) Read(p []byte) (int, error) {
	for len(e.rest) == 0 {
		if !e.lines.Scan() {
			if err := e.lines.Err(); err != nil {
				return 0, err
			}
			return 0, io.EOF
		}
		if e.read += len(e.lines.Bytes()) + 1; e.read > maxFile {
			return 0, errTooLong
		}
		if line := e.lines.Bytes(); e.sound(line) {
			e.rest = append(bytes.Clone(line), '\n')
		}
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// sound reports whether all ids of a line are valid. The largest 32-bit number is not: it means "no
// id" to the kernel.
func (e *entries) sound(line []byte) bool {
	fields := bytes.Split(bytes.TrimSpace(line), []byte(":"))
	for _, i := range e.ids {
		if i >= len(fields) {
			return false
		}
		id, err := strconv.ParseInt(string(fields[i]), 10, 64)
		if err != nil || id < 0 || id >= math.MaxUint32 {
			return false
		}
	}
	return true
}
