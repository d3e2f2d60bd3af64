package audit

import (
	"cmp"
	"errors"

	"github.com/berthd/berth/service"
)

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
	off := t.enabled()
	if b.required {
		b.err = off
	}
	if !errors.Is(off, ErrDisabled) { // it cannot be asked, but it may take records all the same
		off = nil
	}
	for _, e := range b.events {
		for _, r := range records(e) {
			entry := t.writeOne(r, e, off)
			entries = append(entries, entry)
			b.err = cmp.Or(b.err, entry.Err)
		}
	}
	return entries
}

// writeOne sends a record to the kernel. off says why the kernel drops it; nil if it does not.
func (t *Trail) writeOne(r Record, e service.Audited, off error) Entry {
	s := t.sender(e)
	text := r.Text(s)
	kernel, err := t.connected()
	if err == nil {
		if err = kernel.Send(r.Kind, text); err != nil {
			t.forget()
		}
	}
	return entryOf(r, s, text, e, cmp.Or(err, off))
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
		err = ErrDisabled
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
