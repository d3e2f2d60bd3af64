package store

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// readRegular reads a whole file. It returns an error if the file is larger than limit bytes or not a regular
// file. Of a file that is larger it reads, and returns with the error, only the beginning. It never blocks: it does
// not wait for the writer of a FIFO.
func readRegular(file string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(file, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	if info.Size() > limit {
		const beginning = 64 << 10
		text, err := io.ReadAll(io.LimitReader(f, beginning))
		return text, errors.Join(fmt.Errorf("it has %d bytes; the limit is %d", info.Size(), limit), err)
	}
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(text)) > limit { // it grows
		return nil, fmt.Errorf("it has more than %d bytes", limit)
	}
	return text, err
}
