package supervisor

import (
	"os"
	"path/filepath"
	"testing"
)

// TestCompareLabel: init has its label if it has it now, or had it when it executed its present program; without a file
// it has ended. With another label it has not, and the error has both.
func TestCompareLabel(t *testing.T) {
	t.Parallel()
	const label = "u:r:t:s0:c1,c2"
	for name, tc := range map[string]struct {
		current, prev string
		want          string
	}{
		"has it":              {current: label + "\x00", prev: "u:r:berthd_t:s0"},
		"a transition later":  {current: "u:r:init_t:s0", prev: label},
		"another":             {current: "u:r:berthd_t:s0\x00", prev: "u:r:berthd_t:s0", want: "label: init has the label u:r:berthd_t:s0 and not " + label},
		"the same and more":   {current: label + ",c3", prev: "x", want: "label: init has the label " + label + ",c3 and not " + label},
		"nothing":             {current: "\x00", prev: "\x00", want: "label: init has the label  and not " + label},
		"it ended before":     {},
		"it ended in between": {current: "u:r:berthd_t:s0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, text := range map[string]string{"current": tc.current, "prev": tc.prev} {
				if text == "" {
					continue
				}
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got := ""
			if err := compareLabel(dir+"/", label); err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}
