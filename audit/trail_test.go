package audit

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// fakeKernel is a kernel's audit that fails as a test says.
type fakeKernel struct {
	mu      sync.Mutex
	texts   []string
	sent    error         // of Send
	off     bool          // audit is switched off
	blocked chan struct{} // Send waits for it, if it is not nil
	opened  int
	closed  int
	open    error
}

func (k *fakeKernel) Open() (Kernel, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.open != nil {
		return nil, k.open
	}
	k.opened++
	return k, nil
}

func (k *fakeKernel) Send(kind Kind, text string) error {
	if k.blocked != nil {
		<-k.blocked
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.sent != nil {
		return k.sent
	}
	k.texts = append(k.texts, kind.String()+" "+text)
	return nil
}

func (k *fakeKernel) Enabled() (bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.off, nil
}

func (k *fakeKernel) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed++
	return nil
}

func (k *fakeKernel) set(alter func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	alter()
}

// rig is a trail with a fake kernel, and what it says.
type rig struct {
	*Trail
	kernel  *fakeKernel
	log     *bytes.Buffer
	entries []Entry
}

// newRig is for a bubble of package synctest.
func newRig(t *testing.T, state service.AuditState, kernel *fakeKernel) *rig {
	t.Helper()
	r := &rig{kernel: kernel, log: new(bytes.Buffer)}
	r.Trail = New(Options{
		State: state, Open: kernel.Open, Exe: "/usr/sbin/berthd", Log: slog.New(slog.NewTextHandler(r.log, nil)),
		Mirror: func(e Entry) { r.entries = append(r.entries, e) },
	})
	return r
}

func stopped(name string) service.Audited {
	return service.Audited{Event: service.AuditStop, Name: name, UUID: domain.UUID{15: 1}, Reason: "shutdown"}
}

const text = `VIRT_CONTROL virt=lxc op=stop reason=shutdown vm="%s" uuid=00000000-0000-0000-0000-000000000001 vm-pid=0 exe="/usr/sbin/berthd" hostname=? addr=? terminal=? res=success`

func textOf(name string) string { return fmt.Sprintf(text, name) }

// TestTrail: records reach the kernel in order, the journal has each with its fields, and Close writes what is left.
func TestTrail(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, service.AuditOn, &fakeKernel{})
		e := stopped(`a"b`)
		e.Caller = service.Caller{Known: true, UID: 1000}
		for _, e := range []service.Audited{stopped("web"), stopped("db"), e} {
			if err := r.Record(e).Await(t.Context()); err != nil {
				t.Error(err)
			}
		}
		r.Close()
		last := strings.Replace(strings.Replace(textOf("x"), `"x"`, "612262", 1), "hostname", "sauid=1000 hostname", 1)
		if diff := cmp.Diff([]string{textOf("web"), textOf("db"), last}, r.kernel.texts); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		want := Entry{Text: last, Fields: map[string]string{
			"AUDIT_TYPE_NAME": "VIRT_CONTROL", "AUDIT_WRITTEN": "yes", "CONTAINER_NAME": `a"b`, "CONTAINER_UUID": "00000000-0000-0000-0000-000000000001", "MACHINE": "a-b-00000000",
			"AUDIT_FIELD_VIRT": "lxc", "AUDIT_FIELD_OP": "stop", "AUDIT_FIELD_REASON": "shutdown", "AUDIT_FIELD_VM": `a"b`, "AUDIT_FIELD_VM_PID": "0",
			"AUDIT_FIELD_UUID": "00000000-0000-0000-0000-000000000001", "AUDIT_FIELD_EXE": "/usr/sbin/berthd", "AUDIT_FIELD_SAUID": "1000", "AUDIT_FIELD_RES": "success",
		}}
		if diff := cmp.Diff(want, r.entries[2]); diff != "" {
			t.Errorf("in the journal (-want +got):\n%s", diff)
		}
		if r.kernel.opened != 1 || r.kernel.closed != 1 || r.log.Len() > 0 || r.State() != service.AuditOn {
			t.Errorf("opened %d times, closed %d times, log %q, state %s", r.kernel.opened, r.kernel.closed, r.log, r.State())
		}
	})
}

// TestHeld: nobody takes processor time from a start for its resources: they are written with the next record, before
// it. Those that are required are written at once. Close writes those of a start that goes on.
func TestHeld(t *testing.T) {
	t.Parallel()
	resources := service.Audited{Event: service.AuditResources, Name: "web", Def: &domain.Def{}}
	label := service.Audited{Event: service.AuditLabel, Name: "web"}
	const labelled, mem, vcpu, stop = `vm="web"`, "resrc=mem", "resrc=vcpu", "op=stop"
	for name, c := range map[string]struct {
		state        service.AuditState
		at, end, all []string
	}{
		"on":       {service.AuditOn, nil, []string{labelled, mem, vcpu, stop}, []string{labelled, mem, vcpu, stop, mem, vcpu}},
		"required": {service.AuditRequired, []string{labelled, mem, vcpu}, []string{labelled, mem, vcpu, stop}, []string{labelled, mem, vcpu, stop, mem, vcpu}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, c.state, &fakeKernel{})
				has := func(want []string) {
					t.Helper()
					synctest.Wait()
					var got []string
					for _, text := range r.kernel.texts {
						got = append(got, strings.Fields(text)[2])
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("-want +got\n%s", diff)
					}
				}
				r.Record(label, resources)
				has(c.at)
				r.Record(stopped("web"))
				has(c.end)
				r.Record(resources)
				r.Close()
				has(c.all)
			})
		})
	}
}

