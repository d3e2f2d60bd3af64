package cli

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
)

// scheduling is the output of schedinfo --json. The times are in µs, null for no limit.
type scheduling struct {
	Scheduler string  `json:"scheduler"`
	Shares    uint64  `json:"cpu_shares"`
	Period    uint64  `json:"vcpu_period"`
	Quota     *uint64 `json:"vcpu_quota"`
}

const (
	defaultPeriod = 100000            // the kernel's, in µs
	mostQuota     = (1<<64 - 1) >> 20 // libvirt's number for no quota, in µs
)

func schedulingOf(i client.Info) scheduling {
	s := scheduling{Scheduler: "posix", Shares: i.CPUWeight, Period: i.CPUQuotaPeriodUSec}
	if s.Shares == noLimit {
		s.Shares = defaultWeight
	}
	if s.Period == noLimit {
		s.Period = defaultPeriod
	}
	if i.CPUQuotaPerSecUSec != noLimit {
		quota := scaled(i.CPUQuotaPerSecUSec, s.Period, 1_000_000, 0)
		s.Quota = &quota
	}
	return s
}

// scaled returns n*to/from, rounded down after plus was added to n*to.
func scaled(n, to, from, plus uint64) uint64 {
	high, low := bits.Mul64(n, to)
	low, carry := bits.Add64(low, plus, 0)
	if high += carry; high >= from {
		return noLimit
	}
	quotient, _ := bits.Div64(high, low, from)
	return quotient
}

func (a *app) schedInfo() tunable {
	set := &operand{name: "set", about: "`PARAMETER=VALUE`: cpu_shares, vcpu_period or vcpu_quota; the last two in µs, and a negative quota is none", optional: true, many: true}
	set.complete = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"cpu_shares=", "vcpu_period=", "vcpu_quota="}, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	return tunable{
		use: "schedinfo", short: "Print or change the weight and quota of processor time of a container", operands: []*operand{set}, needsNow: true, echoes: true,
		json: func(i client.Info) any { return schedulingOf(i) },
		read: func(i client.Info) []parameter {
			s := schedulingOf(i)
			quota := uint64(mostQuota)
			if s.Quota != nil {
				quota = *s.Quota
			}
			return []parameter{{"Scheduler", s.Scheduler}, {"cpu_shares", number(s.Shares)}, {"vcpu_period", number(s.Period)}, {"vcpu_quota", number(quota)}}
		},
		set: func(now client.Info) (client.Resources, error) { return setScheduling(now, set.values) },
	}
}

// setScheduling returns the parameters that are given. libvirt's quota is one in each period, and systemd's in each
// second: a new period changes the latter.
func setScheduling(now client.Info, words []string) (client.Resources, error) {
	s, r := schedulingOf(now), client.Resources{}
	quota := int64(-1)
	if s.Quota != nil {
		quota = int64(*s.Quota)
	}
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		n, err := strconv.ParseInt(value, 10, 64)
		switch {
		case name != "cpu_shares" && name != "vcpu_period" && name != "vcpu_quota":
			return nil, fmt.Errorf("invalid scheduler option: %s", printable(word))
		case err != nil, n < 0 && name != "vcpu_quota":
			return nil, fmt.Errorf("invalid value of scheduler option: %s", printable(word))
		case name == "cpu_shares":
			r["CPUWeight"] = uint64(n)
		case name == "vcpu_period":
			s.Period, r["CPUQuotaPeriodUSec"] = uint64(n), uint64(n)
		default:
			quota, r["CPUQuotaPerSecUSec"] = n, noLimit
		}
	}
	if weight, given := r["CPUWeight"].(uint64); given && weight == 0 {
		return nil, errors.New("cpu_shares: 0 is not a weight from 1 to 10000")
	}
	_, quotaGiven := r["CPUQuotaPerSecUSec"]
	_, periodGiven := r["CPUQuotaPeriodUSec"]
	if (quotaGiven || periodGiven) && quota >= 0 && quota < mostQuota && s.Period > 0 {
		r["CPUQuotaPerSecUSec"] = scaled(uint64(quota), 1_000_000, s.Period, s.Period-1)
	}
	return r, nil
}
