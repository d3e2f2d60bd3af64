package remote

import (
	"context"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

func deviceProcedures() []*procedure {
	plug := func(number int32, name, verb string, withFlags bool, do func(core, context.Context, domain.UUID, []byte, service.TuneOptions) error) *procedure {
		return change(number, name, contract.ActionManage, verb, func(ctx context.Context, c *call) error {
			text, flags := c.in.Text(), uint32(0)
			if withFlags {
				flags = c.in.U32()
			}
			if c.in.Err() != nil {
				return c.badArguments()
			}
			const live, config = 1, 2
			if flags&^(live|config) != 0 {
				return unknownFlags(flags, name)
			}
			return do(c.core(), ctx, c.uuid, []byte(text), service.TuneOptions{Live: flags&live != 0, Config: flags&config != 0})
		})
	}
	return []*procedure{
		plug(8, "virDomainAttachDevice", "AttachDevice", false, core.AttachDevice),
		plug(160, "virDomainAttachDeviceFlags", "AttachDevice", true, core.AttachDevice),
		plug(13, "virDomainDetachDevice", "DetachDevice", false, core.DetachDevice),
		plug(161, "virDomainDetachDeviceFlags", "DetachDevice", true, core.DetachDevice),
		plug(392, "virDomainDetachDeviceAlias", "DetachDeviceAlias", true, func(s core, ctx context.Context, u domain.UUID, alias []byte, o service.TuneOptions) error {
			return s.DetachDeviceAlias(ctx, u, string(alias), o)
		}),
		plug(174, "virDomainUpdateDeviceFlags", "UpdateDevice", true, core.UpdateDevice),
	}
}
