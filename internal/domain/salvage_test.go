package domain

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// salvageable is a whole definition with an idmap, in the order of elements that Format writes.
const salvageable = `<domain type='lxc' xmlns:berth='urn:berth:container:1'>
  <name>web</name>
  <uuid>8dd2b5e8-4b0c-4e5c-a6a5-3a4fd4a5ff3b</uuid>
  <memory unit='KiB'>65536</memory>
  <os><type>exe</type><init>/init</init></os>
  <idmap>
    <uid start='0' target='100000' count='1000'/>
    <uid start='1000' target='1000' count='1'/>
    <gid start='0' target='200000' count='65536'/>
  </idmap>
  <devices>
    <filesystem type='mount'><source dir='/srv/web'/><target dir='/'/></filesystem>
    <console type='pty'/>
  </devices>
</domain>`

// whole is all that identifies salvageable.
func whole() *Def {
	return &Def{
		Name: "web", UUID: UUID{0x8d, 0xd2, 0xb5, 0xe8, 0x4b, 0x0c, 0x4e, 0x5c, 0xa6, 0xa5, 0x3a, 0x4f, 0xd4, 0xa5, 0xff, 0x3b},
		IDMap: IDMap{
			UIDs: []IDRange{{Target: 100000, Count: 1000}, {Start: 1000, Target: 1000, Count: 1}},
			GIDs: []IDRange{{Target: 200000, Count: 65536}},
		},
	}
}

