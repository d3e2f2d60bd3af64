package domain

import (
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
)

// number checks that text is an unsigned 64-bit number. encoding/xml checks that too, but its error
// does not name the element.
func number(path, text string) error {
	if _, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64); err != nil {
		return invalid(path, "%.40q is not a number from 0 to 18446744073709551615", strings.TrimSpace(text))
	}
	return nil
}

func attributesOnce(path string, attrs []xml.Attr) error {
	seen := make(map[xml.Name]bool, len(attrs))
	for _, a := range attrs {
		if len(a.Name.Space)+len(a.Name.Local) > maxWord {
			return invalid(path, "the name of its attribute %.40s… has more than %d bytes", a.Name.Local, maxWord)
		}
		if seen[a.Name] {
			return invalid(path+"@"+qualified(a.Name), "this attribute is given twice")
		}
		seen[a.Name] = true
		if len(a.Value) > maxText {
			return invalid(path+"@"+qualified(a.Name), "it has %d bytes; the limit is %d", len(a.Value), maxText)
		}
	}
	return nil
}

func (w *walker) attributes(path string, n *node, attrs []xml.Attr) error {
	for _, a := range attrs {
		if a.Name.Space == "xmlns" || (a.Name.Space == "" && a.Name.Local == "xmlns") {
			continue
		}
		at := path + "@" + qualified(a.Name)
		rule, known := n.attrs[a.Name.Local]
		if a.Name.Space != "" || !known {
			return invalid(at, "unknown attribute; see berth-xml(5)")
		}
		if rule.foreign {
			return unsupported(at, "this version of Berth does not support this attribute; remove it")
		}
		if rule.number {
			if err := number(at, a.Value); err != nil {
				return err
			}
		}
		values, gated := w.gate[at]
		if gated && (values == everything || contains(values, a.Value)) {
			return unsupported(at, "this version of Berth does not support '%s'", a.Value)
		}
	}
	return nil
}

func contains(words, word string) bool {
	return slices.Contains(strings.Fields(words), word)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "/" + name
}

// qualified returns an element's or attribute's name with the schema's prefix for its namespace.
func qualified(n xml.Name) string {
	switch n.Space {
	case "":
		return n.Local
	case lxcNamespace:
		return "lxc:" + n.Local
	case berthNamespace:
		return "berth:" + n.Local
	case xmlNamespace:
		return "xml:" + n.Local
	}
	return "{" + n.Space + "}" + n.Local
}