// TestKernelRefuses: a record that the kernel does not take is in the journal as one that is not written. The start
// that requires it hears why. The next one is tried with a new connection.
func TestKernelRefuses(t *testing.T) {
	t.Parallel()
	for state, want := range map[service.AuditState]error{service.AuditOn: nil, service.AuditRequired: syscall.EPERM} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, state, &fakeKernel{sent: syscall.EPERM})
				defer r.Close()
				if err := r.Record(stopped("web")).Await(t.Context()); !errors.Is(err, want) {
					t.Errorf("got %v, want %v", err, want)
				}
				synctest.Wait()
				if len(r.entries) != 1 || !errors.Is(r.entries[0].Err, syscall.EPERM) || r.entries[0].Fields["AUDIT_WRITTEN"] != "no" {
					t.Errorf("in the journal: %+v", r.entries)
				}
				r.kernel.set(func() { r.kernel.sent = nil })
				if err := r.Record(stopped("db")).Await(t.Context()); err != nil {
					t.Error(err)
				}
				synctest.Wait()
				if r.kernel.opened != 2 || r.kernel.closed != 1 || len(r.kernel.texts) != 1 || r.entries[1].Err != nil {
					t.Errorf("opened %d times, closed %d times, %q, %+v", r.kernel.opened, r.kernel.closed, r.kernel.texts, r.entries)
				}
			})
		})
	}
}

// TestSwitchedOff: while audit is switched off in the kernel, a record is in the journal as one that is not written,
// and the start that requires it hears why. Once it is switched on again, they are written.
func TestSwitchedOff(t *testing.T) {
	t.Parallel()
	for state, want := range map[service.AuditState]error{service.AuditOn: nil, service.AuditRequired: ErrDisabled} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, state, &fakeKernel{off: true})
				defer r.Close()
				if err := r.Record(stopped("web")).Await(t.Context()); !errors.Is(err, want) {
					t.Errorf("got %v, want %v", err, want)
				}
				synctest.Wait()
				if got := r.log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "auditctl -e 1") {
					t.Errorf("log %q", got)
				}
				r.kernel.set(func() { r.kernel.off = false })
				if err := r.Record(stopped("web")).Await(t.Context()); err != nil {
					t.Errorf("switched on again: %v", err)
				}
				synctest.Wait()
				if !errors.Is(r.entries[0].Err, ErrDisabled) || r.entries[0].Fields["AUDIT_WRITTEN"] != "no" || r.entries[1].Err != nil || r.entries[1].Fields["AUDIT_WRITTEN"] != "yes" {
					t.Errorf("in the journal: %+v", r.entries)
				}
			})
		})
	}
}

// TestUnavailable: on a host without audit there is one line in the log, and no record anywhere. Only a start that
// requires records fails.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	for _, why := range []error{ErrNoAudit, ErrNested} {
		for state, want := range map[service.AuditState]error{service.AuditOn: nil, service.AuditRequired: why} {
			r := newRig(t, state, &fakeKernel{open: fmt.Errorf("%w: %w", why, syscall.EPROTONOSUPPORT)})
			for range 3 {
				if err := r.Record(stopped("web")).Await(t.Context()); !errors.Is(err, want) {
					t.Errorf("%s: got %v, want %v", state, err, want)
				}
			}
			r.Close()
			if got := r.log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, why.Error()) {
				t.Errorf("%s: log %q", state, got)
			}
			if r.State() != service.AuditUnavailable || len(r.entries) > 0 || r.PIDNamespace(1) != 0 {
				t.Errorf("%s: state %s, %d entries, %d", state, r.State(), len(r.entries), r.PIDNamespace(1))
			}
		}
	}
}

// TestOff: with Audit=off nothing is opened, written or logged.
func TestOff(t *testing.T) {
	t.Parallel()
	r := newRig(t, service.AuditOff, &fakeKernel{})
	err := r.Record(stopped("web")).Await(t.Context())
	r.Close()
	if err != nil || r.kernel.opened != 0 || len(r.entries) != 0 || r.log.Len() > 0 || r.State() != service.AuditOff {
		t.Errorf("%v, opened %d times, %d entries, log %q, state %s", err, r.kernel.opened, len(r.entries), r.log, r.State())
	}
}
