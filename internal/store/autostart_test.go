package store

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

// TestAutostartLinks: a container that starts with the host has a link to its definition, which goes with a rename and
// an undefine, and off and on are the same twice.
func TestAutostartLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d, _ := definitions(t, dir)
	def := definition(t, "web", 1)
	if err := d.Save(def); err != nil {
		t.Fatal(err)
	}
	starts := func(want ...string) {
		t.Helper()
		got, err := d.Autostarts()
		if err != nil || len(got) != len(want) || slices.ContainsFunc(want, func(name string) bool { return !got[name] }) {
			t.Errorf("%v, %v; want %v", got, err, want)
		}
	}
	starts()
	for _, on := range []bool{false, true, true} {
		if err := d.SetAutostart("web", on); err != nil {
			t.Fatal(err)
		}
	}
	starts("web")
	link := filepath.Join(dir, "autostart", "web.xml")
	if text, err := os.ReadFile(link); err != nil || !slices.Contains(names(t, dir), "web.xml") || len(text) == 0 {
		t.Errorf("through the link: %v", err)
	}
	renamed := definition(t, "shop", 1)
	if err := d.Rename(renamed, "web"); err != nil {
		t.Fatal(err)
	}
	starts("shop")
	if err := d.Remove("shop"); err != nil {
		t.Fatal(err)
	}
	starts()
	if defs, bad, log := reload(t, dir); defs != nil || bad != nil || log != "" {
		t.Errorf("left: %v, %v, %s", defs, bad, log)
	}
}

// TestAutostartOnceLinks: a container that starts with the next boot has a link of its own, as in libvirt, which is not
// that of one that starts with each boot, and goes with a rename and an undefine.
func TestAutostartOnceLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d, _ := definitions(t, dir)
	if err := d.Save(definition(t, "web", 1)); err != nil {
		t.Fatal(err)
	}
	if err := d.SetAutostartOnce("web", true); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "autostart", "web.xml.once")); err != nil || len(text) == 0 {
		t.Errorf("through the link: %v", err)
	}
	if err := d.Rename(definition(t, "shop", 1), "web"); err != nil {
		t.Fatal(err)
	}
	once, err := d.AutostartsOnce()
	if diff := cmp.Diff(map[string]bool{"shop": true}, once); diff != "" || err != nil {
		t.Errorf("%v, -want +got\n%s", err, diff)
	}
	if each, err := d.Autostarts(); len(each) != 0 || err != nil {
		t.Errorf("with each boot: %v, %v", each, err)
	}
	if err := d.Remove("shop"); err != nil {
		t.Fatal(err)
	}
	if once, err := d.AutostartsOnce(); len(once) != 0 || err != nil {
		t.Errorf("left: %v, %v", once, err)
	}
}

// TestAutostartRenameCutOff: a rename that was cut off takes autostart to the name that is left.
func TestAutostartRenameCutOff(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d, _ := definitions(t, dir)
	if err := d.Save(definition(t, "web", 1)); err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(filepath.Join(dir, "web.xml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.SetAutostart("web", true); err != nil {
		t.Fatal(err)
	}
	if err := d.Rename(definition(t, "shop", 1), "web"); err != nil {
		t.Fatal(err)
	}
	fresh, err := os.ReadFile(filepath.Join(dir, "shop.xml"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "web.xml"), string(old)) // as before the old name was removed
	write(t, filepath.Join(dir, "shop.xml"), "<!-- renamed from 776562 -->\n"+string(fresh))
	if err := d.SetAutostart("web", true); err != nil {
		t.Fatal(err)
	}
	next, _ := definitions(t, dir)
	defs, _, err := next.Load()
	if err != nil || len(defs) != 1 || defs[0].Name != "shop" {
		t.Fatalf("%v, %v", defs, err)
	}
	got, err := next.Autostarts()
	if diff := cmp.Diff(map[string]bool{"shop": true}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestAutostartOfABoot: the first list of a boot counts, what a killed daemon has half written does not, and what was
// started is not in it any more.
func TestAutostartOfABoot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	runs := func() *Runs {
		t.Helper()
		r, err := NewRuns(dir, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	a, b, c := domain.UUID{1}, domain.UUID{2}, domain.UUID{3}
	if err := os.MkdirAll(filepath.Join(dir, "autostart.new", c.String()), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ list, want []domain.UUID }{
		{[]domain.UUID{a, b}, []domain.UUID{a, b}}, {[]domain.UUID{c}, []domain.UUID{b}}, {nil, []domain.UUID{b}},
	} {
		got, err := runs().Autostart(step.list)
		if diff := cmp.Diff(step.want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		for range 2 {
			if err := runs().Autostarted(a); err != nil {
				t.Error(err)
			}
		}
	}
	if err := runs().Autostarted(b); err != nil {
		t.Error(err)
	}
	if got, err := runs().Autostart([]domain.UUID{c}); err != nil || got != nil {
		t.Errorf("all done: %v, %v", got, err)
	}
}