// TestSalvage: of a document that is refused, the name, uuid and ids are read as far as they are there.
func TestSalvage(t *testing.T) {
	t.Parallel()
	swap := func(old, now string) string {
		if !strings.Contains(salvageable, old) {
			t.Fatalf("the document has no %q", old)
		}
		return strings.Replace(salvageable, old, now, 1)
	}
	upTo := func(text string) string {
		before, _, _ := strings.Cut(salvageable, text)
		return before
	}
	without := func(change func(d *Def)) *Def {
		d := whole()
		change(d)
		return d
	}
	noIDs := without(func(d *Def) { d.IDMap = IDMap{} })
	for name, c := range map[string]struct {
		text string
		want *Def
	}{
		"a good one":             {salvageable, whole()},
		"the file's header":      {"<?xml version='1.0' encoding='UTF-8'?>\n<!-- written by berthd -->\n" + salvageable, whole()},
		"a mark of UTF-8":        {"\uFEFF" + salvageable, whole()},
		"newer element":          {swap("<memory", "<virtualFridge shelf='2'><name>db</name></virtualFridge><memory"), whole()},
		"newer first":            {swap("<name>", "<newer><name>db</name><uuid>1</uuid></newer><name>"), whole()},
		"newer in the idmap":     {swap("<gid", "<projid start='0' target='0' count='0'/><gid"), whole()},
		"newer namespace":        {swap("<memory", "<b:uuid xmlns:b='urn:berth:container:2'>1</b:uuid><memory"), whole()},
		"newer attribute":        {swap("count='1000'", "count='1000' step='1'"), whole()},
		"newer root":             {strings.NewReplacer("<domain", "<container", "</domain", "</container").Replace(salvageable), whole()},
		"blanks are of the name": {swap("<name>web</name>", "<name> web </name>"), without(func(d *Def) { d.Name = " web " })},
		"blanks in the uuid":     {swap("8dd2b5e8-", "\n 8dd2b5e8-"), whole()},
		"another encoding":       {"<?xml version='1.0' encoding='ISO-8859-1'?>\n" + swap("/srv/web", "/srv/\xfc"), whole()},
		"ranges in disorder":     {swap("<gid start='0'", "<gid start='70000' target='1' count='1'/><gid start='0'"), without(func(d *Def) { d.IDMap.GIDs = append(d.IDMap.GIDs, IDRange{Start: 70000, Target: 1, Count: 1}) })},
		"text behind":            {salvageable + "junk <<<", whole()},
		"no end":                 {upTo("</domain>"), whole()},
		"torn in the devices":    {upTo("'/srv/web'"), whole()},
		"torn in the idmap":      {upTo("<gid"), without(func(d *Def) { d.IDMap.GIDs = nil })},
		"torn in a range":        {upTo("count='1'"), without(func(d *Def) { d.IDMap = IDMap{UIDs: d.IDMap.UIDs[:1]} })},
		"torn before the idmap":  {upTo("<idmap>"), noIDs},
		"torn in the uuid":       {upTo("-a6a5"), without(func(d *Def) { d.IDMap, d.UUID = IDMap{}, UUID{} })},
		"torn before the uuid":   {upTo("<uuid>"), without(func(d *Def) { d.IDMap, d.UUID = IDMap{}, UUID{} })},
		"torn in the name":       {upTo("b</name>"), nil},
		"wrong uuid":             {swap("8dd2b5e8", "xdd2b5e8"), without(func(d *Def) { d.UUID = UUID{} })},
		"no uuid":                {swap("<uuid>8dd2b5e8-4b0c-4e5c-a6a5-3a4fd4a5ff3b</uuid>", ""), without(func(d *Def) { d.UUID = UUID{} })},
		"wrong memory":           {swap("65536", "much"), whole()},
		"no name":                {swap("<name>web</name>", ""), nil},
		"empty name":             {swap("<name>web</name>", "<name></name>"), nil},
		"a name of a path":       {swap("<name>web</name>", "<name>../web</name>"), nil},
		"a name of two lines":    {swap("<name>web</name>", "<name>web\ndb</name>"), nil},
		"no ids in a range":      {swap("count='1000'", "count='0'"), without(func(d *Def) { d.IDMap.UIDs = d.IDMap.UIDs[1:] })},
		"a range over the end":   {swap("target='200000'", "target='4294967295'"), without(func(d *Def) { d.IDMap.GIDs = nil })},
		"a range to the end": {
			swap("target='200000' count='65536'", "target='1' count='4294967295'"),
			without(func(d *Def) { d.IDMap.GIDs = []IDRange{{Target: 1, Count: math.MaxUint32}} }),
		},
		"a tag that is not closed": {swap("<type>exe</type>", "<type>exe"), whole()},
		"an unknown entity":        {swap("/srv/web", "&srv;"), whole()},
		"nothing":                  {"", nil},
		"zeros":                    {strings.Repeat("\x00", 4096), nil},
		"no XML":                   {"web", nil},
		"another document":         {"<html><body><name>web</name></body></html>", nil},
		"zeros behind the torn":    {upTo("<os>") + strings.Repeat("\x00", 4096), noIDs},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, Salvage([]byte(c.text))); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestSalvageNumbers: a number that cannot be read costs its range only: not the name, the uuid or the other ranges,
// wherever in the document it stands.
func TestSalvageNumbers(t *testing.T) {
	t.Parallel()
	for _, number := range []string{"", "-1", "x", "4294967296", "1.5"} {
		text := strings.Replace(salvageable, "target='100000'", "target='"+number+"'", 1)
		want := whole()
		want.IDMap.UIDs = want.IDMap.UIDs[1:]
		if diff := cmp.Diff(want, Salvage([]byte(text))); diff != "" {
			t.Errorf("target %q: -want +got\n%s", number, diff)
		}
		idmap, rest, _ := strings.Cut(text[strings.Index(text, "<idmap>"):], "</idmap>")
		first := strings.Replace(text[:strings.Index(text, "<idmap>")]+rest, "<name>", idmap+"</idmap><name>", 1)
		if diff := cmp.Diff(want, Salvage([]byte(first))); diff != "" {
			t.Errorf("target %q before the name: -want +got\n%s", number, diff)
		}
	}
}

// FuzzSalvage: any text is read without a panic, and a definition that Parse accepts has the name, uuid and ids
// that Salvage finds.
func FuzzSalvage(f *testing.F) {
	for _, file := range documents(f, "testdata", "served", "*.xml") {
		f.Add(load(f, file))
	}
	for _, r := range refused() {
		if len(r.doc) < 4096 {
			f.Add([]byte(r.doc))
		}
	}
	f.Add([]byte(salvageable))
	f.Fuzz(func(t *testing.T, doc []byte) {
		got := Salvage(doc)
		if got != nil && got.Name == "" {
			t.Error("it has no name")
		}
		d, err := Parse(doc)
		if err != nil {
			return
		}
		if diff := cmp.Diff(&Def{Name: d.Name, UUID: d.UUID, IDMap: d.IDMap}, got); diff != "" {
			t.Errorf("parsed (-) and salvaged (+)\n%s", diff)
		}
	})
}
