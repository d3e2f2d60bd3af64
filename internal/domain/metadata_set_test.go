package domain

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func describedDef(t *testing.T, inner string) *Def {
	t.Helper()
	d, err := Parse([]byte(`<domain type='lxc'><name>web</name><title>Web</title>` + inner + `<memory>65536</memory><os><type>exe</type><init>/init</init></os></domain>`))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestMetadataElement: an element gets the prefix and the namespace, is stored beside those of others, and comes back
// as it was given.
func TestMetadataElement(t *testing.T) {
	t.Parallel()
	const others = "<metadata>\n    <app:x xmlns:app='urn:app'>1</app:x>\n    <plain xmlns='urn:plain'/>\n  </metadata>"
	for name, c := range map[string]struct{ value, inner, got string }{
		"libvirt's example": {
			"<derp xmlns:foobar='http://foo.bar/'>\n  <bar>foobar</bar>\n  <foo fooish='blurb'>foofoo</foo>\n  <foobar:baz>zomg</foobar:baz>\n</derp>",
			"<herp:derp xmlns:herp='urn:h' xmlns:foobar='http://foo.bar/'>\n  <herp:bar>foobar</herp:bar>\n  <herp:foo fooish='blurb'>foofoo</herp:foo>\n  <foobar:baz>zomg</foobar:baz>\n</herp:derp>", "",
		},
		"empty":              {"<a/>", "<herp:a xmlns:herp='urn:h'/>", ""},
		"with its namespace": {"<herp:a xmlns:herp='urn:h'><herp:b/></herp:a>", "<herp:a xmlns:herp='urn:h'><herp:b/></herp:a>", "<a><b/></a>"},
		"a default namespace": {
			"<a xmlns='urn:h'><b/><c xmlns=''/></a>", "<a xmlns:herp='urn:h' xmlns='urn:h'><b/><herp:c xmlns=''/></a>", "<a><b/><c xmlns=''/></a>",
		},
		"around it":               {"<?xml version='1.0'?>\n<!-- c --><a>1</a>\n", "<herp:a xmlns:herp='urn:h'>1</herp:a>", "<a>1</a>"},
		"attributes":              {"<herp:a xmlns:herp='urn:h' herp:b='1 > 0'/>", "<herp:a xmlns:herp='urn:h' herp:b='1 > 0'/>", "<a xmlns:herp='urn:h' herp:b='1 > 0'/>"},
		"comments and characters": {"<a><!-- <b> --><![CDATA[</a>]]>&lt;</a>", "<herp:a xmlns:herp='urn:h'><!-- <b> --><![CDATA[</a>]]>&lt;</herp:a>", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, before := range []string{"", others, "<metadata><old:y xmlns:old='urn:h'/></metadata>"} {
				d, err := describedDef(t, before).WithMetadata(Metadata{MetadataElement, c.value, "herp", "urn:h"}, false)
				if err != nil {
					t.Fatal(err)
				}
				if n := strings.Count(d.Metadata, "'urn:h'"); !strings.Contains(d.Metadata, "\n    "+c.inner+"\n  ") || strings.Contains(d.Metadata, "old:") {
					t.Errorf("%d times in %s", n, d.Metadata)
				}
				want := c.got
				if want == "" {
					want = c.value
				}
				got, found := d.MetadataOf(MetadataElement, "urn:h")
				if diff := cmp.Diff(want, got); diff != "" || !found {
					t.Errorf("-want +got\n%s", diff)
				}
				if before == others {
					if x, found := d.MetadataOf(MetadataElement, "urn:app"); x != "<x>1</x>" || !found {
						t.Errorf("another's element is %q", x)
					}
				}
				d, err = d.WithMetadata(Metadata{Kind: MetadataElement, URI: "urn:h"}, false)
				if err != nil {
					t.Fatal(err)
				}
				if _, found := d.MetadataOf(MetadataElement, "urn:h"); found || strings.Contains(d.Metadata, "urn:h") || before == "" && d.Metadata != "" {
					t.Errorf("removed, it is still there: %q", d.Metadata)
				}
			}
		})
	}
}

