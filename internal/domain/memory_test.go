package domain

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMemory: memory is read in every unit, rounded up to KiB, and the current memory is never more
// than the maximum.
func TestMemory(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		xml      string
		max, now uint64
	}{
		"KiB by default":   {"<memory>65536</memory>", 65536, 65536},
		"a byte":           {"<memory unit='b'>1</memory>", 1, 1},
		"bytes round up":   {"<memory unit='bytes'>1025</memory>", 2, 2},
		"KB":               {"<memory unit='KB'>1000</memory>", 977, 977},
		"k":                {"<memory unit='k'>3</memory>", 3, 3},
		"MiB":              {"<memory unit='MiB'>1</memory>", 1024, 1024},
		"M":                {"<memory unit='M'>1</memory>", 1024, 1024},
		"MB":               {"<memory unit='MB'>1</memory>", 977, 977},
		"GB":               {"<memory unit='GB'>1</memory>", 976563, 976563},
		"T, small":         {"<memory unit='tib'>1</memory>", 1 << 30, 1 << 30},
		"the most":         {"<memory unit='b'>18446744073709551615</memory>", 1 << 54, 1 << 54},
		"15 EiB":           {"<memory unit='EiB'>15</memory>", 15 << 50, 15 << 50},
		"blanks":           {"<memory>\n 7 </memory>", 7, 7},
		"current":          {"<memory>10</memory><currentMemory>5</currentMemory>", 10, 5},
		"current is zero":  {"<memory>10</memory><currentMemory>0</currentMemory>", 10, 10},
		"current is more":  {"<memory>10</memory><currentMemory>11</currentMemory>", 10, 10},
		"current's unit":   {"<memory unit='MiB'>10</memory><currentMemory unit='MiB'>5</currentMemory>", 10240, 5120},
		"a comment inside": {"<memory>1<!-- -->0</memory>", 10, 10},
	} {
		d, err := Parse([]byte(with(tc.xml)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d.Memory.Max != tc.max || d.Memory.Current != tc.now {
			t.Errorf("%s: %d and %d, want %d and %d", name, d.Memory.Max, d.Memory.Current, tc.max, tc.now)
		}
	}
}

// TestMemoryTune: each limit of <memtune> is read, and one beyond the largest is unlimited.
func TestMemoryTune(t *testing.T) {
	t.Parallel()
	kib := func(n uint64) *uint64 { return &n }
	for name, tc := range map[string]struct {
		xml  string
		want Memory
	}{
		"none":       {"", Memory{}},
		"empty":      {"<memtune/>", Memory{}},
		"hard":       {"<memtune><hard_limit unit='MiB'>1</hard_limit></memtune>", Memory{HardLimit: kib(1024)}},
		"soft":       {"<memtune><soft_limit>1</soft_limit></memtune>", Memory{SoftLimit: kib(1)}},
		"swap":       {"<memtune><hard_limit>5</hard_limit><swap_hard_limit>5</swap_hard_limit></memtune>", Memory{HardLimit: kib(5), SwapHardLimit: kib(5)}},
		"unlimited":  {"<memtune><swap_hard_limit>9007199254740991</swap_hard_limit></memtune>", Memory{SwapHardLimit: kib(Unlimited)}},
		"beyond":     {"<memtune><hard_limit>9007199254740992</hard_limit></memtune>", Memory{HardLimit: kib(Unlimited)}},
		"guaranteed": {"<memtune><min_guarantee>1</min_guarantee></memtune>", Memory{MinGuarantee: kib(1)}},
	} {
		d, err := Parse([]byte(with(tc.xml)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		tc.want.Max, tc.want.Current = 65536, 65536
		if diff := cmp.Diff(tc.want, d.Memory); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}
