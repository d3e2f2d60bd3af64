package agent

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/test/bench/proto"
	"github.com/berthd/berth/test/bench/stats"
)

// rollup holds fields of /proc/PID/smaps_rollup, in KiB.
type rollup struct{ rss, pss, privateClean, privateDirty float64 }

// memory returns the memory of the processes that run one of the programs. A program without a process
// has no row.
func memory(programs []string) ([]proto.Process, error) {
	found, err := byProgram(programs)
	if err != nil {
		return nil, err
	}
	var rows []proto.Process
	for _, program := range programs {
		if all := found[program]; len(all) > 0 {
			rows = append(rows, row(program, all))
		}
	}
	return rows, nil
}

func row(program string, all []rollup) proto.Process {
	median := func(field func(rollup) float64) float64 {
		var values []float64
		for _, each := range all {
			values = append(values, field(each))
		}
		return stats.Median(values)
	}
	return proto.Process{
		Program:      program,
		Count:        len(all),
		RSS:          median(func(r rollup) float64 { return r.rss }),
		PSS:          median(func(r rollup) float64 { return r.pss }),
		PrivateDirty: median(func(r rollup) float64 { return r.privateDirty }),
		PrivateClean: median(func(r rollup) float64 { return r.privateClean }),
	}
}

// byProgram reads the memory of all processes of the programs from /proc.
func byProgram(programs []string) (map[string][]rollup, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	found := make(map[string][]rollup)
	for _, entry := range entries {
		if _, err := strconv.Atoi(entry.Name()); err != nil {
			continue
		}
		dir := filepath.Join("/proc", entry.Name())
		program, ok := programOf(dir, programs)
		if !ok {
			continue
		}
		sizes, err := readRollup(filepath.Join(dir, "smaps_rollup"))
		switch {
		case errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH):
		case err != nil:
			return nil, err
		default:
			found[program] = append(found[program], sizes)
		}
	}
	return found, nil
}

// programOf returns which of the programs a process runs. It looks at the executable, because LXC's
// monitor has another name in its arguments. Then it looks at the first argument, because the
// executable of Berth's supervisor has no path.
func programOf(dir string, programs []string) (string, bool) {
	exe, err := os.Readlink(filepath.Join(dir, "exe"))
	if err != nil {
		return "", false // a kernel thread, or the process has ended
	}
	arguments, err := os.ReadFile(filepath.Join(dir, "cmdline"))
	if err != nil {
		return "", false
	}
	first, _, _ := strings.Cut(string(arguments), "\x00")
	first, _, _ = strings.Cut(first, " ") // Berth's supervisor has all in one argument
	for _, each := range []string{strings.TrimSuffix(exe, " (deleted)"), first} {
		if program := filepath.Base(each); slices.Contains(programs, program) {
			return program, true
		}
	}
	return "", false
}

func readRollup(path string) (rollup, error) {
	file, err := os.Open(path)
	if err != nil {
		return rollup{}, err
	}
	defer file.Close()
	sizes, err := parseRollup(file)
	if err != nil {
		return rollup{}, fmt.Errorf("%s: %w", path, err)
	}
	return sizes, nil
}

// parseRollup reads lines of the form "Key:   123 kB". It ignores others, such as the first, which is an
// address range.
func parseRollup(text io.Reader) (rollup, error) {
	var r rollup
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) != 3 || fields[2] != "kB" {
			continue
		}
		value, err := strconv.ParseFloat(fields[1], 64)
		if err != nil {
			return r, fmt.Errorf("line %q: %w", lines.Text(), err)
		}
		switch fields[0] {
		case "Rss:":
			r.rss = value
		case "Pss:":
			r.pss = value
		case "Private_Clean:":
			r.privateClean = value
		case "Private_Dirty:":
			r.privateDirty = value
		}
	}
	return r, lines.Err()
}
