//go:build nest

package nest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// The containers of the storm. The last ones are loose: only they are undefined or created, so that each of
// the others must be known at the end.
const (
	stormSize  = 30
	stormLoose = 10
	// Each container has so many definitions, which differ in the title.
	stormVersions = 2
)

func stormName(n int) string { return fmt.Sprintf("storm%02d", n) }

func loose(n int) bool { return n >= stormSize-stormLoose }

// verb is one kind of order. NAME, FILE and UNIT stand for the container's own.
type verb struct {
	weight  int
	command string
	loose   bool // for the loose containers only
}

// verbs are all that berthctl has, what machinectl has for a machine that it did not make, and systemd's
// own for a scope.
var verbs = []verb{
	{30, "berthctl start NAME", false},
	{14, "berthctl destroy NAME", false},
	{5, "berthctl shutdown NAME", false},
	{2, "berthctl shutdown NAME --wait --timeout 1", false},
	{2, "berthctl shutdown NAME --mode initctl", false},
	{4, "berthctl reboot NAME", false},
	{2, "berthctl reboot NAME --mode signal --wait --timeout 1", false},
	{4, "berthctl reset NAME", false},
	{10, "berthctl suspend NAME", false},
	{14, "berthctl resume NAME", false},
	{6, "berthctl define FILE", false},
	{4, "berthctl undefine NAME", true},
	{8, "berthctl create FILE", true},
	{3, "berthctl list --all", false},
	{2, "berthctl list --json", false},
	{2, "berthctl dominfo NAME", false},
	{1, "berthctl dominfo --json NAME", false},
	{1, "berthctl domstate NAME", false},
	{1, "berthctl domid NAME", false},
	{1, "berthctl domuuid NAME", false},
	{1, "berthctl domname NAME", false},
	{1, "berthctl dumpxml NAME", false},
	{1, "berthctl dumpxml --inactive NAME", false},
	{1, "berthctl plan NAME", false},
	{1, "berthctl console-log NAME", false},
	{1, "berthctl version", false},
	{2, "machinectl --no-pager list", false},
	{1, "machinectl --no-pager status NAME", false},
	{1, "machinectl --no-pager show NAME", false},
	{3, "machinectl terminate NAME", false},
	{3, "machinectl poweroff NAME", false},
	{3, "machinectl reboot NAME", false},
	{2, "machinectl kill --kill-whom=leader --signal=USR1 NAME", false},
	{2, "machinectl kill --kill-whom=leader --signal=KILL NAME", false},
	{2, "machinectl kill --signal=KILL NAME", false},
	{2, "systemctl stop UNIT", false},
	{2, "systemctl kill --signal=KILL UNIT", false},
}

// order is one command of one caller.
type order struct {
	wait    time.Duration // before it
	command []string
}

func (o order) String() string { return strings.Join(o.command, " ") }

// orders gives a caller's orders, one after the other. They follow from the seed and the caller's number
// alone, whatever the orders before have done.
func orders(seed uint64, caller int, files string) func() order {
	const pause = 100 // ms, at most
	random := rand.New(rand.NewPCG(seed, uint64(caller)))
	total := 0
	for _, v := range verbs {
		total += v.weight
	}
	return func() order {
		number, at, version, wait := random.IntN(stormSize), random.IntN(total), random.IntN(stormVersions), random.IntN(pause)
		i := 0
		for ; at >= verbs[i].weight; i++ {
			at -= verbs[i].weight
		}
		if verbs[i].loose {
			number = stormSize - 1 - number%stormLoose
		}
		name := stormName(number)
		text := strings.NewReplacer("NAME", name, "FILE", stormFile(files, number, version), "UNIT", "machine-"+name+".scope").Replace(verbs[i].command)
		return order{wait: time.Duration(wait) * time.Millisecond, command: strings.Fields(text)}
	}
}

func stormFile(dir string, number, version int) string {
	return fmt.Sprintf("%s/%s.%d.xml", dir, stormName(number), version)
}

// TestStormOrders: one seed and caller give one sequence, others give another, and every verb comes.
func TestStormOrders(t *testing.T) {
	const many = 2000
	take := func(seed uint64, caller int) []string {
		next := orders(seed, caller, "/files")
		var taken []string
		for range many {
			o := next()
			taken = append(taken, fmt.Sprint(o.wait, " ", o))
		}
		return taken
	}
	first := take(7, 0)
	if !slices.Equal(first, take(7, 0)) {
		t.Error("one seed gives two sequences")
	}
	if slices.Equal(first, take(7, 1)) || slices.Equal(first, take(8, 0)) {
		t.Error("another caller, or another seed, has the same orders")
	}
	text := strings.Join(first, "\n")
	for _, v := range verbs {
		begin, _, _ := strings.Cut(v.command, " NAME")
		begin, _, _ = strings.Cut(begin, " FILE")
		begin, _, _ = strings.Cut(begin, " UNIT")
		if !strings.Contains(text, " "+begin) {
			t.Errorf("%q never comes", v.command)
		}
	}
	for _, taken := range first {
		for n := range stormSize - stormLoose {
			if strings.HasSuffix(taken, "undefine "+stormName(n)) || strings.Contains(taken, "create "+stormFile("/files", n, 0)) {
				t.Errorf("%s: it must stay defined", taken)
			}
		}
	}
}
