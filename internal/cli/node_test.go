package cli

import (
	"strings"
	"testing"
)

// TestNode: the commands about the host print what their golden file has, as virsh does.
func TestNode(t *testing.T) {
	t.Parallel()
	goldenLines(t, "node", []string{
		"nodeinfo", "nodeinfo --json", "capabilities", "capabilities --json",
		"freecell", "freecell --json", "freecell 1", "freecell --cellno 1", "freecell --cellno=1 --json", "freecell --all", "-q freecell --all", "freecell --all --json",
		"nodememstats", "nodememstats --json", "nodememstats 1", "nodememstats --cell 1 --json",
		"nodecpustats", "nodecpustats --json", "nodecpustats 1", "nodecpustats --cpu 1", "nodecpustats --percent", "nodecpustats 1 --percent --json",
		"nodecpumap", "nodecpumap --pretty", "nodecpumap --json", "nodeinfo x", "capabilities x", "freecell 2", "freecell x", "freecell --cellno x", "freecell -- -1", "freecell 1 --all", "freecell 0 1", "freecell --cellno 0 1",
		"nodememstats 2", "nodememstats x", "nodecpustats 2", "nodecpustats --cpu", "nodecpustats --percent 2",
		"help freecell", "help nodecpustats",
	})
}

// completed returns the words that complete a command line, up to the |.
func completed(t *testing.T, line string) string {
	t.Helper()
	o := run(t, fleet(), append([]string{"__complete"}, strings.Split(strings.TrimSuffix(line, "|"), " ")...)...)
	words, _, _ := strings.Cut(o.out, ":")
	return strings.Join(strings.Fields(words), " ")
}

// TestCompleteNode: cells and processors are completed by their numbers, as a word and as an option.
func TestCompleteNode(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"freecell |": "0 1", "freecell --cellno |": "0 1", "freecell 1 |": "", "freecell --cellno 1 |": "", "nodememstats |": "0 1",
		"nodecpustats |": "0 1", "nodecpustats --cpu |": "0 1", "nodecpustats --cpu 0 |": "", "nodeinfo |": "", "capabilities |": "",
	} {
		if got := completed(t, line); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}
