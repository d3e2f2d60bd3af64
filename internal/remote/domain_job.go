package remote

import (
	"context"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/remote/xdr"
	"github.com/berthd/berth/service"
)

// jobProcedures are about the long jobs on a container: a relabelling, a restore of labels, or an unshift.
func jobProcedures() []*procedure {
	// As on D-Bus, an abort keeps no order: the start that it is for comes first.
	abort := func(number int32, name string, run handler) *procedure {
		return &procedure{number: number, name: name, action: contract.ActionControl, verb: "AbortJob", about: true, writes: true, run: run}
	}
	return []*procedure{
		as("GetJobInfo", measure(163, "virDomainGetJobInfo", jobInfo)), as("GetJobInfo", measure(298, "virDomainGetJobStats", jobStats)),
		abort(164, "virDomainAbortJob", abortJob(false)), abort(442, "virDomainAbortJobFlags", abortJob(true)),
	}
}

// The types of jobs. One is unbounded if nobody knows how much there is to do.
const (
	jobNone      = 0
	jobUnbounded = 2
)

// jobInfo answers with the type and the time. libvirt's other eleven numbers are bytes of virtual machines.
func jobInfo(_ context.Context, c *call) error {
	job, err := c.core().Job(c.uuid)
	if err != nil {
		return err
	}
	const numbers = 11
	c.out.I32(jobType(&job))
	c.out.U64(uint64(job.Elapsed.Milliseconds()))
	for range numbers {
		c.out.U64(0)
	}
	return nil
}

func jobType(job *service.Job) int32 {
	if job.Kind == "" {
		return jobNone
	}
	return jobUnbounded
}

// jobStats answers with libvirt's time_elapsed, in ms, and with the files that were looked at, for which libvirt has no
// name. Of a job that is over nothing is kept.
func jobStats(_ context.Context, c *call) error {
	const completed, keep, unknown = 1, 2, 0
	flags := c.in.U32()
	switch {
	case c.in.Err() != nil:
		return c.badArguments()
	case flags&^(completed|keep) != 0:
		return unknownFlags(flags, c.proc.name)
	}
	job, err := c.core().Job(c.uuid)
	switch {
	case err != nil:
		return err
	case flags&completed != 0:
		job = service.Job{}
	}
	c.out.I32(jobType(&job))
	if job.Kind == "" {
		c.out.U32(0)
		return nil
	}
	c.out.Typed([]xdr.Typed{
		xdr.IntOf("operation", unknown), xdr.ULLongOf("time_elapsed", uint64(job.Elapsed.Milliseconds())),
		xdr.TextOf("berth.kind", string(job.Kind)), xdr.ULLongOf("berth.files_processed", job.Files),
	})
	return nil
}

func abortJob(withFlags bool) handler {
	return func(ctx context.Context, c *call) error {
		if withFlags {
			if err := c.noFlags(); err != nil {
				return err
			}
		}
		return c.core().AbortJob(ctx, c.uuid)
	}
}
