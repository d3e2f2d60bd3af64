package domain

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSpellings: the many ways to write one definition in XML give the same definition.
func TestSpellings(t *testing.T) {
	t.Parallel()
	plain := with("<title>a&lt;b</title>")
	want, err := Parse([]byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	swap := func(old, with string) string {
		if !strings.Contains(plain, old) {
			t.Fatalf("there is no %s", old)
		}
		return strings.Replace(plain, old, with, 1)
	}
	root := func(attr string) string { return swap("<domain", "<domain "+attr) }
	for name, doc := range map[string]string{
		"byte order mark":        "\uFEFF" + plain,
		"declaration":            "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n" + plain,
		"mark and declaration":   "\uFEFF<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n" + plain,
		"comments around":        "<!-- <a> -->\n" + plain + "\n<!-- & -->\n",
		"CDATA":                  swap("a&lt;b", "<![CDATA[a<b]]>"),
		"pieces of CDATA":        swap("a&lt;b", "<![CDATA[a]]>&#60;<![CDATA[b]]>"),
		"comment in a text":      swap("a&lt;b", "a<!-- c -->&#x3c;b"),
		"comment in a name":      swap("web", "we<!-- -->b"),
		"comment in a number":    swap("65536", "65<!-- -->536"),
		"blanks about a number":  swap("65536", " \n65536\t"),
		"CDATA of a number":      swap("65536", "<![CDATA[65536]]>"),
		"white space":            strings.NewReplacer("><", ">\r\n\t <").Replace(plain),
		"blanks in tags":         swap("<name>web</name>", "<name\n>web</name\t>"),
		"other quotes":           swap("type='lxc'", "type = \"lxc\""),
		"reference in a value":   swap("type='lxc'", "type='l&#120;c'"),
		"no default namespace":   root("xmlns=''"),
		"and again":              swap("<title>", "<title xmlns=''>"),
		"unused namespaces":      root("xmlns:a='urn:a' xmlns:lxc='" + lxcNamespace + "' xmlns:b='" + berthNamespace + "'"),
		"unused, and deep":       swap("<os>", "<os xmlns:q='urn:q'>"),
		"the prefix xml":         root("xmlns:xml='" + xmlNamespace + "'"),
		"another urn of a name":  root("xmlns:lxc='urn:other'"),
		"an empty element":       swap("</domain>", "<devices/></domain>"),
		"an empty one in two":    swap("</domain>", "<features>\n</features></domain>"),
		"a default, spelled out": swap("</domain>", "<clock offset='utc'/><vcpu placement='static'>1</vcpu><on_crash>destroy</on_crash></domain>"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Parse([]byte(doc))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestMetadataVerbatim: what others keep in <metadata> stays the same to the byte.
func TestMetadataVerbatim(t *testing.T) {
	t.Parallel()
	for _, inner := range []string{
		"text", " <!-- only a comment --> ", "<a/>", "<a></a>", "\n  <a\n b = 'c'\t/>\n",
		`<a b="it's" c='"' d='&quot;&#10;&#9;&lt;'/>`, "<a>]]&gt;</a>", "<![CDATA[]]]]><![CDATA[>]]>",
		"<a xml:space='preserve' xml:lang='en'>  x </a>", "<a xmlns='urn:1'><b xmlns=''/></a>",
		"<x:a xmlns:x='urn:1'/><x:a xmlns:x='urn:2'/>", "<x:a xmlns:x='urn:1' x:b='1' b='2'><x:c xmlns:x='urn:3'/></x:a>",
		"<a>\r\nünï \U0001F6A2</a>", "<domain type='lxc'><uuid>other</uuid></domain>", "<lxc:namespace xmlns:lxc='urn:mine'/>",
		"<interface/><hostdev/>", "<m:a xmlns:m=\"urn:a'b&amp;c\"/>",
	} {
		d, err := Parse([]byte(with("<metadata>" + inner + "</metadata>")))
		if err != nil {
			t.Errorf("%s: %v", inner, err)
			continue
		}
		if d.Metadata != inner {
			t.Errorf("%q is kept as %q", inner, d.Metadata)
		}
		if text := format(t, d, FormatOptions{}); !strings.Contains(text, "<metadata>"+inner+"</metadata>") {
			t.Errorf("%q is not in\n%s", inner, text)
		}
		fixpoint(t, d, notYetSupported())
	}
}
