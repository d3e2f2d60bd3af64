package main

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
)

// osRelease reads the host's os-release(5), which containers are shown a copy of. A host without one
// is fine, and one of more than 16 KiB is no os-release.
func osRelease(log *slog.Logger, files ...string) string {
	const most = 16 << 10
	for _, file := range files {
		text, err := readSmall(file, most)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			log.Warn("the host's os-release is not shown to containers", "err", err)
			return ""
		case len(text) > most:
			log.Warn("the host's os-release is not shown to containers: it is too large", "file", file, "most", most)
			return ""
		}
		return string(text)
	}
	return ""
}

// readSmall reads at most one byte more than most.
func readSmall(file string, most int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, most+1))
}
