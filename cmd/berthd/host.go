package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"github.com/berthd/berth/internal/config"
	"github.com/berthd/berth/internal/planner"
)

// hostFacts reads what plans depend on. It is read once: a host mounts these
// file systems when it boots.
func hostFacts(cfg config.Config, log *slog.Logger) (planner.Host, error) {
	table, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return planner.Host{}, err
	}
	defer func() { _ = table.Close() }()
	types, err := mountTypes(table)
	if err != nil {
		return planner.Host{}, fmt.Errorf("%s: %w", table.Name(), err)
	}
	return planner.Host{
		ContainerEnv: cfg.ContainerEnv,
		Path:         cfg.Path,
		OSRelease:    osRelease(log, "/etc/os-release", "/usr/lib/os-release"),
		SecurityFS:   types["/sys/kernel/security"] == "securityfs",
		SELinuxFS:    types["/sys/fs/selinux"] == "selinuxfs",
		ProcView:     servesProc(log),
	}, nil
}

// mountTypes gives the type of what is mounted on each mount point, last; proc_pid_mountinfo(5).
func mountTypes(table io.Reader) (map[string]string, error) {
	types := map[string]string{}
	lines := bufio.NewScanner(table)
	lines.Buffer(nil, 1<<20) // an overlay of many layers is a long line
	for lines.Scan() {
		left, right, ok := strings.Cut(lines.Text(), " - ")
		at, kind := strings.Fields(left), strings.Fields(right)
		if !ok || len(at) < 5 || len(kind) < 1 {
			return nil, fmt.Errorf("a line is no mount: %q", lines.Text())
		}
		types[at[4]] = kind[0]
	}
	return types, lines.Err()
}

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
