package service

import "github.com/berthd/berth/internal/node"

// nodeFake is a host with one processor.
type nodeFake struct{}

func (nodeFake) Info() (node.Info, error) {
	return node.Info{Arch: "x86_64", Cells: []node.Cell{{Memory: 1 << 30, CPUs: []node.CPU{{Siblings: "0"}}}}}, nil
}

func (nodeFake) Memory() ([]node.Memory, error) {
	return []node.Memory{{Cell: node.All, Total: 1 << 30, Free: 1 << 20}}, nil
}

func (nodeFake) CPU() ([]node.CPUTime, error) { return []node.CPUTime{{CPU: node.All, User: 7}}, nil }

func (nodeFake) FreePages() ([]node.FreePages, error) { return nil, nil }
func (nodeFake) SharedMemory() []node.SharedMemory    { return nil }
func (nodeFake) Firmware() node.Firmware              { return nil }
