package domain

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// topElement is the place of one element in the content of <metadata>.
type topElement struct {
	start, end int
	namespace  string
}

// topElements returns the elements of the content of <metadata>, each of which declares its own prefix.
func topElements(inner string) (list []topElement, err error) {
	err = eachTag(inner, func(t *tag) error {
		switch {
		case t.opens && len(t.scopes) == 1:
			list = append(list, topElement{start: t.from, namespace: t.namespaceOf(t.name.Space)})
		case t.closes && len(t.scopes) == 1:
			list[len(list)-1].end = t.to
		}
		return nil
	})
	return list, err
}

// tag is a start or end tag of a text. One that is both, <a/>, comes twice.
type tag struct {
	from, to      int
	opens, closes bool
	name          xml.Name // with the prefix in Space
	attrs         []xml.Attr
	scopes        []map[string]string // the prefixes that each element around declares, itself included; "" is the default
}

// namespaceOf returns what a prefix stands for, "" if it is not declared.
func (t *tag) namespaceOf(prefix string) string {
	for _, scope := range slices.Backward(t.scopes) {
		if uri, ok := scope[prefix]; ok {
			return uri
		}
	}
	return ""
}

// eachTag calls f for each tag of a text.
func eachTag(text string, f func(*tag) error) error {
	d := xml.NewDecoder(strings.NewReader(text))
	t := &tag{}
	for {
		t.from = int(d.InputOffset())
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		t.to = int(d.InputOffset())
		switch e := token.(type) {
		case xml.StartElement:
			own := map[string]string{}
			for _, a := range e.Attr {
				switch {
				case a.Name.Space == "xmlns":
					own[a.Name.Local] = a.Value
				case a.Name.Space == "" && a.Name.Local == "xmlns":
					own[""] = a.Value
				}
			}
			t.scopes = append(t.scopes, own)
			t.opens, t.closes, t.name, t.attrs = true, false, e.Name, e.Attr
			err = f(t)
		case xml.EndElement:
			if len(t.scopes) == 0 {
				return errors.New("an element ends that has not begun")
			}
			t.opens, t.closes, t.name, t.attrs = false, true, e.Name, nil
			err = f(t)
			t.scopes = t.scopes[:len(t.scopes)-1]
		}
		if err != nil {
			return err
		}
	}
}

// withPrefix returns an element of a caller, whose names without a namespace are in that of uri and get the prefix key.
func withPrefix(value, key, uri string) (string, *Error) {
	const at = "domain/metadata"
	root, fault := onlyElement(value)
	if fault != nil {
		return "", fault
	}
	var out strings.Builder
	copied := 0
	err := eachTag(root, func(t *tag) error {
		name := t.from + 1
		if t.closes {
			name++
		}
		if t.from == t.to { // the end of <a/>
			return nil
		}
		if other, declared := t.scopes[len(t.scopes)-1][key]; declared && other != uri {
			return errors.New("it declares the prefix " + key + " for another namespace")
		}
		out.WriteString(root[copied:name])
		if copied = name; t.name.Space == "" && t.namespaceOf("") == "" {
			out.WriteString(key + ":")
		}
		if _, declared := t.scopes[0][key]; t.opens && len(t.scopes) == 1 && !declared {
			copied = name + len(written(t.name))
			out.WriteString(root[name:copied] + " xmlns:" + key + "='" + inQuotes(uri) + "'")
		}
		return nil
	})
	if err != nil {
		return "", invalid(at, "%v", err)
	}
	text := out.String() + root[copied:]
	if top, err := topElements(text); err != nil || len(top) != 1 || top[0].namespace != uri {
		return "", invalid(at, "the element is of another namespace than '%s'", uri)
	}
	return text, nil
}

// onlyElement returns the one element of a document, without what is around it.
func onlyElement(text string) (string, *Error) {
	const at = "domain/metadata"
	d := xml.NewDecoder(strings.NewReader(text))
	for { // it is well-formed
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", invalid(at, "%v", err)
		}
		if _, is := token.(xml.Directive); is {
			return "", invalid(at, "a document type is not possible")
		}
	}
	depth, count, from, to := 0, 0, 0, 0
	err := eachTag(text, func(t *tag) error {
		switch {
		case t.opens:
			if depth++; depth == 1 {
				count++
				from = t.from
			}
		case t.closes:
			if depth--; depth == 0 {
				to = t.to
			}
		}
		return nil
	})
	if err != nil || count != 1 {
		return "", invalid(at, "it is not one element")
	}
	return text[from:to], nil
}

// withoutPrefix is the reverse of withPrefix: the names in the namespace of uri lose their prefixes.
func withoutPrefix(text, uri string) (string, error) {
	needed := map[string]bool{} // prefixes that attributes have
	err := eachTag(text, func(t *tag) error {
		for _, a := range t.attrs {
			if a.Name.Space != "xmlns" {
				needed[a.Name.Space] = true
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	var out strings.Builder
	copied := 0
	err = eachTag(text, func(t *tag) error {
		if t.from == t.to || t.namespaceOf(t.name.Space) != uri {
			return nil
		}
		name := t.from + 1
		if t.closes {
			name++
		}
		out.WriteString(text[copied:name])
		if copied = name; t.name.Space != "" {
			copied += len(t.name.Space) + 1
		}
		if t.opens && len(t.scopes) == 1 {
			after := name + len(written(t.name))
			out.WriteString(text[copied:after] + withoutDeclarations(text[after:t.to], t.scopes[0], uri, needed))
			copied = t.to
		}
		return nil
	})
	return out.String() + text[copied:], err
}

// withoutDeclarations returns the attributes of a start tag without those that declare prefixes for uri, unless
// attributes need them.
func withoutDeclarations(attrs string, declared map[string]string, uri string, needed map[string]bool) string {
	for prefix, of := range declared {
		if of != uri || prefix != "" && needed[prefix] {
			continue
		}
		name := "xmlns"
		if prefix != "" {
			name += ":" + prefix
		}
		attrs = regexp.MustCompile(`\s+`+regexp.QuoteMeta(name)+`\s*=\s*('[^']*'|"[^"]*")`).ReplaceAllString(attrs, "")
	}
	return attrs
}

// isPrefix reports whether a word can be a prefix of XML names.
func isPrefix(word string) bool {
	for i, r := range word {
		switch {
		case unicode.IsLetter(r) || r == '_':
		case i > 0 && (unicode.IsDigit(r) || r == '-' || r == '.'):
		default:
			return false
		}
	}
	return word != "" && !strings.HasPrefix(strings.ToLower(word), "xml")
}
