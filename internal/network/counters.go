package network

import (
	"fmt"
	"os"
	"strconv"

	"github.com/berthd/berth/internal/figures"
)

// Counters returns what the links in the network namespace of a process have counted, by name. 0 is the namespace of
// the calling thread, which is the host's. It returns fs.ErrNotExist if the process has ended.
//
// It reads /proc, and asks no netlink: a dump of links waits for the lock of all links, which a container that starts
// can hold for an RCU grace period.
func (Links) Counters(pid uint32) (map[string]figures.Interface, error) {
	process := "thread-self"
	if pid != 0 {
		process = strconv.FormatUint(uint64(pid), 10)
	}
	path := "/proc/" + process + "/net/dev"
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	links, err := figures.NetDev(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return links, nil
}
