package domain

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// Render lays out marshalled XML as libvirt does: two blanks a level, single quotes, an empty
// element as one tag, and prefixes for the namespaces of libvirt and Berth. It copies the content
// of <metadata> unchanged.
func Render(text []byte) (string, error) {
	r := renderer{text: text, in: xml.NewDecoder(bytes.NewReader(text))}
	for {
		token, err := r.in.RawToken()
		if errors.Is(err, io.EOF) {
			return strings.TrimSuffix(r.out.String(), "\n"), nil
		}
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.StartElement:
			err = r.start(t)
		case xml.EndElement:
			r.end()
		case xml.CharData:
			r.closeTag("")
			r.out.WriteString(escaped(string(t)))
			r.inline = true
		}
		if err != nil {
			return "", err
		}
	}
}

type renderer struct {
	text   []byte
	in     *xml.Decoder
	out    strings.Builder
	names  []string // the names of the open elements
	prefix []string // the prefixes of the open elements
	open   bool     // the last start tag lacks its ">"
	inline bool     // the current element has text
}

func (r *renderer) indent() { r.out.WriteString(strings.Repeat("  ", len(r.names))) }

func (r *renderer) closeTag(end string) {
	if r.open {
		r.out.WriteString(">" + end)
		r.open = false
	}
}

func (r *renderer) start(t xml.StartElement) error {
	r.closeTag("\n")
	r.indent()
	prefix := ""
	if len(r.prefix) > 0 {
		prefix = r.prefix[len(r.prefix)-1]
	}
	var attrs strings.Builder
	for _, a := range t.Attr {
		if a.Name.Space == "" && a.Name.Local == "xmlns" {
			prefix = map[string]string{lxcNamespace: "lxc:", berthNamespace: "berth:"}[a.Value]
			continue
		}
		attrs.WriteString(" " + written(a.Name) + "='" + inQuotes(a.Value) + "'")
	}
	name := prefix + t.Name.Local
	r.out.WriteString("<" + name + attrs.String())
	if len(r.names) == 1 && name == "metadata" {
		return r.verbatim()
	}
	r.open, r.inline = true, false
	r.names, r.prefix = append(r.names, name), append(r.prefix, prefix)
	return nil
}

// verbatim copies the rest of the current element, after its start tag.
func (r *renderer) verbatim() error {
	from := r.in.InputOffset()
	for depth := 1; depth > 0; {
		token, err := r.in.RawToken()
		if err != nil {
			return err
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
	}
	r.out.WriteString(">")
	r.out.Write(r.text[from:r.in.InputOffset()])
	r.out.WriteString("\n")
	return nil
}

func (r *renderer) end() {
	last := len(r.names) - 1
	name := r.names[last]
	r.names, r.prefix = r.names[:last], r.prefix[:last]
	switch {
	case r.open:
		r.out.WriteString("/>\n")
	case r.inline:
		r.out.WriteString("</" + name + ">\n")
	default:
		r.indent()
		r.out.WriteString("</" + name + ">\n")
	}
	r.open, r.inline = false, false
}

// escaped returns text as libvirt writes it. It also escapes a carriage return: XML readers turn a
// bare one into a newline.
func escaped(s string) string {
	if !strings.ContainsAny(s, "&<>'\"\r") { // to make a Replacer takes 10 µs
		return s
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "'", "&apos;", `"`, "&quot;", "\r", "&#13;").Replace(s)
}

// inQuotes returns an attribute's value. It escapes newlines and tabs: XML readers turn bare ones
// into spaces.
func inQuotes(s string) string {
	if !strings.ContainsAny(s, "\n\t") {
		return escaped(s)
	}
	return strings.NewReplacer("\n", "&#10;", "\t", "&#9;").Replace(escaped(s))
}
