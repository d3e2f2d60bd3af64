package domain

import (
	"errors"
	"strings"
)

// MetadataKind is a part of what a definition says for people and programs, as libvirt's VIR_DOMAIN_METADATA_* are.
type MetadataKind string

// The kinds.
const (
	MetadataDescription MetadataKind = "description" // <description>
	MetadataTitle       MetadataKind = "title"       // <title>
	MetadataElement     MetadataKind = "element"     // the element of <metadata> in the namespace of a URI
)

// Known reports whether this is one of the kinds.
func (k MetadataKind) Known() bool {
	return k == MetadataDescription || k == MetadataTitle || k == MetadataElement
}

// Metadata is a new value of one part. An empty one takes it away.
type Metadata struct {
	Kind  MetadataKind
	Value string
	Key   string // the prefix of the names of an element
	URI   string // its namespace
}

// MetadataOf returns a part of a definition. found is false if it has none. The names of an element have no prefixes.
func (d *Def) MetadataOf(kind MetadataKind, uri string) (value string, found bool) {
	switch kind {
	case MetadataTitle:
		return d.Title, d.Title != ""
	case MetadataDescription:
		return d.Description, d.Description != ""
	case MetadataElement:
	}
	list, err := topElements(d.Metadata)
	for _, e := range list {
		if err == nil && e.namespace == uri && uri != "" {
			value, err = withoutPrefix(d.Metadata[e.start:e.end], uri)
			return value, err == nil
		}
	}
	return "", false
}

// WithMetadata returns a definition with another value of a part. It returns an *Error if the value cannot be that. The
// definition of a run keeps the names that the run has chosen.
func (d *Def) WithMetadata(m Metadata, running bool) (*Def, error) {
	changed := *d
	switch m.Kind {
	case MetadataTitle:
		changed.Title = m.Value
	case MetadataDescription:
		changed.Description = m.Value
	case MetadataElement:
		inner, fault := d.withElement(m)
		if fault != nil {
			return nil, fault
		}
		changed.Metadata = inner
	default:
		return nil, invalid("", "'%s' is no kind of metadata; known are description, title and element", string(m.Kind))
	}
	text, err := changed.Format(FormatOptions{Run: running})
	if err != nil {
		return nil, err
	}
	parse := Parse
	if running {
		parse = ParseRun
	}
	read, err := parse([]byte(text)) // all other rules: one of them is about the length of the whole
	if err != nil {
		return nil, withoutLines(err)
	}
	if read.Title != changed.Title || read.Description != changed.Description {
		return nil, invalid("domain/"+string(m.Kind), "it cannot be written in XML as it is")
	}
	return read, nil
}

// withElement returns the content of <metadata> with another element of a namespace, which becomes the last one.
func (d *Def) withElement(m Metadata) (string, *Error) {
	const at = "domain/metadata"
	if m.URI == "" {
		return "", invalid(at, "an element needs the URI of its namespace")
	}
	fresh := ""
	if m.Value != "" {
		if !isPrefix(m.Key) {
			return "", invalid(at, "'%s' cannot be the prefix of XML names", m.Key)
		}
		var fault *Error
		if fresh, fault = withPrefix(m.Value, m.Key, m.URI); fault != nil {
			return "", fault
		}
	}
	list, err := topElements(d.Metadata)
	if err != nil {
		return "", invalid(at, "%v", errors.Unwrap(err))
	}
	var out strings.Builder
	from := 0
	for _, e := range list {
		if e.namespace == m.URI {
			out.WriteString(strings.TrimRight(d.Metadata[from:e.start], " \t\r\n"))
			from = e.end
		}
	}
	inner := strings.TrimRight(out.String()+d.Metadata[from:], " \t\r\n")
	if fresh != "" {
		inner += "\n    " + fresh
	}
	if strings.TrimSpace(inner) == "" {
		return "", nil
	}
	return inner + "\n  ", nil
}
