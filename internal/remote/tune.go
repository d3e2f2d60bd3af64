package remote

import (
	"context"
	"math/bits"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/remote/xdr"
	"github.com/berthd/berth/service"
)

// maxTyped bounds the parameters of a call.
const maxTyped = 16

// unlimited is libvirt's number of KiB for no limit.
const unlimited = 9007199254740991

func tuneProcedures() []*procedure {
	set := func(number int32, name string, run handler) *procedure {
		return change(number, name, contract.ActionManage, "SetResources", run)
	}
	return []*procedure{
		set(30, "virDomainSetMaxMemory", setMaxMemory), set(31, "virDomainSetMemory", setMemory(false)),
		set(204, "virDomainSetMemoryFlags", setMemory(true)),
		set(197, "virDomainSetMemoryParameters", setTyped(memorySettings)), look(198, "virDomainGetMemoryParameters", getTyped(memoryParameters)),
		set(205, "virDomainSetBlkioParameters", setTyped(blkioSettings)), look(206, "virDomainGetBlkioParameters", getTyped(blkioParameters)),
		look(56, "virDomainGetSchedulerType", schedulerType),
		look(57, "virDomainGetSchedulerParameters", getScheduler(false)), look(223, "virDomainGetSchedulerParametersFlags", getScheduler(true)),
		set(58, "virDomainSetSchedulerParameters", setScheduler), set(219, "virDomainSetSchedulerParametersFlags", setTyped(schedulerSettings)),
		set(254, "virDomainSetNumaParameters", setTyped(numaSettings)), look(255, "virDomainGetNumaParameters", getTyped(numaParameters)),
		set(32, "virDomainSetVcpus", setVCPUs(false)), set(199, "virDomainSetVcpusFlags", setVCPUs(true)),
		set(279, "virDomainPinEmulator", pinEmulator),
	}
}

// limits are those of a container, with that of memory.
type limits struct {
	memoryMax uint64
	service.Limits
}

func (c *call) limits(o service.TuneOptions) (limits, error) {
	if o.Live && o.Config { // what both start from
		o.Config = false
	}
	most, l, err := c.core().Limits(c.uuid, o)
	return limits{most, l}, err
}

// kib turns bytes into libvirt's KiB.
func kib(bytes uint64) uint64 {
	if bytes == plan.Infinity {
		return unlimited
	}
	return bytes >> 10
}

// bytesOf turns libvirt's KiB into bytes.
func bytesOf(kib uint64) uint64 {
	if kib >= unlimited {
		return plan.Infinity
	}
	return kib << 10
}

// setTyped changes what typed parameters say.
func setTyped(settings func(limits, []xdr.Typed) ([]domain.Setting, error)) handler {
	return func(ctx context.Context, c *call) error {
		list := c.in.Typed(maxTyped)
		flags := c.in.U32()
		if c.in.Err() != nil {
			return c.badArguments()
		}
		return c.tune(ctx, list, flags, settings)
	}
}

func (c *call) tune(ctx context.Context, list []xdr.Typed, flags uint32, settings func(limits, []xdr.Typed) ([]domain.Setting, error)) error {
	o, err := c.impact(flags)
	if err != nil {
		return err
	}
	now, err := c.limits(o)
	if err != nil {
		return err
	}
	changes, err := settings(now, list)
	if err != nil {
		return err
	}
	return c.core().SetResources(ctx, c.uuid, changes, o)
}

// getTyped answers a call that asks first how many parameters there are, and then for as many.
func getTyped(parameters func(limits) []xdr.Typed) handler {
	return func(_ context.Context, c *call) error {
		room, flags := c.in.I32(), c.in.U32()
		if c.in.Err() != nil {
			return c.badArguments()
		}
		o, err := c.impact(flags)
		if err != nil {
			return err
		}
		now, err := c.limits(o)
		if err != nil {
			return err
		}
		c.twoPhase(room, parameters(now))
		return nil
	}
}

// twoPhase writes as many parameters as the client has room for, or how many there are.
func (c *call) twoPhase(room int32, list []xdr.Typed) {
	if room <= 0 {
		c.out.U32(0)
		c.out.U32(uint32(len(list)))
		return
	}
	c.out.Typed(list[:min(int(room), len(list))])
	c.out.U32(0)
}

// number returns a parameter's value, which must be a whole one.
func number(p *xdr.Typed) (uint64, error) {
	switch p.Type {
	case xdr.Int, xdr.UInt, xdr.LLong, xdr.ULLong, xdr.Boolean:
		return p.Bits, nil
	case xdr.Double, xdr.String:
	}
	return 0, wrong(codeInvalidArg, domainLXC, "invalid type for parameter '%s', which is a number", p.Field)
}

func unknownParameter(p *xdr.Typed) error {
	return wrong(codeInvalidArg, domainLXC, "parameter '%s' not supported", p.Field)
}

func setMaxMemory(ctx context.Context, c *call) error {
	size := c.in.U64()
	if c.in.Err() != nil {
		return c.badArguments()
	}
	return c.core().SetResources(ctx, c.uuid, []domain.Setting{{Property: "Memory", Number: bytesOf(size)}}, service.TuneOptions{})
}

func setMemory(withFlags bool) handler {
	return func(ctx context.Context, c *call) error {
		size, flags := c.in.U64(), uint32(0)
		if withFlags {
			flags = c.in.U32()
		}
		if c.in.Err() != nil {
			return c.badArguments()
		}
		const maximum = 4
		property := "CurrentMemory"
		if flags&maximum != 0 {
			property = "Memory"
		}
		o, err := c.impact(flags &^ maximum)
		if err != nil {
			return err
		}
		return c.core().SetResources(ctx, c.uuid, []domain.Setting{{Property: property, Number: bytesOf(size)}}, o)
	}
}

// scaled returns n*to/from, rounded up, and the largest number if that is too large.
func scaled(n, to, from uint64) uint64 {
	high, low := bits.Mul64(n, to)
	low, carry := bits.Add64(low, from-1, 0)
	if high += carry; high >= from {
		return plan.Infinity
	}
	quotient, _ := bits.Div64(high, low, from)
	return quotient
}
