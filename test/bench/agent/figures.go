package agent

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/berthd/berth/test/bench/peers"
	"github.com/berthd/berth/test/bench/proto"
)

// daemons are the programs that read figures for others.
func daemons() []string { return []string{"berthd", "libvirtd"} }

// figures reads the figures of all containers of a request, as often as it says.
func (a *Agent) figures(ctx context.Context, peer prepared, request proto.Request) (proto.Reply, error) {
	observer, ok := peer.Peer.(peers.Observer)
	if !ok {
		return proto.Reply{}, errors.New("cannot read figures")
	}
	before, err := used(peer.about.Programs)
	if err != nil {
		return proto.Reply{}, err
	}
	var reply proto.Reply
	for range request.Count {
		limited, done := context.WithTimeout(ctx, opTimeout)
		called, err := now()
		if err != nil {
			done()
			return reply, err
		}
		err = observer.Figures(limited, request.IDs)
		done()
		if err != nil {
			return reply, err
		}
		returned, err := now()
		if err != nil {
			return reply, err
		}
		reply.Timings = append(reply.Timings, proto.Timing{Returned: millis(returned - called)})
	}
	after, err := used(peer.about.Programs)
	if after > before {
		reply.Used = []float64{millis(after-before) / float64(request.Count)}
	}
	return reply, err
}

// used returns the time of processors that the daemon among the programs has used, 0 if there is none.
func used(programs []string) (time.Duration, error) {
	var sum time.Duration
	wanted := slices.DeleteFunc(daemons(), func(d string) bool { return !slices.Contains(programs, d) })
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0, err
	}
	for _, entry := range entries {
		dir := filepath.Join("/proc", entry.Name())
		if _, ok := programOf(dir, wanted); !ok {
			continue
		}
		threads, err := filepath.Glob(dir + "/task/*/schedstat")
		if err != nil {
			return 0, err
		}
		for _, thread := range threads {
			text, err := os.ReadFile(thread)
			if err != nil {
				continue // the thread has ended
			}
			// The first number is the time on a processor in nanoseconds (sched-stats.rst).
			nsec, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
			if err != nil {
				return 0, err
			}
			sum += time.Duration(nsec)
		}
	}
	return sum, nil
}
