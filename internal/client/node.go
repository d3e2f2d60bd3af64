package client

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// Node has the facts of the host, as org.berth1(5) describes them.
type Node struct {
	Architecture                   string
	CPUs                           uint32
	MHz                            uint32 // 0 if the host does not tell
	Cells, Sockets, Cores, Threads uint32
	MemoryTotal                    uint64 // bytes
	Online, Present                []byte // processors: bit n of all is processor n; nil from an older berthd
}

// NodeInfo reads the facts of the host.
func (c *Client) NodeInfo(ctx context.Context) (Node, error) {
	var reply map[string]dbus.Variant
	if err := c.manager(ctx, "GetNodeInfo", []any{noOptions()}, &reply); err != nil {
		return Node{}, err
	}
	var n Node
	for key, field := range map[string]any{
		"architecture": &n.Architecture, "cpus": &n.CPUs, "mhz": &n.MHz, "cells": &n.Cells, "sockets-per-cell": &n.Sockets,
		"cores-per-socket": &n.Cores, "threads-per-core": &n.Threads, "memory-total": &n.MemoryTotal,
		"online-cpus": &n.Online, "present-cpus": &n.Present,
	} {
		v, ok := reply[key]
		if !ok {
			continue
		}
		if err := store(key, v, field); err != nil {
			return Node{}, err
		}
	}
	return n, nil
}

// Capabilities reads the capabilities XML of the host.
func (c *Client) Capabilities(ctx context.Context) (xml string, err error) {
	err = c.manager(ctx, "GetCapabilities", []any{noOptions()}, &xml)
	return xml, err
}

// NodeStats has the figures of a part of the host: a NUMA cell or a processor. Part is -1 for the whole host.
type NodeStats struct {
	Part    int32
	Figures map[string]uint64
}

// NodeMemory reads the figures of the host's memory and of each NUMA cell.
func (c *Client) NodeMemory(ctx context.Context) (list []NodeStats, err error) {
	err = c.manager(ctx, "GetNodeMemoryStats", []any{noOptions()}, &list)
	return list, err
}

// NodeCPU reads the times of all processors and of each one.
func (c *Client) NodeCPU(ctx context.Context) (list []NodeStats, err error) {
	err = c.manager(ctx, "GetNodeCPUStats", []any{noOptions()}, &list)
	return list, err
}
