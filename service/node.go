package service

import "github.com/berthd/berth/internal/node"

// Node is the host as a whole. Its methods read, and change nothing.
type Node interface {
	Info() (node.Info, error)
	// Memory returns the figures of the host, and then those of each cell.
	Memory() ([]node.Memory, error)
	// CPU returns the sum of all processors, and then each one that is online.
	CPU() ([]node.CPUTime, error)
	// FreePages counts the free pages of each cell, those of the usual size first.
	FreePages() ([]node.FreePages, error)
	// SharedMemory returns the figures and settings of KSM; none if the kernel has none.
	SharedMemory() []node.SharedMemory
	// Firmware returns what the firmware says of the host, nothing if it has no SMBIOS.
	Firmware() node.Firmware
}

// NodeInfo returns the facts of the host.
func (s *Service) NodeInfo() (node.Info, error) { return s.Node.Info() }

// NodeMemory returns the figures of the host's memory, and then those of each NUMA cell.
func (s *Service) NodeMemory() ([]node.Memory, error) { return s.Node.Memory() }

// NodeCPU returns for what all processors were used, and then each one.
func (s *Service) NodeCPU() ([]node.CPUTime, error) { return s.Node.CPU() }

// NodeFreePages counts the free pages of each NUMA cell, those of the usual size first.
func (s *Service) NodeFreePages() ([]node.FreePages, error) { return s.Node.FreePages() }

// NodeSharedMemory returns the figures and settings of KSM; none if the kernel has none.
func (s *Service) NodeSharedMemory() []node.SharedMemory { return s.Node.SharedMemory() }

// NodeFirmware returns what the firmware says of the host, nothing if it has no SMBIOS.
func (s *Service) NodeFirmware() node.Firmware { return s.Node.Firmware() }

// Capabilities returns the capabilities XML of libvirt's LXC driver for this host.
func (s *Service) Capabilities() (string, error) {
	info, err := s.Node.Info()
	if err != nil {
		return "", err
	}
	return node.Capabilities(info, node.Labels{Model: s.Labels.Model(), Base: s.Labels.Base()})
}
