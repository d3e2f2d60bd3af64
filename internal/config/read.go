package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// Read reads a configuration file and its drop-ins, FILE.d/*.conf, in the order of their names. A
// missing file counts as an empty one. Read logs a warning for each mistake.
func Read(file string, log *slog.Logger) Config {
	c := Default()
	files := []string{file}
	dropIns, err := os.ReadDir(file + ".d")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Warn("configuration", "file", file+".d", "err", err)
	}
	for _, e := range dropIns { // sorted by name
		if filepath.Ext(e.Name()) == ".conf" {
			files = append(files, filepath.Join(file+".d", e.Name()))
		}
	}
	for _, f := range files {
		for _, w := range c.readFile(f) {
			log.Warn("configuration", "file", f, "err", w)
		}
	}
	return c
}

// maxFile is the largest file of the configuration, in bytes.
const maxFile = 1 << 20

func (c *Config) readFile(file string) []string {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return []string{err.Error()}
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return []string{err.Error()}
	}
	if info.Size() > maxFile {
		return []string{fmt.Sprintf("it has %d bytes, and is ignored: the limit is %d", info.Size(), maxFile)}
	}
	return c.Parse(io.LimitReader(f, maxFile))
}
