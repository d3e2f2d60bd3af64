package remote

import (
	"context"
	"fmt"
	"strconv"
	"syscall"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/linux/namespace"
	"github.com/berthd/berth/service"
)

func lifeProcedures() []*procedure {
	control := func(number int32, name, verb string, run handler) *procedure {
		return change(number, name, contract.ActionControl, verb, run)
	}
	create := func(number int32, name string) *procedure {
		return &procedure{number: number, name: name, action: contract.ActionManage, verb: "CreateXML", writes: true, mutates: true, run: createXML}
	}
	signal := &procedure{
		number: 295, name: "virDomainSendProcessSignal", action: contract.ActionExec, verb: "SendProcessSignal", about: true, writes: true,
		run: sendSignal,
	}
	return []*procedure{
		control(9, "virDomainCreate", "Start", start), control(196, "virDomainCreateWithFlags", "Start", startWithFlags),
		control(310, "virDomainCreateWithFiles", "Start", startWithFlags),
		create(10, "virDomainCreateXML"), create(309, "virDomainCreateXMLWithFiles"),
		control(12, "virDomainDestroy", "Destroy", destroy(false)), control(234, "virDomainDestroyFlags", "Destroy", destroy(true)),
		control(33, "virDomainShutdown", "Shutdown", ask(false, core.Shutdown)),
		control(258, "virDomainShutdownFlags", "Shutdown", ask(true, core.Shutdown)),
		control(27, "virDomainReboot", "Reboot", ask(true, core.Reboot)),
		control(34, "virDomainSuspend", "Suspend", func(ctx context.Context, c *call) error { return c.core().Suspend(ctx, c.uuid) }),
		control(28, "virDomainResume", "Resume", func(ctx context.Context, c *call) error { return c.core().Resume(ctx, c.uuid) }),
		control(245, "virDomainReset", "Reset", reset),
		signal,
	}
}

// The flags of a start.
const (
	startPaused = 1 << iota
	startAutodestroy
	startBypassCache
	startForceBoot
	startValidate
)

// reset kills a container and starts it again, with the same definition.
func reset(ctx context.Context, c *call) error {
	if err := c.noFlags(); err != nil {
		return err
	}
	return c.core().Reset(ctx, c.uuid)
}

func start(ctx context.Context, c *call) error {
	return c.core().StartWith(ctx, c.uuid, service.StartOptions{})
}

func startWithFlags(ctx context.Context, c *call) error {
	o, err := c.startOptions(c.in.U32())
	if err != nil {
		return err
	}
	if err := c.core().StartWith(ctx, c.uuid, o); err != nil {
		return err
	}
	c.conn.own(c.uuid, o.Owner)
	snap, err := c.snapshot()
	if err != nil {
		return err
	}
	c.out.Domain(domainOf(&snap))
	return nil
}

func createXML(ctx context.Context, c *call) error {
	text := c.in.Text()
	o, err := c.startOptions(c.in.U32())
	if err != nil {
		return err
	}
	snap, err := c.core().CreateWith(ctx, []byte(text), o)
	if err != nil {
		return err
	}
	c.conn.own(snap.UUID, o.Owner)
	c.out.Domain(domainOf(&snap))
	return nil
}

// startOptions reads the flags of a start, and the descriptors that came with it.
func (c *call) startOptions(flags uint32) (o service.StartOptions, err error) {
	switch {
	case c.in.Err() != nil:
		return o, c.badArguments()
	case flags&^(startAutodestroy|startValidate|startBypassCache|startForceBoot) != 0:
		return o, unknownFlags(flags, c.proc.name)
	}
	for i, f := range c.files {
		o.Passed = append(o.Passed, service.Passed{Name: "libvirt-" + strconv.Itoa(i+3), File: f})
	}
	if flags&startAutodestroy != 0 {
		p := c.by.Peer
		o.Owner = fmt.Sprintf("libvirt-client %d-%d-%d", p.PID, p.Start, p.Connection)
	}
	return o, nil
}

func destroy(withFlags bool) handler {
	return func(ctx context.Context, c *call) error {
		const graceful = 1
		flags := uint32(0)
		if withFlags {
			flags = c.in.U32()
		}
		switch {
		case c.in.Err() != nil:
			return c.badArguments()
		case flags&^graceful != 0:
			return unknownFlags(flags, c.proc.name)
		}
		return c.core().Destroy(ctx, c.uuid)
	}
}

// ask asks init to end or to reboot, in the ways that the flags name.
func ask(withFlags bool, do func(core, context.Context, domain.UUID, service.Modes) error) handler {
	return func(ctx context.Context, c *call) error {
		const initctl, signal = 4, 8
		flags := uint32(0)
		if withFlags {
			flags = c.in.U32()
		}
		switch {
		case c.in.Err() != nil:
			return c.badArguments()
		case flags&^(initctl|signal) != 0:
			return unknownFlags(flags, c.proc.name)
		}
		return do(c.core(), ctx, c.uuid, service.Modes{Initctl: flags&initctl != 0, Signal: flags&signal != 0})
	}
}

// sendSignal sends a signal to init, as libvirt does, or to another process of the container.
func sendSignal(ctx context.Context, c *call) error {
	pid, number, flags := c.in.I64(), c.in.U32(), c.in.U32()
	const last = 64 // the numbers are Linux's, also of real-time signals
	switch {
	case c.in.Err() != nil:
		return c.badArguments()
	case flags != 0:
		return unknownFlags(flags, c.proc.name)
	case pid < 1 || pid > 1<<22:
		return wrong(codeInvalidArg, domainLXC, "%d is no process id inside of a container", pid)
	case number > last:
		return wrong(codeInvalidArg, domainLXC, "signal number %d is not supported", number)
	}
	return c.core().SignalInside(ctx, c.uuid, uint32(pid), syscall.Signal(number))
}

// lxcProcedures are those of the program of libvirt's LXC driver.
func lxcProcedures() []*procedure {
	return []*procedure{{
		number: 1, name: "virDomainLxcOpenNamespace", action: contract.ActionNamespaces, verb: "OpenNamespaces", about: true, writes: true,
		run: openNamespaces,
	}}
}

// openNamespaces gives the namespaces of init, in the order in which the client enters them. virsh gives up if one of
// them cannot be entered.
func openNamespaces(ctx context.Context, c *call) error {
	if err := c.noFlags(); err != nil {
		return err
	}
	files, err := c.core().Namespaces(ctx, c.uuid, []string{"user", "ipc", "uts", "net", "pid", "cgroup", "mnt"})
	if err != nil {
		return err
	}
	c.answers = namespace.EntryOrder(files)
	c.out.U32(uint32(len(files)))
	return nil
}
