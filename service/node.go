package service

import "github.com/berthd/berth/internal/node"

// Node is the host as a whole. Its methods read, and change nothing.
type Node interface {
	Info() (node.Info, error)
	// Memory returns the figures of the host, and then those of each cell.
	Memory() ([]node.Memory, error)
	// CPU returns the sum of all processors, and then each one that is online.
	CPU() ([]node.CPUTime, error)
}

// NodeInfo returns the facts of the host.
func (s *Service) NodeInfo() (node.Info, error) { return s.Node.Info() }

// NodeMemory returns the figures of the host's memory, and then those of each NUMA cell.
func (s *Service) NodeMemory() ([]node.Memory, error) { return s.Node.Memory() }

// NodeCPU returns for what all processors were used, and then each one.
func (s *Service) NodeCPU() ([]node.CPUTime, error) { return s.Node.CPU() }

// Capabilities returns the capabilities XML of libvirt's LXC driver for this host.
func (s *Service) Capabilities() (string, error) {
	info, err := s.Node.Info()
	if err != nil {
		return "", err
	}
	return node.Capabilities(info, node.Labels{Model: s.Labels.Model(), Base: s.Labels.Base()})
}
