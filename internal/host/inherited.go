package host

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/inherit"
)

// Thread returns what a thread of a service begins with: the processors of process 1, and its timer slack, which
// the caller knows from systemd.
func Thread(timerSlack uint64) (inherit.Thread, error) {
	t := inherit.Thread{TimerSlack: timerSlack}
	if err := unix.SchedGetaffinity(1, &t.Affinity); err != nil {
		return t, fmt.Errorf("processors of process 1: %w", err)
	}
	return t, nil
}

// Settings returns the settings that this process has otherwise than a service that its unit says nothing of.
func Settings(oomScoreAdjust int32) ([]inherit.Setting, error) {
	filter, err := os.ReadFile("/proc/1/" + inherit.CoredumpFilter)
	want := []inherit.Setting{{File: inherit.OOMScoreAdj, Value: strconv.Itoa(int(oomScoreAdjust))}}
	if text := strings.TrimSpace(string(filter)); text != "" {
		want = append(want, inherit.Setting{File: inherit.CoredumpFilter, Value: "0x" + text})
	}
	errs := []error{err}
	var list []inherit.Setting
	for _, s := range want {
		now, err := os.ReadFile("/proc/self/" + s.File)
		errs = append(errs, err)
		if strings.TrimSpace(string(now)) != strings.TrimPrefix(s.Value, "0x") {
			list = append(list, s)
		}
	}
	return list, errors.Join(errs...)
}

// Kept names what this process has, process 1 has not, and a process cannot get rid of. Containers inherit it.
func Kept() ([]string, error) {
	var tables [2]map[string]string
	for i, file := range []string{"/proc/1/status", "/proc/self/status"} {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		tables[i] = status(string(text))
	}
	return kept(tables[0], tables[1]), nil
}

// status returns the fields of proc_pid_status(5).
func status(text string) map[string]string {
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		fields[name] = strings.TrimSpace(value)
	}
	return fields
}

func kept(first, own map[string]string) []string {
	var list []string
	for _, k := range []struct{ field, what string }{
		{"NoNewPrivs", "no_new_privs (NoNewPrivileges= and others)"},
		{"Seccomp_filters", "a filter of system calls (SystemCallFilter=, RestrictNamespaces= and others)"},
		{"CapBnd", "a smaller capability bounding set (CapabilityBoundingSet=, ProtectClock= and others)"},
	} {
		if own[k.field] != first[k.field] {
			list = append(list, k.what)
		}
	}
	return list
}
