package remote

import (
	"context"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
)

func endProcedures() []*procedure {
	return []*procedure{change(390, "virDomainSetLifecycleAction", contract.ActionManage, "SetResources", setLifecycleAction)}
}

// setLifecycleAction says what becomes of a container that ends.
func setLifecycleAction(ctx context.Context, c *call) error {
	end, action, flags := c.in.U32(), c.in.U32(), c.in.U32()
	if c.in.Err() != nil {
		return c.badArguments()
	}
	endings := []domain.Ending{domain.EndingPoweroff, domain.EndingReboot, domain.EndingCrash}
	actions := []domain.Action{
		domain.ActionDestroy, domain.ActionRestart, domain.ActionRenameRestart, domain.ActionPreserve, domain.ActionCoredumpDestroy, domain.ActionCoredumpRestart,
	}
	const texts = 4
	o, err := c.impact(flags)
	switch {
	case err != nil || flags&texts != 0:
		return unknownFlags(flags, c.proc.name)
	case int(end) >= len(endings):
		return wrong(codeInvalidArg, domainDomain, "invalid lifecycle type '%d'", end)
	case int(action) >= len(actions):
		return wrong(codeInvalidArg, domainDomain, "invalid lifecycle action '%d'", action)
	}
	return c.core().SetAction(ctx, c.uuid, endings[end], actions[action], o)
}
