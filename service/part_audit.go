package service

import (
	"context"
	"fmt"
)

// audited is the audit log before init is executed: it has what the container gets, if the host requires that. It was
// told at the begin of the start.
type audited struct{ *Service }

func (p audited) acquire(ctx context.Context, st *start) error {
	st.trail.namespace = p.Audit.PIDNamespace(st.Leader) // init cannot have ended and be forgotten yet
	return await(ctx, st.trail.resources)
}

// release does nothing: what is in the log stays there.
func (audited) release(context.Context, *Run) error { return nil }

// startRecord is the record that init runs.
type startRecord struct{ *Service }

func (p startRecord) acquire(ctx context.Context, st *start) error {
	st.trail.begun = true
	return await(ctx, p.auditBegun(st.trail.about, &st.Run, st.trail.namespace))
}

// release does nothing, like that of audited.
func (startRecord) release(context.Context, *Run) error { return nil }

// await waits for records that the host requires, for auditLimit at most.
func await(ctx context.Context, r Receipt) error {
	ctx, cancel := limited(ctx, auditLimit)
	defer cancel()
	if err := timedOut(ctx, r.Await(ctx)); err != nil {
		return fmt.Errorf("its records are required, and are not written: %w", err)
	}
	return nil
}
