package dbusapi

import (
	"context"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/service"
)

// limitProperties are the limits, weights and bindings, and the number of processors. SetResources has the same names.
func limitProperties() []property {
	return []property{
		{"VCPUs", "u", emitsValue, func(v view) any { return v.snap.VCPUs }},
		{"Memory", "t", emitsValue, func(v view) any { return v.snap.Limits.Memory }},
		{"CurrentMemory", "t", emitsValue, func(v view) any { return v.snap.Limits.CurrentMemory }},
		{"MemoryMax", "t", emitsValue, func(v view) any { return v.snap.MemoryMax }},
		{"MemoryHigh", "t", emitsValue, func(v view) any { return v.snap.Limits.MemoryHigh }},
		{"MemorySwapMax", "t", emitsValue, func(v view) any { return v.snap.Limits.MemorySwapMax }},
		{"MemoryLow", "t", emitsValue, func(v view) any { return v.snap.Limits.MemoryLow }},
		{"MemoryMin", "t", emitsValue, func(v view) any { return v.snap.Limits.MemoryMin }},
		{"CPUWeight", "t", emitsValue, func(v view) any { return v.snap.Limits.CPUWeight }},
		{"CPUQuotaPerSecUSec", "t", emitsValue, func(v view) any { return v.snap.Limits.CPUQuotaPerSec }},
		{"CPUQuotaPeriodUSec", "t", emitsValue, func(v view) any { return v.snap.Limits.CPUQuotaPeriod }},
		{"AllowedCPUs", "ay", emitsValue, func(v view) any { return v.snap.Limits.AllowedCPUs.Mask() }},
		{"AllowedMemoryNodes", "ay", emitsValue, func(v view) any { return v.snap.Limits.AllowedMemoryNodes.Mask() }},
		{"TasksMax", "t", emitsValue, func(v view) any { return v.snap.Limits.TasksMax }},
		{"IOWeight", "t", emitsValue, func(v view) any { return v.snap.Limits.IOWeight }},
		{"NUMAMode", "s", emitsValue, func(v view) any { return v.snap.Limits.NUMAMode }},
		{"IODeviceWeight", "a(st)", emitsValue, func(v view) any { return v.snap.Limits.IODeviceWeight }},
		{"IOReadBandwidthMax", "a(st)", emitsValue, func(v view) any { return v.snap.Limits.IOReadBPS }},
		{"IOWriteBandwidthMax", "a(st)", emitsValue, func(v view) any { return v.snap.Limits.IOWriteBPS }},
		{"IOReadIOPSMax", "a(st)", emitsValue, func(v view) any { return v.snap.Limits.IOReadIOPS }},
		{"IOWriteIOPSMax", "a(st)", emitsValue, func(v view) any { return v.snap.Limits.IOWriteIOPS }},
		{"IODeviceLatencyTargetUSec", "a(st)", emitsValue, func(v view) any { return v.snap.Limits.IOLatency }},
	}
}

func getResourcesMethod() *method {
	return &method{
		name: "GetResources", in: "a{sv}", out: "a{sv}", action: contract.ActionRead, doing: "read the limits of domain",
		options: map[string]string{"live": "b", "config": "b"}, run: getResources,
	}
}

func getResources(_ context.Context, s *Server, c *call) ([]any, error) {
	o := tuneOptions(c)
	if o.Live && o.Config {
		return nil, stdError(contract.ErrorInvalidArgs, "options live and config of GetResources are mutually exclusive")
	}
	var snap service.Snapshot
	var err error
	if snap.MemoryMax, snap.Limits, err = s.core.Limits(c.uuid, o); err != nil {
		return nil, err
	}
	if snap.VCPUs, err = s.core.VCPUs(c.uuid, o); err != nil {
		return nil, err
	}
	return []any{values(limitProperties(), view{snap: &snap})}, nil
}
