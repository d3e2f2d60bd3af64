package cli

import (
	"cmp"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/size"
)

func setMemory() tunable {
	size := &operand{name: "size", about: "the new `SIZE`, in KiB if it has no unit"}
	return tunable{use: "setmem", short: "Change the limit of memory of a container", operands: []*operand{size}, set: setSize(size, "CurrentMemory")}
}

func setMaxMemory() tunable {
	size := &operand{name: "size", about: "the new `SIZE`, in KiB if it has no unit"}
	return tunable{use: "setmaxmem", short: "Change the size of memory in the definition of a container", operands: []*operand{size}, set: setSize(size, "Memory")}
}

func setSize(size *operand, property string) func(client.Info) (client.Resources, error) {
	return func(client.Info) (client.Resources, error) {
		n, err := sized(size)
		if err == nil && n == 0 {
			err = malformed(size.value, size.name)
		}
		return client.Resources{property: n}, err
	}
}

// memoryTuning is the output of memtune --json, in KiB. null means no limit.
type memoryTuning struct {
	HardLimit     *uint64 `json:"hard_limit"`
	SoftLimit     *uint64 `json:"soft_limit"`
	SwapHardLimit *uint64 `json:"swap_hard_limit"`
	MinGuarantee  *uint64 `json:"min_guarantee"`
}

func memoryTuningOf(i client.Info) memoryTuning {
	kib := func(n uint64) *uint64 {
		if n == noLimit {
			return nil
		}
		n >>= 10
		return &n
	}
	return memoryTuning{kib(i.MemoryMax), kib(i.MemoryHigh), kib(together(i.MemoryMax, i.MemorySwapMax)), kib(i.MemoryLow)}
}

// together returns the limit of memory and swap together.
func together(memory, swap uint64) uint64 {
	sum, carry := bits.Add64(memory, swap, 0)
	if memory == noLimit || swap == noLimit || carry != 0 {
		return noLimit
	}
	return sum
}

func memoryTune() tunable {
	const unit = "in KiB if it has no unit; -1 means no limit"
	hard := &operand{name: "hard-limit", about: "`HARD-LIMIT` of memory, " + unit, optional: true}
	soft := &operand{name: "soft-limit", about: "`SOFT-LIMIT` of memory above which the container is slowed down, " + unit, optional: true}
	swap := &operand{name: "swap-hard-limit", about: "`SWAP-LIMIT` of memory and swap together, " + unit, optional: true}
	least := &operand{name: "min-guarantee", about: "`GUARANTEE`: memory that the container keeps when the host lacks memory, " + unit, optional: true}
	return tunable{
		use: "memtune", short: "Print or change the limits of memory of a container", operands: []*operand{hard, soft, swap, least}, needsNow: true,
		json: func(i client.Info) any { return memoryTuningOf(i) },
		read: func(i client.Info) []parameter {
			m := memoryTuningOf(i)
			list := []parameter{{"hard_limit", limitText(m.HardLimit)}, {"soft_limit", limitText(m.SoftLimit)}, {"swap_hard_limit", limitText(m.SwapHardLimit)}}
			if i.MemoryLow != 0 {
				list = append(list, parameter{"min_guarantee", limitText(m.MinGuarantee)})
			}
			return list
		},
		set: func(now client.Info) (client.Resources, error) { return setMemoryTune(now, hard, soft, swap, least) },
	}
}

// setMemoryTune returns the limits that are given. libvirt's limit of swap is one of memory and swap together, and
// systemd's of swap alone.
func setMemoryTune(now client.Info, hard, soft, swap, least *operand) (client.Resources, error) {
	r := client.Resources{}
	for _, one := range []struct {
		from *operand
		to   string
	}{{hard, "MemoryMax"}, {soft, "MemoryHigh"}, {least, "MemoryLow"}} {
		if !one.from.given {
			continue
		}
		n, err := sized(one.from)
		if err != nil {
			return nil, err
		}
		r[one.to] = n
	}
	memory, both := now.MemoryMax, together(now.MemoryMax, now.MemorySwapMax)
	if hard.given {
		memory, _ = r["MemoryMax"].(uint64)
	}
	if swap.given {
		var err error
		if both, err = sized(swap); err != nil {
			return nil, err
		}
	}
	switch {
	case !swap.given && (!hard.given || both == noLimit):
	case both == noLimit:
		r["MemorySwapMax"] = noLimit
	case memory > both:
		return nil, fmt.Errorf("memory hard_limit tunable value must be lower than or equal to swap_hard_limit, which counts memory and swap together: %d KiB and %d KiB", memory>>10, both>>10)
	default:
		r["MemorySwapMax"] = both - memory
	}
	return r, nil
}

func limitText(kib *uint64) string {
	if kib == nil {
		return "unlimited"
	}
	return number(*kib)
}

// sized reads a size in bytes. A negative one means no limit.
func sized(o *operand) (uint64, error) {
	text := strings.TrimSpace(o.value)
	digits := len(text) - len(strings.TrimLeft(text, "-0123456789"))
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n < 0 {
		return noLimit, nil
	}
	n, err := strconv.ParseUint(text[:digits], 10, 64)
	factor, known := size.Factor(cmp.Or(strings.TrimSpace(text[digits:]), "KiB"))
	high, low := bits.Mul64(n, factor)
	if err != nil || !known || high != 0 {
		return 0, malformed(o.value, o.name)
	}
	return low, nil
}
