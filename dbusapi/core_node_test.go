package dbusapi

import (
	"context"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/node"
)

func (f *fakeCore) NodeInfo() (node.Info, error) {
	cpus := []node.CPU{{ID: 0, Siblings: "0-1"}, {ID: 1, Siblings: "0-1"}}
	return node.Info{Arch: "x86_64", MHz: 2600, Online: []int{0, 1}, Present: []int{0, 1, 9}, Cells: []node.Cell{{Memory: 1 << 30, CPUs: cpus}}},
		f.run(context.Background(), "node info", domain.UUID{})
}

func (f *fakeCore) Capabilities() (string, error) {
	return "<capabilities/>\n", f.run(context.Background(), "capabilities", domain.UUID{})
}

func (f *fakeCore) NodeMemory() ([]node.Memory, error) {
	return []node.Memory{{Cell: node.All, Total: 4, Free: 3, Buffers: 2, Cached: 1}, {Cell: 0, Total: 4, Free: 3}},
		f.run(context.Background(), "node memory", domain.UUID{})
}

func (f *fakeCore) NodeCPU() ([]node.CPUTime, error) {
	return []node.CPUTime{{CPU: node.All, User: 1, System: 2, Idle: 3, IOWait: 4}}, f.run(context.Background(), "node cpu", domain.UUID{})
}
