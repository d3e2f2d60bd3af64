package domain

import (
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
)

// selfContained returns the content of <metadata> unchanged but for one thing: each top element also
// declares the prefixes that <domain> or <metadata> declared for it. Format writes those elements
// without these declarations.
func selfContained(inner string, outer map[string]string) (string, *Error) {
	d := xml.NewDecoder(strings.NewReader(inner))
	s := scopes{outer: make(map[string]string, len(outer))}
	for prefix, uri := range outer {
		s.outer[prefix] = inQuotes(uri)
	}
	var out strings.Builder
	copied, name := 0, 0 // how many bytes of inner are written; the end of the current top element's name
	for {
		start := int(d.InputOffset())
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", invalid("domain/metadata", "%v", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(s.declared) == 0 {
				s.borrowed, name = map[string]string{}, start+1+len(written(t.Name))
			}
			if err := s.enter(t); err != nil {
				return "", err
			}
		case xml.EndElement:
			s.declared = s.declared[:len(s.declared)-1]
			if len(s.declared) > 0 || len(s.borrowed) == 0 {
				continue
			}
			out.WriteString(inner[copied:name])
			for _, prefix := range slices.Sorted(maps.Keys(s.borrowed)) {
				out.WriteString(" xmlns:" + prefix + "='" + s.borrowed[prefix] + "'")
			}
			copied = name
		}
	}
	return out.String() + inner[copied:], nil
}

// scopes holds the prefixes that are declared at the current place.
type scopes struct {
	outer    map[string]string // as they are written in quotes
	declared []map[string]bool
	borrowed map[string]string // the prefixes of outer that the current top element uses
}

func (s *scopes) enter(t xml.StartElement) *Error {
	own := map[string]bool{}
	used := []string{t.Name.Space}
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" {
			own[a.Name.Local] = true
			continue
		}
		used = append(used, a.Name.Space)
	}
	s.declared = append(s.declared, own)
	for _, prefix := range used {
		if prefix == "" || prefix == "xml" || slices.ContainsFunc(s.declared, func(m map[string]bool) bool { return m[prefix] }) {
			continue
		}
		uri, known := s.outer[prefix]
		if !known {
			return invalid("domain/metadata/"+written(t.Name), "the prefix '%.40s' is not declared; add xmlns:%.40s", prefix, prefix)
		}
		s.borrowed[prefix] = uri
	}
	return nil
}

// written returns a name as the text has it.
func written(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}
