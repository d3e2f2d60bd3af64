package procview

import (
	"os"
	"testing"

	"github.com/berthd/berth/test/goldenfile"
)

func input(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestGolden: each file of a container with 64 MiB, 16 MiB of swap and two of four processors is
// its golden text.
func TestGolden(t *testing.T) {
	t.Parallel()
	c := CPU{
		Set: []byte("1-2,3\n"), Quota: 2, Used: 50_000_000, User: 30_000_000, System: 20_000_000, Nice: 1_000_000,
		Lived: 100_129_000, Started: 1_800_000_000, OwnTime: true,
	}
	m := Memory{Limit: 64 << 20, Used: 20 << 20, SwapLimit: 16 << 20, SwapUsed: 1 << 20, Stat: input(t, "memory.stat")}
	swaps := []byte("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/dev/vda2                               partition\t2097148\t\t1048572\t\t-2\n")
	var load Load
	var times Times
	load.Update(60_000_000, 90_000_000)
	for name, got := range map[string][]byte{
		"meminfo": Meminfo(nil, input(t, "meminfo"), m),
		"swaps":   Swaps(nil, swaps, m),
		"cpuinfo": Cpuinfo(nil, input(t, "cpuinfo"), c),
		"stat":    Stat(nil, input(t, "stat"), c, &times),
		"uptime":  Uptime(nil, []byte("5000.00 9000.00\n"), input(t, "stat"), c, &times),
		"loadavg": Loadavg(nil, []byte("0.94 0.91 0.79 2/129 1855\n"), &load, []byte("12\n")),
	} {
		file := "testdata/" + name + ".golden"
		goldenfile.Check(t, file, string(got))
	}
}
