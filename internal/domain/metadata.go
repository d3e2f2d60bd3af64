package domain

import (
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
)

// selfContained gives the content of <metadata> as it stands, but each of its elements also
// declares the prefixes that it has from outside: the text is formatted without that outside.
func selfContained(inner string, outer map[string]string) (string, error) {
	d := xml.NewDecoder(strings.NewReader(inner))
	s := scopes{outer: outer}
	var out strings.Builder
	copied, name := 0, 0 // how much of inner is written; the end of the current top element's name
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
				out.WriteString(" xmlns:" + prefix + "='" + inQuotes(s.borrowed[prefix]) + "'")
			}
			copied = name
		}
	}
	return out.String() + inner[copied:], nil
}

// scopes are the prefixes that the elements around a place declare.
type scopes struct {
	outer    map[string]string
	declared []map[string]bool
	borrowed map[string]string // from outer, by the current top element
}

func (s *scopes) enter(t xml.StartElement) error {
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

// written is a name as it stands in the text.
func written(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}
