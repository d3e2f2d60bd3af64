package domain

import (
	"errors"
	"strings"
	"testing"
)

// TestTuned: each property changes its element in the definition, and nothing else, and the one that it was made from
// stays as it is.
func TestTuned(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	n := func(property string, number uint64) Setting { return Setting{Property: property, Number: number} }
	dev := func(property, path string, number uint64) Setting {
		return Setting{Property: property, Devices: []DeviceNumber{{path, number}}}
	}
	for name, tc := range map[string]struct {
		before  string
		setting []Setting
		running bool
		want    string // elements of the result; with a "!" before, that it does not have
	}{
		"memory max":            {"", []Setting{n("MemoryMax", 32*mib)}, true, "<hard_limit unit='KiB'>32768<"},
		"rounded up":            {"", []Setting{n("MemoryMax", 32*mib-1)}, true, "<hard_limit unit='KiB'>32768<"},
		"no limit":              {"", []Setting{n("MemoryMax", Infinity)}, true, "<hard_limit unit='KiB'>9007199254740991<"},
		"swap stays":            {"<memtune><swap_hard_limit>98304</swap_hard_limit></memtune>", []Setting{n("MemoryMax", 32*mib)}, true, "<swap_hard_limit unit='KiB'>65536<"},
		"current, running":      {"", []Setting{n("CurrentMemory", 32*mib)}, true, "<currentMemory unit='KiB'>32768< <hard_limit unit='KiB'>32768< <memory unit='KiB'>65536<"},
		"current, stored":       {"", []Setting{n("CurrentMemory", 32*mib)}, false, "<currentMemory unit='KiB'>32768< !hard_limit"},
		"memory, stored":        {"", []Setting{n("Memory", 32*mib)}, false, "<memory unit='KiB'>32768< <currentMemory unit='KiB'>32768<"},
		"soft limit":            {"", []Setting{n("MemoryHigh", 16*mib)}, true, "<soft_limit unit='KiB'>16384<"},
		"swap":                  {"", []Setting{n("MemorySwapMax", 16*mib)}, true, "<swap_hard_limit unit='KiB'>81920<"},
		"limit and swap":        {"", []Setting{n("MemorySwapMax", 16*mib), n("MemoryMax", 32*mib)}, true, "<swap_hard_limit unit='KiB'>49152<"},
		"no swap limit":         {"", []Setting{n("MemorySwapMax", Infinity)}, true, "<swap_hard_limit unit='KiB'>9007199254740991<"},
		"low":                   {"", []Setting{n("MemoryLow", mib)}, true, "<min_guarantee unit='KiB'>1024<"},
		"min":                   {"", []Setting{n("MemoryMin", mib)}, true, "<berth:protect memory='1024' unit='KiB'/>"},
		"weight":                {"", []Setting{n("CPUWeight", 200)}, true, "<shares>200<"},
		"idle":                  {"<cputune><shares>5</shares></cputune>", []Setting{n("CPUWeight", 0)}, true, "<berth:idle/> !shares"},
		"weight unset":          {"<cputune><shares>5</shares></cputune>", []Setting{n("CPUWeight", Infinity)}, true, "!shares !idle"},
		"quota":                 {"", []Setting{n("CPUQuotaPerSecUSec", 500000)}, true, "<quota>50000< !period"},
		"quota of a period":     {"<cputune><period>20000</period></cputune>", []Setting{n("CPUQuotaPerSecUSec", 500000)}, true, "<quota>10000< <period>20000<"},
		"period keeps the rate": {"<cputune><quota>50000</quota></cputune>", []Setting{n("CPUQuotaPeriodUSec", 20000)}, true, "<quota>10000< <period>20000<"},
		"no quota":              {"<cputune><quota>50000</quota></cputune>", []Setting{n("CPUQuotaPerSecUSec", Infinity)}, true, "<quota>-1<"},
		"tasks":                 {"", []Setting{n("TasksMax", 100)}, true, "<berth:pids max='100'/>"},
		"processors":            {"<vcpu placement='auto'>1</vcpu>", []Setting{{Property: "AllowedCPUs", Set: "0-1"}}, true, "<vcpu placement='static' cpuset='0-1'>1<"},
		"all processors":        {"<vcpu cpuset='1'>1</vcpu>", []Setting{{Property: "AllowedCPUs"}}, true, "!cpuset"},
		"nodes":                 {"", []Setting{{Property: "AllowedMemoryNodes", Set: "0"}}, true, "<memory mode='strict' nodeset='0'/>"},
		"io weight":             {"", []Setting{n("IOWeight", 300)}, true, "<weight>300<"},
		"a device":              {"", []Setting{dev("IOReadBandwidthMax", "/dev/a", 1000), dev("IODeviceWeight", "/dev/a", 20)}, true, "<path>/dev/a< <weight>20< <read_bytes_sec>1000<"},
		"vcpus":                 {"<vcpu current='2'>4</vcpu>", []Setting{n("VCPUs", 3)}, false, "<vcpu placement='static'>3< !current="},
		"numa mode":             {"", []Setting{{Property: "NUMAMode", Text: "restrictive"}, {Property: "AllowedMemoryNodes", Set: "0"}}, true, "<memory mode='restrictive' nodeset='0'/>"},
		"latency":               {"", []Setting{dev("IODeviceLatencyTargetUSec", "/dev/a", 1000)}, true, "<berth:latency path='/dev/a' usec='1000'/> !<device>"},
		"a path with more": {
			"<blkiotune><device><path>/dev/a</path><weight>5</weight></device></blkiotune>",
			[]Setting{dev("IODeviceWeight", "/dev//./a", 0), dev("IODeviceLatencyTargetUSec", "/dev/b", 7), dev("IODeviceLatencyTargetUSec", "/dev//b", 8)},
			true, "<berth:latency path='/dev/b' usec='8'/> !/dev/a !//",
		},
		"a device less": {
			"<blkiotune><device><path>/dev/a</path><weight>5</weight></device><device><path>/dev/b</path><weight>6</weight></device></blkiotune>",
			[]Setting{dev("IODeviceWeight", "/dev/a", 0)},
			true, "<path>/dev/b< !/dev/a",
		},
	} {
		d, err := Parse([]byte(with(tc.before)))
		if err != nil {
			t.Fatal(name, err)
		}
		before := format(t, d, FormatOptions{})
		tuned, err := d.Tuned(tc.setting, tc.running)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		fixpoint(t, tuned, nil)
		text := format(t, tuned, FormatOptions{})
		for want := range strings.SplitSeq(strings.ReplaceAll(tc.want, " <", "\n<"), "\n") {
			for i, part := range strings.Split(want, " !") {
				part, absent := strings.CutPrefix(part, "!")
				if strings.Contains(text, part) == (absent || i > 0) {
					t.Errorf("%s: %q in\n%s", name, part, text)
				}
			}
		}
		if after := format(t, d, FormatOptions{}); after != before {
			t.Errorf("%s: the definition itself became\n%s", name, after)
		}
	}
}

