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
