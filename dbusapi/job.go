package dbusapi

import (
	"context"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

func getJobInfoMethod() *method {
	return &method{
		name: "GetJobInfo", in: "a{sv}", out: "a{sv}", action: contract.ActionMonitor, doing: "describe the job of domain", run: getJobInfo,
	}
}

func getJobInfo(_ context.Context, s *Server, c *call) ([]any, error) {
	job, err := s.core.Job(c.uuid)
	if err != nil {
		return nil, err
	}
	out := map[string]dbus.Variant{"kind": dbus.MakeVariant(string(job.Kind))}
	if job.Kind != "" {
		out["elapsed-usec"], out["files"] = dbus.MakeVariant(uint64(job.Elapsed.Microseconds())), dbus.MakeVariant(job.Files)
		out["abortable"] = dbus.MakeVariant(job.Abortable)
	}
	return []any{out}, nil
}
