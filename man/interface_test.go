package man_test

import (
	"flag"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/test/apidoc"
)

var update = flag.Bool("update", false, "write org.berth1.5 anew")

// TestInterfacePageIsMade: org.berth1(5) is what its template and the comments of the introspection XML make.
func TestInterfacePageIsMade(t *testing.T) {
	files, err := fs.Glob(contract.Introspection(), "introspection/*.xml")
	if err != nil {
		t.Fatal(err)
	}
	interfaces := map[string]*apidoc.Interface{}
	for _, file := range files {
		text, err := fs.ReadFile(contract.Introspection(), file)
		if err != nil {
			t.Fatal(err)
		}
		i, err := apidoc.Parse(string(text))
		if err != nil {
			t.Fatal(err)
		}
		interfaces[strings.TrimPrefix(i.Name, "org.berth1.")] = i
		if path.Base(file) != i.Name+".xml" {
			t.Errorf("%s has the interface %s", file, i.Name)
		}
	}
	want, err := apidoc.Page(string(read(t, "org.berth1.5.in")), interfaces)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("org.berth1.5", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, string(read(t, "org.berth1.5"))); diff != "" {
		t.Errorf("make man makes it anew (-made +there):\n%s", diff)
	}
}
