package cli

import (
	"context"
	"time"

	"github.com/berthd/berth/internal/client"
)

// soon is a pause that is over.
func soon() <-chan time.Time {
	over := make(chan time.Time, 1)
	over <- time.Time{}
	return over
}

func (f *fake) NodeInfo(context.Context) (client.Node, error) {
	return client.Node{
		Architecture: "x86_64", CPUs: 16, MHz: 2596, Cells: 2, Sockets: 1, Cores: 4, Threads: 2, MemoryTotal: 64 << 30,
		Online: []byte{0b1011}, Present: []byte{0b11111},
	}, f.call("NodeInfo", "")
}

func (f *fake) Capabilities(context.Context) (string, error) {
	return "<capabilities>\n</capabilities>\n", f.call("Capabilities", "")
}

func (f *fake) NodeMemory(context.Context) ([]client.NodeStats, error) {
	return []client.NodeStats{
		{Part: -1, Figures: map[string]uint64{"total": 64 << 30, "free": 9 << 30, "buffers": 1 << 20, "cached": 20 << 30}},
		{Part: 0, Figures: map[string]uint64{"total": 32 << 30, "free": 4 << 30}},
		{Part: 1, Figures: map[string]uint64{"total": 32 << 30, "free": 5 << 30}},
	}, f.call("NodeMemory", "")
}

// NodeCPU counts a second more with each call: all processors use 300 ms of it.
func (f *fake) NodeCPU(context.Context) ([]client.NodeStats, error) {
	err := f.call("NodeCPU", "")
	var list []client.NodeStats
	seconds := uint64(0)
	for _, c := range f.calls {
		if c == "NodeCPU" {
			seconds++
		}
	}
	for part := int32(-1); part < 2; part++ {
		list = append(list, client.NodeStats{Part: part, Figures: map[string]uint64{
			"user-nsec": 200e6 * seconds, "system-nsec": 100e6 * seconds, "idle-nsec": 678e6 * seconds, "iowait-nsec": 22e6 * seconds,
		}})
	}
	return list, err
}
