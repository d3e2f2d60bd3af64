package man_test

import (
	"strings"
	"testing"

	"github.com/berthd/berth/internal/domain"
)

// TestExampleIsServed: the example of berth-xml(5) is a definition.
func TestExampleIsServed(t *testing.T) {
	t.Parallel()
	text := read(t, "berth-xml.5").part("EXAMPLE")
	_, text, _ = strings.Cut(text, "\n.EX\n")
	text, _, _ = strings.Cut(text, "\n.EE")
	def, err := domain.Parse([]byte(strings.ReplaceAll(text, `\-`, "-")))
	if err != nil {
		t.Fatal(err)
	}
	if root, private := def.Root(); def.Name != "vm1" || !private || root.Source != "/opt/vm-1-root" {
		t.Errorf("%s with the root %+v", def.Name, root)
	}
}
