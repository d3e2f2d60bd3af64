package cli

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/doctor"
)

// TestJSONKeysAreDocumented: the manual names every key of the JSON output, and so promises that it
// stays.
func TestJSONKeysAreDocumented(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile("../../man/berthctl.1")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(manual), ".SH \"JSON OUTPUT\"\n")
	section, _, _ = strings.Cut(section, "\n.SH ")
	for _, v := range []any{listed{}, stated{}, versions{}, description{}, ended{}, identity{}, statistics{}, memoryStats{}, cpuTotal{}, blockStats{}, nodeInfo{}, cpuMap{}, cellMemory{}, nodeMemory{}, cpuTimes{}, cpuShares{}, capabilities{}, memoryTuning{}, blockTuning{}, scheduling{}, numaTuning{}, netListed{}, netLease{}, doctor.Finding{}, happened{}, jsonFault{}} {
		for f := range reflect.TypeOf(v).Fields() {
			key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if !regexp.MustCompile(`(?m)^\.(B|BR|RB) .*\b` + key + `\b`).MatchString(section) {
				t.Errorf("%T: no %s", v, key)
			}
		}
	}
}
