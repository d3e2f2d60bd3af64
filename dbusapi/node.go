package dbusapi

import (
	"context"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/node"
	"github.com/berthd/berth/internal/numberset"
)

// nodeCore is what the API needs of the service to describe the host.
type nodeCore interface {
	NodeInfo() (node.Info, error)
	NodeMemory() ([]node.Memory, error)
	NodeCPU() ([]node.CPUTime, error)
	Capabilities() (string, error)
}

func getNodeInfoMethod() *method {
	return &method{
		name: "GetNodeInfo", in: "a{sv}", out: "a{sv}", action: contract.ActionRead, doing: "describe the host", run: getNodeInfo,
	}
}

func getCapabilitiesMethod() *method {
	return &method{
		name: "GetCapabilities", in: "a{sv}", out: "s", action: contract.ActionRead, doing: "describe the host", run: getCapabilities,
	}
}

func getNodeMemoryStatsMethod() *method {
	return &method{
		name: "GetNodeMemoryStats", in: "a{sv}", out: "a(ia{st})", action: contract.ActionMonitor,
		doing: "read the statistics of the host's memory", run: getNodeMemoryStats,
	}
}

func getNodeCPUStatsMethod() *method {
	return &method{
		name: "GetNodeCPUStats", in: "a{sv}", out: "a(ia{st})", action: contract.ActionMonitor,
		doing: "read the statistics of the host's processors", run: getNodeCPUStats,
	}
}

// nodeRow is one row of the statistics of the host: a part, or -1 for the whole.
type nodeRow struct {
	Part    int32
	Figures map[string]uint64
}

func getNodeInfo(_ context.Context, s *Server, _ *call) ([]any, error) {
	info, err := s.core.NodeInfo()
	if err != nil {
		return nil, err
	}
	shape := info.Shape()
	out := map[string]dbus.Variant{
		"architecture":     dbus.MakeVariant(info.Arch),
		"cpus":             dbus.MakeVariant(shape.CPUs),
		"cells":            dbus.MakeVariant(shape.Cells),
		"sockets-per-cell": dbus.MakeVariant(shape.Sockets),
		"cores-per-socket": dbus.MakeVariant(shape.Cores),
		"threads-per-core": dbus.MakeVariant(shape.Threads),
		"memory-total":     dbus.MakeVariant(info.Memory()),
		"online-cpus":      dbus.MakeVariant(numberset.Mask(info.Online)),
		"present-cpus":     dbus.MakeVariant(numberset.Mask(info.Present)),
	}
	if info.MHz > 0 {
		out["mhz"] = dbus.MakeVariant(info.MHz)
	}
	return []any{out}, nil
}

func getCapabilities(_ context.Context, s *Server, _ *call) ([]any, error) {
	text, err := s.core.Capabilities()
	if err != nil {
		return nil, err
	}
	return []any{text}, nil
}

func getNodeMemoryStats(_ context.Context, s *Server, _ *call) ([]any, error) {
	list, err := s.core.NodeMemory()
	if err != nil {
		return nil, err
	}
	rows := make([]nodeRow, 0, len(list))
	for _, m := range list {
		row := nodeRow{int32(m.Cell), map[string]uint64{"total": m.Total, "free": m.Free}}
		if m.Cell == node.All {
			row.Figures["buffers"], row.Figures["cached"] = m.Buffers, m.Cached
		}
		rows = append(rows, row)
	}
	return []any{rows}, nil
}

func getNodeCPUStats(_ context.Context, s *Server, _ *call) ([]any, error) {
	list, err := s.core.NodeCPU()
	if err != nil {
		return nil, err
	}
	rows := make([]nodeRow, 0, len(list))
	for _, t := range list {
		rows = append(rows, nodeRow{int32(t.CPU), map[string]uint64{
			"user-nsec": t.User, "system-nsec": t.System, "idle-nsec": t.Idle, "iowait-nsec": t.IOWait,
		}})
	}
	return []any{rows}, nil
}
