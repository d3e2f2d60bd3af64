package audit

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/berthd/berth/service"
)

const (
	maxQueued = 4096            // groups of records that wait for the kernel
	closeTime = 5 * time.Second // for the records that are left when the daemon ends
)

// Errors of a record that is not written.
var (
	errFull   = errors.New("too many records wait for the kernel")
	errClosed = errors.New("the daemon ends")
	// ErrDisabled is of records that the kernel has taken and dropped, as somebody wants it.
	ErrDisabled = errors.New("audit is switched off in the kernel; auditctl -e 1 switches it on")
)

// Options is what a Trail is made of.
type Options struct {
	State  service.AuditState // that is wanted: AuditOff, AuditOn or AuditRequired
	Open   func() (Kernel, error)
	Exe    string      // path of the daemon
	Mirror func(Entry) // tells the journal of a record; it may block
	Log    *slog.Logger
}

// Trail is the host's audit log. A nil Kernel is opened again before the next record: the connection is given up after
// an error.
type Trail struct {
	o     Options
	state service.AuditState
	none  *batch // the receipt of all records, if there is no audit for them

	mu     sync.Mutex // held to put into queue and to close it; never over anything that blocks
	closed bool
	held   []service.Audited // what comes before the next batch
	queue  chan *batch
	done   chan struct{}

	kernel Kernel // of the goroutine that writes
}

// batch is a group of events and what became of their records. err is set before over is closed.
type batch struct {
	events   []service.Audited
	required bool
	over     chan struct{}
	err      error
}

// Await returns the error of the first record that was not written, if records are required.
func (b *batch) Await(ctx context.Context) error {
	if !b.required {
		return nil
	}
	select {
	case <-b.over:
		return b.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// New opens the audit, and writes one line to the log if it was wanted and there is none.
func New(o Options) *Trail {
	t := &Trail{o: o, state: o.State, queue: make(chan *batch, maxQueued), done: make(chan struct{})}
	var err error
	if o.State != service.AuditOff {
		err = t.open()
	}
	if t.state == service.AuditOff || t.state == service.AuditUnavailable {
		t.none = &batch{required: o.State == service.AuditRequired, over: t.done, err: err}
		close(t.done)
		return t
	}
	go t.write()
	return t
}

// open returns an error if this host has no audit.
func (t *Trail) open() error {
	kernel, err := t.o.Open()
	switch {
	case errors.Is(err, ErrNoAudit), errors.Is(err, ErrNested):
		t.state = service.AuditUnavailable
		if t.o.State == service.AuditRequired {
			t.o.Log.Error("no container can start: Audit=required, and there is no audit", "err", err)
			return err
		}
		t.o.Log.Info("no audit records are written", "err", err)
		return err
	case err != nil: // the next record tries again
		t.o.Log.Warn("audit records are only in the journal until audit can be reached", "err", err)
		return nil
	}
	if on, err := kernel.Enabled(); err == nil && !on {
		t.o.Log.Warn("audit records are only in the journal", "err", ErrDisabled)
	}
	t.kernel = kernel
	return nil
}

// State is what the host's audit log gets.
func (t *Trail) State() service.AuditState { return t.state }

// PIDNamespace returns the inode number of the pid namespace of a process.
func (t *Trail) PIDNamespace(pid uint32) uint64 {
	if t.none != nil {
		return 0
	}
	return pidNamespace(strconv.FormatUint(uint64(pid), 10))
}

// Record puts events into the queue. The log has those for which there is no room.
func (t *Trail) Record(list ...service.Audited) service.Receipt {
	if t.none != nil {
		return t.none
	}
	b := &batch{events: list, required: t.o.State == service.AuditRequired, over: make(chan struct{})}
	if err := t.put(b); err != nil { // b is the writer's otherwise
		b.err = err
		t.lose(list, err)
		close(b.over)
	}
	return b
}

func (t *Trail) put(b *batch) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return errClosed
	}
	// Nobody waits for the resources of a start: the writer takes no processor from it, and they go with its next record.
	first := b.events[0].Event
	if !b.required && (first == service.AuditResources || first == service.AuditLabel) && len(t.held) < maxQueued {
		t.held = append(t.held, b.events...)
		return nil
	}
	b.events = append(t.held, b.events...)
	select {
	case t.queue <- b:
		t.held = nil
		return nil
	default:
		return errFull
	}
}

// lose logs the records of events, which are nowhere else.
func (t *Trail) lose(list []service.Audited, err error) {
	for _, e := range list {
		for _, r := range records(e) {
			t.o.Log.Error("audit record is only in this line", e.Who(), "type", r.Kind.String(), "record", r.Text(t.sender(e)), "err", err)
		}
	}
}

func (t *Trail) sender(e service.Audited) Sender {
	if !e.Caller.Known {
		return Sender{Exe: t.o.Exe}
	}
	return Sender{Exe: t.o.Exe, UID: &e.Caller.UID}
}

// Close writes what is in the queue, for closeTime at most, and ends. The log has the number of what is left.
func (t *Trail) Close() {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return
	}
	t.closed = true
	held := t.held
	if len(held) > 0 {
		select {
		case t.queue <- &batch{events: held, over: make(chan struct{})}:
			held = nil
		default:
		}
	}
	close(t.queue)
	t.mu.Unlock()
	t.lose(held, errFull)
	timer := time.NewTimer(closeTime)
	defer timer.Stop()
	select {
	case <-t.done:
	case <-timer.C:
		t.o.Log.Error("audit records are lost: the kernel did not take them in time", "groups", len(t.queue)+1)
	}
}
