package remote

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/remote/xdr"
	"github.com/berthd/berth/service"
)

// maxList bounds the containers of one answer.
const maxList = 16384

func listProcedures() []*procedure {
	list := func(number int32, name string, run handler) *procedure {
		p := free(number, name, openAsks, run)
		p.action, p.verb = contract.ActionRead, "Get"
		return p
	}
	return []*procedure{
		list(273, "virConnectListAllDomains", listAll),
		list(51, "virConnectNumOfDomains", numberOf(true)),
		list(37, "virConnectListDomains", listOf(true, putID)),
		list(25, "virConnectNumOfDefinedDomains", numberOf(false)),
		list(21, "virConnectListDefinedDomains", listOf(false, putName)),
		list(22, "virDomainLookupByID", lookupByID),
		list(23, "virDomainLookupByName", lookupByName),
		list(24, "virDomainLookupByUUID", lookupByUUID),
	}
}

// active reports whether a container has an id, which is what libvirt calls active.
func active(snap *service.Snapshot) bool { return snap.ID != 0 && snap.State.Active() }

// domainOf names a container for the client.
func domainOf(snap *service.Snapshot) xdr.Domain {
	d := xdr.Domain{Name: snap.Name, UUID: snap.UUID, ID: -1}
	if active(snap) {
		d.ID = int32(snap.ID)
	}
	return d
}

// The flags of a list. Those of a group are alternatives; a group without any leaves nothing out.
const (
	listActive = 1 << iota
	listInactive
	listPersistent
	listTransient
	listRunning
	listPaused
	listShutoff
	listOther
	listManagedSave
	listNoManagedSave
	listAutostart
	listNoAutostart
	listSnapshots
	listNoSnapshots
	listCheckpoints
	listNoCheckpoints
	listKnown = 1<<iota - 1
)

// flagsOf returns the flags of a list that leave a container in.
func flagsOf(snap *service.Snapshot) uint32 {
	pick := func(is bool, yes, no uint32) uint32 {
		if is {
			return yes
		}
		return no
	}
	on := active(snap)
	flags := pick(on, listActive, listInactive|listShutoff) | pick(snap.Persistent, listPersistent, listTransient) |
		pick(snap.Autostart, listAutostart, listNoAutostart) | listNoManagedSave | listNoSnapshots | listNoCheckpoints
	if on {
		switch snap.State {
		case service.StateRunning:
			flags |= listRunning
		case service.StatePaused:
			flags |= listPaused
		case service.StateShutoff, service.StateStarting, service.StateStopping:
			flags |= listOther
		}
	}
	return flags
}

// listed reports whether the flags of a list leave a container in: one of each group that has any.
func listed(snap *service.Snapshot, flags uint32) bool {
	if flags == 0 {
		return true
	}
	has := flagsOf(snap)
	for _, group := range [...]uint32{
		listActive | listInactive, listPersistent | listTransient, listRunning | listPaused | listShutoff | listOther,
		listManagedSave | listNoManagedSave, listAutostart | listNoAutostart, listSnapshots | listNoSnapshots, listCheckpoints | listNoCheckpoints,
	} {
		if flags&group != 0 && flags&group&has == 0 {
			return false
		}
	}
	return true
}

func listAll(ctx context.Context, c *call) error {
	needed, flags := c.in.I32(), c.in.U32()
	if c.in.Err() != nil {
		return c.badArguments()
	}
	if flags&^listKnown != 0 {
		return unknownFlags(flags&^listKnown, "virConnectListAllDomains")
	}
	all, err := c.list(ctx)
	if err != nil {
		return err
	}
	at := c.out.Len()
	c.out.U32(0)
	n := uint32(0)
	for i := range all {
		if n < maxList && listed(&all[i], flags) {
			n++
			if needed != 0 {
				c.out.Domain(domainOf(&all[i]))
			}
		}
	}
	if needed != 0 {
		c.out.SetU32(at, n)
	}
	c.out.U32(n)
	return nil
}

// noFlags reads the flags of a procedure that knows none, after its other arguments.
func (c *call) noFlags() error {
	flags := c.in.U32()
	switch {
	case c.in.Err() != nil:
		return c.badArguments()
	case flags != 0:
		return unknownFlags(flags, c.proc.name)
	}
	return nil
}