// TestMetadataRefused: what is not one well-formed element of the namespace, and a title of two lines, are errors.
func TestMetadataRefused(t *testing.T) {
	t.Parallel()
	d := describedDef(t, "")
	for name, m := range map[string]Metadata{
		"no URI":             {MetadataElement, "<a/>", "k", ""},
		"no key":             {MetadataElement, "<a/>", "", "urn:h"},
		"a key of two":       {MetadataElement, "<a/>", "a:b", "urn:h"},
		"a key with a quote": {MetadataElement, "<a/>", "a='1'", "urn:h"},
		"a digit":            {MetadataElement, "<a/>", "1a", "urn:h"},
		"xml":                {MetadataElement, "<a/>", "xmlns", "urn:h"},
		"text":               {MetadataElement, "hello", "k", "urn:h"},
		"two elements":       {MetadataElement, "<a/><b/>", "k", "urn:h"},
		"cut off":            {MetadataElement, "<a><b></a>", "k", "urn:h"},
		"closed twice":       {MetadataElement, "<a></a></metadata><name>x</name>", "k", "urn:h"},
		"only an end":        {MetadataElement, "</a>", "k", "urn:h"},
		"a document type":    {MetadataElement, "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "k", "urn:h"},
		"an entity":          {MetadataElement, "<a>&e;</a>", "k", "urn:h"},
		"another namespace":  {MetadataElement, "<a xmlns='urn:other'/>", "k", "urn:h"},
		"a prefix of nobody": {MetadataElement, "<a><x:b/></a>", "k", "urn:h"},
		"the key is taken":   {MetadataElement, "<a><b xmlns:k='urn:other'/></a>", "k", "urn:h"},
		"two lines":          {MetadataTitle, "a\nb", "", ""},
		"a control":          {MetadataDescription, "a\x01b", "", ""},
		"too long":           {MetadataDescription, strings.Repeat("x", 2<<20), "", ""},
		"no kind":            {"", "x", "", ""},
	} {
		if got, err := d.WithMetadata(m, false); err == nil {
			t.Errorf("%s: %s", name, got.Metadata+got.Title)
		} else if _, ok := errors.AsType[*Error](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMetadataTexts: a title and a description are changed and taken away, and nothing else changes.
func TestMetadataTexts(t *testing.T) {
	t.Parallel()
	d := describedDef(t, "")
	for _, kind := range []MetadataKind{MetadataTitle, MetadataDescription} {
		for _, text := range []string{"Line <1> & 'more'", " blanks ", "ünï", ""} {
			changed, err := d.WithMetadata(Metadata{Kind: kind, Value: text}, true)
			if err != nil {
				t.Fatal(err)
			}
			if got, found := changed.MetadataOf(kind, ""); got != text || found != (text != "") {
				t.Errorf("%s: %q, %t; want %q", kind, got, found, text)
			}
			changed.Title, changed.Description = d.Title, d.Description
			if diff := cmp.Diff(d, changed); diff != "" {
				t.Errorf("something else changed: %s", diff)
			}
		}
	}
}

// FuzzMetadata: an element that is accepted leaves a definition that can be read again, and comes back.
func FuzzMetadata(f *testing.F) {
	f.Add("<a b='1'><c xmlns='urn:x'/></a>", "k", "urn:h")
	f.Add("<k:a xmlns:k='urn:h' k:b=''/>", "k", "urn:h")
	f.Add("<a xmlns='urn:h'><b xmlns=''/></a>", "k", "urn:h'&<")
	f.Fuzz(func(t *testing.T, value, key, uri string) {
		d := describedDef(t, "<metadata><app:x xmlns:app='urn:app'/></metadata>")
		changed, err := d.WithMetadata(Metadata{MetadataElement, value, key, uri}, false)
		if err != nil || uri == "urn:app" {
			return
		}
		if _, found := changed.MetadataOf(MetadataElement, "urn:app"); !found {
			t.Errorf("another's element is gone: %q", changed.Metadata)
		}
		got, found := changed.MetadataOf(MetadataElement, uri)
		if value == "" {
			if found {
				t.Errorf("removed, it is %q", got)
			}
			return
		}
		if !found {
			t.Errorf("%q is not there: %q", value, changed.Metadata)
		}
		if _, err := changed.WithMetadata(Metadata{MetadataElement, got, key, uri}, false); err != nil {
			t.Errorf("%q came back as %q: %v", value, got, err)
		}
	})
}
