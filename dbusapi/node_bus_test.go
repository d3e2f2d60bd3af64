//go:build bus

package dbusapi

import (
	"context"
	"errors"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
)

// TestNodeMethods: each method about the host returns its facts or figures in the form of the contract.
func TestNodeMethods(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var info map[string]dbus.Variant
	var xml string
	var memory, cpu []nodeRow
	for member, to := range map[string]any{"GetNodeInfo": &info, "GetCapabilities": &xml, "GetNodeMemoryStats": &memory, "GetNodeCPUStats": &cpu} {
		if err := r.call(rootPath, contract.ManagerInterface+"."+member, noOptions()).Store(to); err != nil {
			t.Errorf("%s: %v", member, err)
		}
	}
	want := map[string]any{
		"architecture": "x86_64", "cpus": uint32(2), "cells": uint32(1), "sockets-per-cell": uint32(1), "cores-per-socket": uint32(1),
		"threads-per-core": uint32(2), "mhz": uint32(2600), "memory-total": uint64(1 << 30),
		"online-cpus": []byte{3}, "present-cpus": []byte{3, 2},
	}
	if diff := cmp.Diff(want, bare(info)); diff != "" {
		t.Errorf("facts, want (-), got (+):\n%s", diff)
	}
	wantMemory := []nodeRow{{-1, map[string]uint64{"total": 4, "free": 3, "buffers": 2, "cached": 1}}, {0, map[string]uint64{"total": 4, "free": 3}}}
	wantCPU := []nodeRow{{-1, map[string]uint64{"user-nsec": 1, "system-nsec": 2, "idle-nsec": 3, "iowait-nsec": 4}}}
	if diff := cmp.Diff([]any{"<capabilities/>\n", wantMemory, wantCPU}, []any{xml, memory, cpu}); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

// TestNodeErrors: a figure of the host that cannot be read is an internal error, with the sentence of its method.
func TestNodeErrors(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.core.set(func(context.Context, string, domain.UUID) error { return errors.New("/proc/stat: gone") })
	for member, doing := range map[string]string{
		"GetNodeInfo": "describe the host", "GetCapabilities": "describe the host",
		"GetNodeMemoryStats": "read the statistics of the host's memory", "GetNodeCPUStats": "read the statistics of the host's processors",
	} {
		call := r.call(rootPath, contract.ManagerInterface+"."+member, noOptions())
		if text := fails(t, call, contract.ErrorInternal); text != "cannot "+doing+": /proc/stat: gone" {
			t.Errorf("%s: %q", member, text)
		}
	}
}
