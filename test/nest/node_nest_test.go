//go:build nest

package nest

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestNode: the verbs about the host print what its kernel says.
func TestNode(t *testing.T) {
	clean(t)
	total := field(t, "/proc/meminfo", `MemTotal: +(\d+) kB`)
	first := field(t, "/sys/devices/system/node/node0/meminfo", `MemTotal: +(\d+) kB`)
	cpus := strings.Count("\n"+read(t, "/proc/stat"), "\ncpu") - 1
	info := run(t, "berthctl", "nodeinfo")
	for _, line := range []string{"CPU model:           ", "CPU(s):              " + strconv.Itoa(cpus) + "\n", "Memory size:         "} {
		if !strings.Contains(info, line) {
			t.Errorf("nodeinfo has no %q:\n%s", line, info)
		}
	}
	var caps struct {
		Host struct {
			UUID  string `xml:"uuid"`
			Cells []struct {
				CPUs []struct{} `xml:"cpus>cpu"`
			} `xml:"topology>cells>cell"`
		} `xml:"host"`
		Guest []struct {
			Type string `xml:"os_type"`
		} `xml:"guest"`
	}
	if err := xml.Unmarshal([]byte(run(t, "berthctl", "capabilities")), &caps); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, cell := range caps.Host.Cells {
		seen += len(cell.CPUs)
	}
	if seen != cpus || len(caps.Host.UUID) != 36 || len(caps.Guest) == 0 || caps.Guest[0].Type != "exe" {
		t.Errorf("capabilities: %+v", caps)
	}
	if stats := run(t, "berthctl", "nodememstats", "0"); !regexp.MustCompile(`^total  : +` + first + ` KiB\nfree   : +\d+ KiB$`).MatchString(stats) {
		t.Errorf("nodememstats 0:\n%s", stats)
	}
	free := run(t, "berthctl", "-q", "freecell", "--all")
	if got := strings.Count(free, " KiB"); got != len(caps.Host.Cells) {
		t.Errorf("freecell has %d lines for %d cells:\n%s", got, len(caps.Host.Cells), free)
	}
	if stats := run(t, "berthctl", "nodememstats"); !regexp.MustCompile(`^total  : +` + total + ` KiB\nfree   : `).MatchString(stats) {
		t.Errorf("nodememstats:\n%s", stats)
	}
	var shares map[string]float64
	if err := json.Unmarshal([]byte(run(t, "berthctl", "nodecpustats", "--percent", "--json")), &shares); err != nil {
		t.Fatal(err)
	}
	sum := shares["user_percent"] + shares["system_percent"] + shares["idle_percent"] + shares["iowait_percent"]
	if sum < 99.9 || sum > 100.1 {
		t.Errorf("the shares are %v", shares)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// field returns what a pattern finds in a file.
func field(t *testing.T, file, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(read(t, file))
	if m == nil {
		t.Fatalf("%s has no %s", file, pattern)
	}
	return m[1]
}
