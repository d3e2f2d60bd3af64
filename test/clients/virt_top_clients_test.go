//go:build clients

package clients

import (
	"encoding/csv"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// inDebian13 has a program see the root of Debian 13, which has virt-top: Debian 12 has none.
const inDebian13 = "env TERM=xterm timeout 240 chroot /srv/debian13 "

// TestVirtTop: virt-top 1.1.1 tells of a container what the kernel does: its processor time, what part of the host that
// is, and its memory.
func TestVirtTop(t *testing.T) {
	busy(t)
	before := consumed(t, "busy")
	text := shell(t, inDebian13+"virt-top -c lxc:///system --script --csv /dev/stdout -n 4 -d 1")
	after := consumed(t, "busy")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) != 5 {
		t.Fatalf("%v: %s", err, text)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i // the last of two "%CPU" is the container's
	}
	number := func(row []string, name string) float64 {
		n, err := strconv.ParseFloat(row[column[name]], 64)
		if err != nil {
			t.Fatalf("%s: %v in:\n%s", name, err, text)
		}
		return n
	}
	var total float64
	for i, row := range rows[1:] {
		if got := row[column["Domain name"]] + " " + row[column["Running"]]; got != "busy 1" {
			t.Errorf("got %q in:\n%s", got, text)
		}
		total += number(row, "CPU (ns)")
		// A tick is a second and the time that virt-top itself takes on a busy machine.
		used, part := number(row, "CPU (ns)"), number(row, "%CPU")
		if most := 100 * used / 1e9 / number(row, "Physical CPUs"); i > 0 && (part <= 0 || part > 1.05*most || part < most/10) {
			t.Errorf("%v ns in a second of %s processors are %v %%", used, row[column["Physical CPUs"]], part)
		}
	}
	if total <= 0 || total > float64(after-before) {
		t.Errorf("virt-top has seen %v ns, of the %v that the kernel has counted", total, after-before)
	}
	now := memory(t, "busy")
	near(t, "the memory in KiB", now*9/10, uint64(number(rows[4], "Mem (bytes)")), now*11/10)
}

// TestVirtTopScreen: virt-top, as libvirt's page calls it, shows a container on a terminal, and ends when it is told.
func TestVirtTopScreen(t *testing.T) {
	busy(t)
	m := onTerminal(t, inDebian13+"virt-top -c lxc:///system")
	if err := unix.IoctlSetWinsize(int(m.master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80}); err != nil {
		t.Fatal(err)
	}
	m.shows(t, "busy")
	m.shows(t, "1 domains, 1 active, 1 running")
	m.types(t, "q")
	if got := m.ends(t); got != 0 {
		t.Errorf("exit status %d", got)
	}
}
