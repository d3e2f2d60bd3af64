package oci

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/export"
	"github.com/berthd/berth/internal/export/exporttest"
	"github.com/berthd/berth/test/goldenfile"
)

// TestGolden: each definition has its golden bundle and warnings, and its configuration obeys the schema of the
// specification.
func TestGolden(t *testing.T) {
	t.Parallel()
	valid := schema(t)
	files := exporttest.Definitions()
	if len(files) < 25 {
		t.Errorf("there are only %d definitions", len(files))
	}
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, warnings, err := Convert(exporttest.Load(t, file), exporttest.Host())
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.MarshalIndent(b.Config, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			valid(t, text)
			obeys(t, b)
			got := describe(b, text, warnings)
			golden := "testdata/" + name + ".golden"
			goldenfile.Check(t, golden, got)
		})
	}
}

func describe(b *Bundle, config []byte, warnings export.Warnings) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n\ndirectories: %q\n", config, b.Directories)
	for _, name := range slices.Sorted(maps.Keys(b.Files)) {
		fmt.Fprintf(&out, "file %s: %q\n", name, b.Files[name])
	}
	return out.String() + exporttest.Report(warnings)
}
