package remote

import (
	"context"
	"slices"
	"strings"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/remote/xdr"
	"github.com/berthd/berth/service"
)

func interfaceProcedures() []*procedure {
	return []*procedure{
		as("GetInterfaces", look(257, "virDomainGetInterfaceParameters", interfaceParameters)),
		change(256, "virDomainSetInterfaceParameters", contract.ActionManage, "SetInterface", setInterfaceParameters),
	}
}

// rates are libvirt's parameters of an interface: kilobytes a second, and KiB for a burst. The floor is what a network
// promises; Berth promises nothing.
func rates(b *domain.IfaceBandwidth) []rate {
	var floor [2]uint64
	return []rate{
		{"inbound.average", &b.In.Average},
		{"inbound.peak", &b.In.Peak},
		{"inbound.burst", &b.In.Burst},
		{"inbound.floor", &floor[0]},
		{"outbound.average", &b.Out.Average},
		{"outbound.peak", &b.Out.Peak},
		{"outbound.burst", &b.Out.Burst},
	}
}

type rate struct {
	field string
	to    *uint64
}

// interfaceParameters finds an interface as domifstat does.
func interfaceParameters(_ context.Context, c *call) error {
	name, room, flags := c.in.Text(), c.in.I32(), c.in.U32()
	if c.in.Err() != nil {
		return c.badArguments()
	}
	o, err := c.impact(flags)
	switch {
	case err != nil:
		return err
	case o.Live && o.Config:
		return exclusiveImpact()
	}
	list, err := c.core().Interfaces(c.uuid, o)
	if err != nil {
		return err
	}
	n := slices.IndexFunc(list, func(i service.InterfaceInfo) bool {
		return name != "" && (name == i.Link || name == i.Name || strings.EqualFold(name, i.MAC))
	})
	if n < 0 {
		return wrong(codeInvalidArg, domainLXC, "the container has no interface '%.256s'", name)
	}
	var fields []xdr.Typed
	for _, r := range rates(&list[n].Bandwidth) {
		fields = append(fields, xdr.UIntOf(r.field, uint32(*r.to)))
	}
	c.twoPhase(room, fields)
	return nil
}

// exclusiveImpact is libvirt's error of a question about both definitions.
func exclusiveImpact() error {
	return fault(codeInvalidArg, domainDomain, "flags 'VIR_DOMAIN_AFFECT_LIVE' and 'VIR_DOMAIN_AFFECT_CONFIG' are mutually exclusive")
}

// setInterfaceParameters gives each direction of which a number is given all its numbers anew, as libvirt does.
func setInterfaceParameters(ctx context.Context, c *call) error {
	name, list := c.in.Text(), c.in.Typed(maxTyped)
	flags := c.in.U32()
	if c.in.Err() != nil {
		return c.badArguments()
	}
	o, err := c.impact(flags)
	if err != nil {
		return err
	}
	var change service.LinkChange
	var b domain.IfaceBandwidth
	all := rates(&b)
	for i := range list {
		p := &list[i]
		n, err := number(p)
		at := slices.IndexFunc(all, func(r rate) bool { return r.field == p.Field })
		switch {
		case at < 0:
			return unknownParameter(p)
		case err != nil:
			return err
		case p.Field == "inbound.floor" && n != 0:
			return wrong(codeConfigUnsupported, domainLXC, "parameter 'inbound.floor' is %d: Berth promises no bandwidth; 0 is none", n)
		case strings.HasPrefix(p.Field, "inbound."):
			change.In = &b.In
		default:
			change.Out = &b.Out
		}
		*all[at].to = n
	}
	return c.core().SetInterface(ctx, c.uuid, name, change, o)
}