// TestTunedRefused: a value out of range, or that contradicts another, is refused with its range.
func TestTunedRefused(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for name, tc := range map[string]struct {
		setting       Setting
		running       bool
		element, text string
	}{
		"current above":   {Setting{Property: "CurrentMemory", Number: 65 * mib}, true, "CurrentMemory", "66560 KiB is not from 1 KiB to the container's 65536 KiB"},
		"current 0":       {Setting{Property: "CurrentMemory"}, false, "CurrentMemory", "0 KiB is not"},
		"memory, running": {Setting{Property: "Memory", Number: mib}, true, "Memory", "the size of a running container cannot change"},
		"memory 0":        {Setting{Property: "Memory"}, false, "domain/memory", "more than 0"},
		"vcpus, running":  {Setting{Property: "VCPUs", Number: 2}, true, "VCPUs", "a running container sees the processors of the host"},
		"vcpus 0":         {Setting{Property: "VCPUs"}, false, "VCPUs", "0 is not a number of processors from 1 to 16384"},
		"vcpus above":     {Setting{Property: "VCPUs", Number: 16385}, false, "VCPUs", "16385 is not a number"},
		"max 0":           {Setting{Property: "MemoryMax"}, true, "domain/memtune/hard_limit", "0 would let nothing run"},
		"high above":      {Setting{Property: "MemoryHigh", Number: 65 * mib}, true, "domain/memtune/soft_limit", "66560 KiB are above <memory>"},
		"low above":       {Setting{Property: "MemoryLow", Number: 65 * mib}, true, "domain/memtune/min_guarantee", "above <memory>"},
		"weight":          {Setting{Property: "CPUWeight", Number: 10001}, true, "domain/cputune/shares", "10001 is not a weight from 1 to 10000"},
		"quota":           {Setting{Property: "CPUQuotaPerSecUSec", Number: 9999}, true, "CPUQuotaPerSecUSec", "not from 1000 to"},
		"period":          {Setting{Property: "CPUQuotaPeriodUSec", Number: 999}, true, "domain/cputune/period", "not a time from 1000 to 1000000"},
		"period 0":        {Setting{Property: "CPUQuotaPeriodUSec"}, true, "CPUQuotaPeriodUSec", "0 is not a time"},
		"tasks":           {Setting{Property: "TasksMax", Number: 5}, true, "domain/berth:container/berth:pids@max", "from 64 to"},
		"tasks 0":         {Setting{Property: "TasksMax"}, true, "TasksMax", "from 64 to"},
		"io weight":       {Setting{Property: "IOWeight", Number: 20000}, true, "domain/blkiotune/weight", "from 1 to 10000"},
		"io weight 0":     {Setting{Property: "IOWeight"}, true, "IOWeight", "from 1 to 10000"},
		"device path":     {Setting{Property: "IODeviceWeight", Devices: []DeviceNumber{{"sda", 5}}}, true, "IODeviceWeight", "not an absolute path"},
		"device weight":   {Setting{Property: "IODeviceWeight", Devices: []DeviceNumber{{"/dev/a", 20000}}}, true, "domain/blkiotune/device/weight", "from 1 to 10000"},
		"numa mode":       {Setting{Property: "NUMAMode", Text: "preferred"}, true, "NUMAMode", "'preferred' is neither strict nor restrictive"},
		"numa, no nodes":  {Setting{Property: "NUMAMode", Text: "strict"}, true, "NUMAMode", "set AllowedMemoryNodes, too"},
		"latency path":    {Setting{Property: "IODeviceLatencyTargetUSec", Devices: []DeviceNumber{{"sda", 5}}}, true, "IODeviceLatencyTargetUSec", "not an absolute path"},
		"unknown":         {Setting{Property: "Nice"}, true, "Nice", "no limit that can be changed"},
	} {
		d, err := Parse([]byte(with("")))
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.Tuned([]Setting{tc.setting}, tc.running)
		e, _ := errors.AsType[*Error](err)
		if e == nil || e.Element != tc.element || !strings.Contains(e.Text, tc.text) || e.Line != 0 {
			t.Errorf("%s: %v, want %s: %s", name, err, tc.element, tc.text)
		}
	}
}
