package netxml

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/pattern"
)

// Lost is an element or attribute that a network cannot have here.
type Lost struct {
	Line    int
	Element string // by its path
	Text    string
}

// mostRounds bounds how many values Reduce takes out.
const mostRounds = 64

// Reduce returns a network of libvirt's without what Parse does not support, and says what that is. All else stays as
// it is, byte by byte, on its lines. It returns a *domain.Error if the network cannot be what it is without that, such
// as one of SR-IOV.
func Reduce(doc []byte) ([]byte, []Lost, error) {
	var all []Lost
	drop := map[string]string{}
	for range mostRounds {
		out, lost, err := reduce(doc, drop)
		if err != nil {
			return nil, nil, err
		}
		doc, all = out, append(all, lost...)
		_, err = Parse(doc)
		if err == nil {
			slices.SortStableFunc(all, func(a, b Lost) int { return a.Line - b.Line })
			return doc, all, nil
		}
		e, ok := errors.AsType[*domain.Error](err)
		if !ok {
			return nil, nil, err
		}
		at := strings.ReplaceAll(e.Element, "[1]", "")
		if element, _, _ := strings.Cut(at, "@"); at != "network/bridge@macTableManager" {
			at = element
		}
		if !dispensable(at) {
			return nil, nil, err
		}
		drop = map[string]string{at: e.Text}
	}
	return nil, nil, invalid("network", 0, "more than %d of its values are not supported", mostRounds)
}

var indices = pattern.Of(`\[[0-9]+\]`)

// dispensable reports whether a network is what it is without an element of which a value is not supported.
func dispensable(exact string) bool {
	return slices.Contains([]string{
		"network/forward/nat/port", "network/forward/interface", "network/dns/forwarder", "network/ip/dhcp", "network/ip/dhcp/host", "network/bridge@macTableManager",
	}, indices().ReplaceAllString(exact, "")) && exact != "network/forward/interface"
}

// cut is what is taken out of a document.
type cut struct{ from, to int }

// reduce takes out what is not served, and the elements and attributes of drop.
func reduce(doc []byte, drop map[string]string) ([]byte, []Lost, error) {
	if _, err := check(doc, false); err != nil {
		return nil, nil, err
	}
	d := xml.NewDecoder(bytes.NewReader(doc))
	known, why := served(), instead()
	var cuts []cut
	var lost []Lost
	var stack []place
	inside := 0 // the depth below an element that is taken out
	for {
		from := int(d.InputOffset())
		line, _ := d.InputPos()
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			return without(doc, cuts), lost, nil
		case err != nil:
			return nil, nil, invalid(top(stack), line, "%v", err)
		}
		switch t := token.(type) {
		case xml.EndElement:
			stack = stack[:len(stack)-1]
			if inside > 0 {
				if inside--; inside == 0 {
					cuts[len(cuts)-1].to = int(d.InputOffset())
				}
			}
		case xml.StartElement:
			p := place{path: join(stack, t.Name), exact: exact(stack, t.Name), count: map[string]int{}}
			kept := len(stack) > 0 && strings.HasPrefix(p.path, "network/metadata/")
			switch {
			case inside > 0:
				inside++
			case kept:
			case refused(stack, p, t, drop, known, why) != "":
				lost = append(lost, Lost{line, p.exact, refused(stack, p, t, drop, known, why)})
				cuts = append(cuts, cut{from: from})
				inside = 1
			default:
				more, gone := attributes(doc[from:int(d.InputOffset())], t, p, drop, known[p.path])
				for _, c := range more {
					cuts = append(cuts, cut{from + c.from, from + c.to})
				}
				for _, l := range gone {
					l.Line = line
					lost = append(lost, l)
				}
			}
			stack = append(stack, p)
		}
	}
}

// attributes returns the attributes of a tag that are taken out. Declarations of prefixes belong to elements that are
// lost.
func attributes(tag []byte, t xml.StartElement, p place, drop map[string]string, served []string) (cuts []cut, lost []Lost) {
	for _, a := range t.Attr {
		at, name := p.exact+"@"+a.Name.Local, a.Name.Local
		if slices.Contains(served, name) && drop[at] == "" || p.path == "network/metadata" {
			continue
		}
		if a.Name.Space == "xmlns" {
			name = "xmlns:" + name
		} else {
			lost = append(lost, Lost{Element: at, Text: cmp.Or(drop[at], "this attribute is not supported")})
		}
		if i := attribute(name).FindIndex(tag); i != nil {
			cuts = append(cuts, cut{i[0], i[1]})
		}
	}
	return cuts, lost
}

// refused says why an element is taken out, or "".
func refused(stack []place, p place, t xml.StartElement, drop map[string]string, known map[string][]string, why map[string]string) string {
	if drop[p.exact] != "" {
		return drop[p.exact]
	}
	if p.path == "network/dns/forwarder" && slices.ContainsFunc(t.Attr, func(a xml.Attr) bool { return a.Name.Local == "domain" }) {
		return "no name server is asked for one domain only"
	}
	t.Attr = nil
	if e, ok := errors.AsType[*domain.Error](element(stack, p.path, t, 1, known, why)); ok {
		return e.Text
	}
	return ""
}

func attribute(name string) *regexp.Regexp {
	return regexp.MustCompile(`\s+` + regexp.QuoteMeta(name) + `\s*=\s*("[^"]*"|'[^']*')`)
}

// without returns a document without its cuts. Their line breaks stay, so that the lines of the rest are what they
// were.
func without(doc []byte, cuts []cut) []byte {
	slices.SortFunc(cuts, func(a, b cut) int { return a.from - b.from })
	out, at := make([]byte, 0, len(doc)), 0
	for _, c := range cuts {
		out = append(out, doc[at:c.from]...)
		out = append(out, bytes.Repeat([]byte("\n"), bytes.Count(doc[c.from:c.to], []byte("\n")))...)
		at = c.to
	}
	return append(out, doc[at:]...)
}
