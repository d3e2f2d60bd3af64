package agent

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// stamp is the read end of a container's pipe. Init writes the time of its first instruction to it.
type stamp struct{ pipe *os.File }

func newStamp(path string) (*stamp, error) {
	if err := unix.Mkfifo(path, 0o622); err != nil {
		return nil, fmt.Errorf("make pipe %s: %w", path, err)
	}
	// Opened for writing too, so that the pipe always has a writer and never an end of file.
	pipe, err := os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	return &stamp{pipe}, nil
}

// wait returns the CLOCK_REALTIME time that init wrote. It returns an error at the deadline.
func (s *stamp) wait(deadline time.Time) (time.Duration, error) {
	if err := s.pipe.SetReadDeadline(deadline); err != nil {
		return 0, err
	}
	var raw [16]byte
	if _, err := io.ReadFull(s.pipe, raw[:]); err != nil {
		return 0, fmt.Errorf("init did not run: %w", err)
	}
	return decodeTimespec(raw), nil
}

// decodeTimespec reads a struct timespec of a 64-bit little-endian machine.
func decodeTimespec(raw [16]byte) time.Duration {
	seconds := binary.LittleEndian.Uint64(raw[:8])
	nanos := binary.LittleEndian.Uint64(raw[8:])
	return time.Duration(seconds)*time.Second + time.Duration(nanos)
}

// drain discards times that an earlier init wrote after its start had failed.
func (s *stamp) drain() error {
	if err := s.pipe.SetReadDeadline(time.Unix(1, 0)); err != nil {
		return err
	}
	var raw [256]byte
	conn, err := s.pipe.SyscallConn()
	if err != nil {
		return err
	}
	return conn.Control(func(fd uintptr) {
		for {
			if n, err := unix.Read(int(fd), raw[:]); n <= 0 || err != nil {
				return
			}
		}
	})
}

func (s *stamp) Close() error { return s.pipe.Close() }

// now returns the time of CLOCK_REALTIME, which init reads too: it is the same in every time namespace.
func now() (time.Duration, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_REALTIME, &t); err != nil {
		return 0, errors.Join(errors.New("clock_gettime"), err)
	}
	return time.Duration(t.Nano()), nil
}

// monotonic returns the time of CLOCK_MONOTONIC, which the kernel's tracing has too.
func monotonic() int64 {
	var t unix.Timespec
	// It cannot fail: the clock is there, and so is the memory.
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
	return t.Nano()
}

// millis returns a duration in milliseconds.
func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
