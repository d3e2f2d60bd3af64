package audit

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// TestNoRoom: while the kernel takes nothing, records wait without holding anybody up. The log has those for which
// there is no more room, and a start that requires one of them fails.
func TestNoRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, service.AuditRequired, &fakeKernel{blocked: make(chan struct{})})
		for range maxQueued + 1 {
			r.Record(stopped("web"))
			synctest.Wait() // the first one is with the kernel
		}
		before := time.Now()
		err := r.Record(stopped("late")).Await(t.Context())
		if !errors.Is(err, errFull) || time.Since(before) > 0 {
			t.Errorf("got %v after %v", err, time.Since(before))
		}
		if got := r.log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, `vm=\"late\"`) {
			t.Errorf("log %q", got)
		}
		close(r.kernel.blocked)
		r.Close()
		if len(r.kernel.texts) != maxQueued+1 {
			t.Errorf("the kernel has %d records", len(r.kernel.texts))
		}
	})
}

// TestEndIsBounded: a kernel that takes nothing does not keep the daemon from ending, and the log says that records are
// lost. After the end each record is in the log.
func TestEndIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, service.AuditOn, &fakeKernel{blocked: make(chan struct{})})
		r.Record(stopped("web"))
		r.Record(stopped("db"))
		synctest.Wait()
		before := time.Now()
		r.Close()
		r.Close()
		if took := time.Since(before); took != closeTime {
			t.Errorf("it took %v", took)
		}
		r.Record(stopped("late"))
		if got := r.log.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "groups=2") || !strings.Contains(got, `vm=\"late\"`) {
			t.Errorf("log %q", got)
		}
		close(r.kernel.blocked)
		<-r.done
	})
}

// TestHeldWithoutRoom: at the daemon's end, the log has what was held for the next record and finds no room any more.
func TestHeldWithoutRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, service.AuditOn, &fakeKernel{blocked: make(chan struct{})})
		for range maxQueued + 1 {
			r.Record(stopped("web"))
			synctest.Wait() // the first one is with the kernel
		}
		r.Record(service.Audited{Event: service.AuditResources, Name: "late", Def: &domain.Def{}})
		if r.log.Len() > 0 {
			t.Errorf("log %q", r.log)
		}
		close(r.kernel.blocked)
		r.Close()
		if got := r.log.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, `resrc=mem reason=start vm=\"late\"`) || !strings.Contains(got, "resrc=vcpu") {
			t.Errorf("log %q", got)
		}
		if len(r.kernel.texts) != maxQueued+1 {
			t.Errorf("the kernel has %d records", len(r.kernel.texts))
		}
	})
}

// TestAwait: who waits for a required record waits no longer than the context lasts, and nobody waits for another.
func TestAwait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for state, want := range map[service.AuditState]error{service.AuditOn: nil, service.AuditRequired: context.DeadlineExceeded} {
			r := newRig(t, state, &fakeKernel{blocked: make(chan struct{})})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if err := r.Record(stopped("web")).Await(ctx); !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", state, err, want)
			}
			cancel()
			close(r.kernel.blocked)
			r.Close()
		}
	})
}
