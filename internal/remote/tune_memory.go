package remote

import (
	"math/bits"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/remote/xdr"
)

// together returns the limit of memory and swap together: libvirt's is that, systemd's that of swap alone.
func together(memory, swap uint64) uint64 {
	sum, carry := bits.Add64(memory, swap, 0)
	if memory == plan.Infinity || swap == plan.Infinity || carry != 0 {
		return plan.Infinity
	}
	return sum
}

func memoryParameters(l limits) []xdr.Typed {
	return []xdr.Typed{
		xdr.ULLongOf("hard_limit", kib(l.memoryMax)), xdr.ULLongOf("soft_limit", kib(l.MemoryHigh)),
		xdr.ULLongOf("swap_hard_limit", kib(together(l.memoryMax, l.MemorySwapMax))),
	}
}

func memorySettings(now limits, list []xdr.Typed) (settings []domain.Setting, err error) {
	memory, both := now.memoryMax, together(now.memoryMax, now.MemorySwapMax)
	hard, swap := false, false
	for i := range list {
		p := &list[i]
		n, err := number(p)
		if err != nil {
			return nil, err
		}
		switch p.Field {
		case "hard_limit":
			memory, hard = bytesOf(n), true
			settings = append(settings, domain.Setting{Property: "MemoryMax", Number: memory})
		case "soft_limit":
			settings = append(settings, domain.Setting{Property: "MemoryHigh", Number: bytesOf(n)})
		case "swap_hard_limit":
			both, swap = bytesOf(n), true
		case "min_guarantee":
			settings = append(settings, domain.Setting{Property: "MemoryLow", Number: bytesOf(n)})
		default:
			return nil, unknownParameter(p)
		}
	}
	switch {
	case !swap && (!hard || both == plan.Infinity):
	case both == plan.Infinity:
		settings = append(settings, domain.Setting{Property: "MemorySwapMax", Number: plan.Infinity})
	case memory > both:
		return nil, wrong(codeInvalidArg, domainLXC, "memory hard_limit tunable value must be lower than or equal to swap_hard_limit")
	default:
		settings = append(settings, domain.Setting{Property: "MemorySwapMax", Number: both - memory})
	}
	return settings, nil
}
