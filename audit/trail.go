package audit

import (
	"cmp"
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
	errFull     = errors.New("too many records wait for the kernel")
	errClosed   = errors.New("the daemon ends")
	errDisabled = errors.New("audit is switched off in the kernel (auditctl -e 1)")
)

// Options is what a Trail is made of.
type Options struct {
	State  service.AuditState // that is wanted: AuditOff, AuditOn or AuditRequired
	Open   func() (Kernel, error)
	Exe    string      // path of the daemon
	Mirror func(Entry) // tells the journal of a record; it may block
	Log    *slog.Logger
}

// Trail is the host's audit log. A nil Kernel is opened again before the next record: the connection is given up after an error.
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
		t.o.Log.Warn("audit", "err", err)
		return nil
	}
	if on, err := kernel.Enabled(); err == nil && !on {
		t.o.Log.Warn("audit records are only in the journal", "err", errDisabled)
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
	if err := t.put(b); err != nil {
		b.err = err
		b.events = list
		for _, e := range list {
			for _, r := range records(e) {
				t.lost(r, t.sender(e), err)
			}
		}
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
	if !b.required && b.events[0].Event == service.AuditResources && len(t.held) < maxQueued {
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

// lost logs a record that is nowhere else.
func (t *Trail) lost(r Record, s Sender, err error) {
	t.o.Log.Error("audit record is lost", "type", r.Kind.String(), "record", r.Text(s), "err", err)
}

func (t *Trail) sender(e service.Audited) Sender {
	if !e.Caller.Known {
		return Sender{Exe: t.o.Exe}
	}
	return Sender{Exe: t.o.Exe, UID: &e.Caller.UID}
}

// write writes what comes into the queue, until that is closed and empty.
func (t *Trail) write() {
	defer close(t.done)
	for b := range t.queue {
		for _, entry := range t.writeAll(b) { // nobody waits for the journal
			t.o.Mirror(entry)
		}
	}
	t.forget()
}

// writeAll sends the records of a batch to the kernel.
func (t *Trail) writeAll(b *batch) (entries []Entry) {
	defer close(b.over)
	if b.required {
		b.err = t.enabled()
	}
	for _, e := range b.events {
		for _, r := range records(e) {
			entry := t.writeOne(r, e)
			entries = append(entries, entry)
			b.err = cmp.Or(b.err, entry.Err)
		}
	}
	return entries
}

// writeOne sends a record to the kernel.
func (t *Trail) writeOne(r Record, e service.Audited) Entry {
	s := t.sender(e)
	text := r.Text(s)
	kernel, err := t.connected()
	if err == nil {
		if err = kernel.Send(r.Kind, text); err != nil {
			t.forget()
		}
	}
	return entryOf(r, s, text, e, err)
}

// enabled returns an error if the kernel drops all records.
func (t *Trail) enabled() error {
	kernel, err := t.connected()
	if err != nil {
		return err
	}
	on, err := kernel.Enabled()
	switch {
	case err != nil:
		t.forget()
	case !on:
		err = errDisabled
	}
	return err
}

func (t *Trail) connected() (Kernel, error) {
	if t.kernel == nil {
		kernel, err := t.o.Open()
		if err != nil {
			return nil, err
		}
		t.kernel = kernel
	}
	return t.kernel, nil
}

func (t *Trail) forget() {
	if t.kernel != nil {
		_ = t.kernel.Close()
		t.kernel = nil
	}
}

// Close writes what is in the queue, for closeTime at most, and ends. The log has the number of what is left.
func (t *Trail) Close() {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return
	}
	t.closed = true
	if len(t.held) > 0 {
		select {
		case t.queue <- &batch{events: t.held, over: make(chan struct{})}:
		default: // closeTime is not enough for as many
		}
	}
	close(t.queue)
	t.mu.Unlock()
	timer := time.NewTimer(closeTime)
	defer timer.Stop()
	select {
	case <-t.done:
	case <-timer.C:
		t.o.Log.Error("audit records are lost: the kernel did not take them in time", "groups", len(t.queue)+1)
	}
}
