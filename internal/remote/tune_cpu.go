package remote

import (
	"context"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/remote/xdr"
)

// What the kernel has if nothing is set.
const (
	defaultShares = 100
	defaultPeriod = 100_000 // µs
	second        = 1_000_000
)

// schedulerType is what libvirt's LXC driver says, with the number of its parameters.
func schedulerType(_ context.Context, c *call) error {
	c.out.Text("posix")
	c.out.I32(3)
	return nil
}

func schedulerParameters(l limits) []xdr.Typed {
	shares, period, quota := l.CPUWeight, l.CPUQuotaPeriod, int64(-1)
	if shares == plan.Infinity {
		shares = defaultShares
	}
	if period == plan.Infinity {
		period = defaultPeriod
	}
	if l.CPUQuotaPerSec != plan.Infinity {
		quota = int64(min(l.CPUQuotaPerSec, 1<<40) * min(period, second) / second)
	}
	return []xdr.Typed{xdr.ULLongOf("cpu_shares", shares), xdr.ULLongOf("vcpu_period", period), xdr.LLongOf("vcpu_quota", quota)}
}

// getScheduler answers with at most as many parameters as the client has room for. It knows their number already.
func getScheduler(withFlags bool) handler {
	return func(_ context.Context, c *call) error {
		room, flags := c.in.I32(), uint32(0)
		if withFlags {
			flags = c.in.U32()
		}
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
		list := schedulerParameters(now)
		c.out.Typed(list[:min(max(int(room), 0), len(list))])
		return nil
	}
}

func setScheduler(ctx context.Context, c *call) error {
	list := c.in.Typed(maxTyped)
	if c.in.Err() != nil {
		return c.badArguments()
	}
	return c.tune(ctx, list, 0, schedulerSettings)
}

// schedulerSettings turns libvirt's quota, which is one in each period, into systemd's, which is one in each second: a
// new period changes that, too.
func schedulerSettings(now limits, list []xdr.Typed) (settings []domain.Setting, err error) {
	known := schedulerParameters(now)
	period, quota := known[1].Bits, int64(known[2].Bits)
	changed := false
	for i := range list {
		p := &list[i]
		n, err := number(p)
		if err != nil {
			return nil, err
		}
		switch p.Field {
		case "cpu_shares":
			if n == 0 {
				return nil, wrong(codeInvalidArg, domainLXC, "cpu_shares: 0 is not a weight from 1 to 10000")
			}
			settings = append(settings, domain.Setting{Property: "CPUWeight", Number: n})
		case "vcpu_period":
			period, changed = n, true
			settings = append(settings, domain.Setting{Property: "CPUQuotaPeriodUSec", Number: n})
		case "vcpu_quota":
			quota, changed = int64(n), true
		default:
			return nil, unknownParameter(p)
		}
	}
	if changed {
		s := domain.Setting{Property: "CPUQuotaPerSecUSec", Number: plan.Infinity}
		if quota >= 0 && period > 0 {
			s.Number = scaled(uint64(quota), second, period)
		}
		settings = append(settings, s)
	}
	return settings, nil
}