// unknownFlags is libvirt's error of flags that it does not know. It names the function of its LXC driver.
func unknownFlags(flags uint32, name string) error {
	return fault(codeInvalidArg, domainLXC, "unsupported flags (0x%x) in function %s", flags, driverFunction(name))
}

// driverFunction gives the function of libvirt's LXC driver that looks at the flags of one of its library.
func driverFunction(name string) string {
	switch name {
	case "virDomainCreateWithFlags":
		return "lxcDomainCreateWithFiles"
	case "virDomainCreateXML":
		return "lxcDomainCreateXMLWithFiles"
	}
	return "lxc" + strings.TrimPrefix(name, "vir")
}

func numberOf(on bool) handler {
	return func(ctx context.Context, c *call) error {
		all, err := c.list(ctx)
		if err != nil {
			return err
		}
		n := int32(0)
		for i := range all {
			if active(&all[i]) == on {
				n++
			}
		}
		c.out.I32(n)
		return nil
	}
}

// listOf answers with one thing of each container that is on, or of each that is off: no more than the client has room
// for.
func listOf(on bool, put func(*xdr.Encoder, *service.Snapshot)) handler {
	return func(ctx context.Context, c *call) error {
		most := c.in.I32()
		if c.in.Err() != nil {
			return c.badArguments()
		}
		all, err := c.list(ctx)
		if err != nil {
			return err
		}
		at, n := c.out.Len(), int32(0)
		c.out.U32(0)
		for i := range all {
			if active(&all[i]) == on && n < min(most, maxList) {
				n++
				put(c.out, &all[i])
			}
		}
		c.out.SetU32(at, uint32(n))
		return nil
	}
}

func putID(e *xdr.Encoder, s *service.Snapshot)   { e.I32(int32(s.ID)) }
func putName(e *xdr.Encoder, s *service.Snapshot) { e.Text(s.Name) }

func lookupByID(ctx context.Context, c *call) error {
	id := c.in.I32()
	if c.in.Err() != nil {
		return c.badArguments()
	}
	snap, err := service.Snapshot{}, service.ErrNoContainer
	if id > 0 {
		snap, err = c.core().ByID(uint32(id))
	}
	return c.found(ctx, &snap, err, service.Subject{}, fmt.Sprintf("id %d", id))
}

func lookupByName(ctx context.Context, c *call) error {
	name := c.in.Text()
	if c.in.Err() != nil {
		return c.badArguments()
	}
	snap, err := c.core().ByName(name)
	return c.found(ctx, &snap, err, service.Subject{Name: name}, "name '"+name+"'")
}

func lookupByUUID(ctx context.Context, c *call) error {
	u := domain.UUID(c.in.UUID())
	if c.in.Err() != nil {
		return c.badArguments()
	}
	snap, err := c.core().ByUUID(u)
	return c.found(ctx, &snap, err, service.Subject{UUID: u}, "uuid '"+u.String()+"'")
}

// found answers with a container that was looked for, if the caller may read it. wanted is what he has named, if there
// is none.
func (c *call) found(ctx context.Context, snap *service.Snapshot, err error, wanted service.Subject, by string) error {
	missing := fmt.Errorf("%w with matching %s", errNoDomain, by)
	if c.by.Root() {
		switch {
		case errors.Is(err, service.ErrNoContainer):
			return missing
		case err != nil:
			return err
		}
		c.out.Domain(domainOf(snap))
		return nil
	}
	q := service.Question{Caller: c.by, Action: c.proc.action, Verb: c.proc.verb, Subject: wanted, Named: wanted}
	if err == nil {
		q.Subject = snap.Subject()
	}
	refusal := c.conn.server.access.Allow(ctx, q)
	if _, is := errors.AsType[*service.UndecidedError](refusal); is {
		return &deniedError{c.proc.action, refusal}
	}
	if refusal != nil || errors.Is(err, service.ErrNoContainer) {
		return missing
	}
	if err != nil {
		return err
	}
	c.out.Domain(domainOf(snap))
	return nil
}
