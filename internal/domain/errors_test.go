package domain

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// with is a definition that has something more, or in the place of what it would have.
func with(inner string) string {
	doc := "<domain type='lxc'>"
	for _, part := range []struct{ name, text string }{
		{"<name", "<name>web</name>"},
		{"<memory", "<memory>65536</memory>"},
		{"<os", "<os><type>exe</type><init>/init</init></os>"},
	} {
		if !strings.Contains(inner, part.name+">") && !strings.Contains(inner, part.name+"/>") && !strings.Contains(inner, part.name+" ") {
			doc += part.text
		}
	}
	return doc + inner + "</domain>"
}

func filesystemXML(attr, inner string) string {
	return with("<devices><filesystem" + attr + ">" + inner + "</filesystem></devices>")
}

func shareXML(inner string) string {
	return with("<namespace xmlns='" + lxcNamespace + "'>" + inner + "</namespace>")
}

func extensionXML(inner string) string {
	return with("<container xmlns='" + berthNamespace + "'>" + inner + "</container>")
}

func idmapXML(uids string) string {
	return with("<idmap>" + uids + "<gid start='0' target='1000' count='10'/></idmap><devices><filesystem><source dir='/srv/root'/><target dir='/'/></filesystem></devices>")
}

// refused are documents that must not become a Def, with the element that the error must name.
func refused() []refusal {
	return slices.Concat(refusedDocuments(), refusedValues(), refusedExtensions(), refusedShares(), refusedIDMaps(), refusedFilesystems(), refusedInterfaces(), refusedTuning(), refusedDevices(), refusedNICs(), refusedLabels())
}

type refusal struct {
	doc     string
	kind    ErrorKind
	element string
}

// TestRefused: each bad document is refused with its kind, its element and one bounded sentence. A
// golden file keeps the sentences, so that they are read when they change.
func TestRefused(t *testing.T) {
	t.Parallel()
	var sentences strings.Builder
	for _, tc := range refused() {
		d, err := Parse([]byte(tc.doc))
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%.200s\nis not refused: %v", tc.doc, err)
			continue
		}
		if d != nil || e.Kind != tc.kind || e.Element != tc.element {
			t.Errorf("%.200s\nis refused as %d of %q, want %d of %q: %v", tc.doc, e.Kind, e.Element, tc.kind, tc.element, err)
		}
		if strings.ContainsFunc(e.Error(), unicode.IsControl) || len(e.Error()) > 2*maxReport+10 || e.Text == "" {
			t.Errorf("%.200s\nthe error is no sentence: %q", tc.doc, e.Error())
		}
		fmt.Fprintf(&sentences, "%.100q\n\t%s\n", strings.TrimPrefix(tc.doc, "<domain type='lxc'>"), e.Error())
	}
	golden(t, "testdata/refused.golden", sentences.String())
}

// TestErrorsAreBounded: an error that quotes a value is neither long nor more than one line.
func TestErrorsAreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 30000)
	for name, doc := range map[string]string{
		"value":     with("<on_crash>" + long + "</on_crash>"),
		"line":      with("<on_crash>a&#10;b&#x85;c</on_crash>"),
		"attribute": with("<clock offset='" + long + "'/>"),
		"name":      with("<a" + long + "/>"),
		"word":      with("<clock " + "a" + long + "=''/>"),
		"syntax":    with("<a" + long),
		"prefix":    with("<metadata><p" + long + ":x/></metadata>"),
		"nested":    with("<metadata>" + strings.Repeat("<"+strings.Repeat("n", 200)+">", 40)),
	} {
		_, err := Parse([]byte(doc))
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		if s := err.Error(); len(s) > 2*maxReport+10 || strings.ContainsFunc(s, unicode.IsControl) || strings.ContainsRune(s, unicode.ReplacementChar) {
			t.Errorf("%s: %d bytes: %.100q", name, len(s), s)
		}
	}
}
