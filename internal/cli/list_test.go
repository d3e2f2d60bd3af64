package cli

import "testing"

// TestShows: each option of list shows its states, and two together show what virsh shows.
func TestShows(t *testing.T) {
	t.Parallel()
	states := []string{"shutoff", "starting", "running", "paused", "stopping"}
	for name, tc := range map[string]struct {
		s    selection
		want string // one letter a state
	}{
		"none":                 {selection{}, "-srpt"},
		"all":                  {selection{all: true}, "osrpt"},
		"inactive":             {selection{inactive: true}, "o----"},
		"all and inactive":     {selection{all: true, inactive: true}, "osrpt"},
		"running":              {selection{running: true}, "--r--"},
		"paused":               {selection{paused: true}, "---p-"},
		"shutoff":              {selection{shutoff: true}, "o----"},
		"other":                {selection{other: true}, "-s--t"},
		"running and shutoff":  {selection{running: true, shutoff: true}, "o-r--"},
		"running and all":      {selection{running: true, all: true}, "--r--"},
		"running but inactive": {selection{running: true, inactive: true}, "-----"},
		"shutoff and inactive": {selection{shutoff: true, inactive: true}, "o----"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ""
			for i, state := range states {
				if tc.s.shows(state) {
					got += "osrpt"[i : i+1]
				} else {
					got += "-"
				}
			}
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}
