package domain

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The bounds of a document, far above any honest one.
const (
	maxSize     = 1 << 20 // bytes
	maxDepth    = 32
	maxElements = 20000
	maxAttrs    = 64
	maxText     = 64 << 10 // bytes of one attribute or text
)

// The namespaces that a definition may use outside <metadata>, by the prefix in the schema.
const (
	lxcNamespace   = "http://libvirt.org/schemas/domain/lxc/1.0"
	berthNamespace = "urn:berth:container:1"
)

// walker checks a document against the bounds and the schema before anything is built of it.
type walker struct {
	gate     map[string]string
	stack    []*frame
	elements int
	rooted   bool
}

type frame struct {
	path string
	node *node
	seen map[string]bool
	any  bool            // inside <metadata>
	text strings.Builder // of a number
}

// check reads the whole document as tokens. Entities other than XML's own five, directives and so
// document types are refused: nothing is ever expanded.
func check(doc []byte, gate map[string]string) error {
	switch {
	case len(doc) > maxSize:
		return invalid("", "the document has %d bytes, and at most %d are read", len(doc), maxSize)
	case len(bytes.TrimSpace(doc)) == 0:
		return invalid("", "the document is empty")
	case !utf8.Valid(doc):
		return invalid("", "the document is not valid UTF-8")
	case bytes.IndexByte(doc, 0) >= 0:
		return invalid("", "the document has a NUL byte")
	}
	d := xml.NewDecoder(bytes.NewReader(doc))
	d.CharsetReader = func(charset string, _ io.Reader) (io.Reader, error) {
		return nil, errors.New("the encoding is " + charset + "; only UTF-8 is read")
	}
	w := &walker{gate: gate}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			if !w.rooted {
				return invalid("", "the document has no element")
			}
			return nil
		}
		if err != nil {
			return invalid(w.at(), "%s", strings.TrimPrefix(err.Error(), "XML syntax error on "))
		}
		if err := w.token(token); err != nil {
			return err
		}
	}
}

func (w *walker) at() string {
	if len(w.stack) == 0 {
		return ""
	}
	return w.stack[len(w.stack)-1].path
}

func (w *walker) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.Directive:
		return invalid(w.at(), "document types and other <!…> directives are not allowed")
	case xml.ProcInst:
		if t.Target != "xml" || w.elements > 0 {
			return invalid(w.at(), "processing instructions are not allowed")
		}
	case xml.StartElement:
		return w.start(t)
	case xml.EndElement:
		top := w.stack[len(w.stack)-1]
		w.stack = w.stack[:len(w.stack)-1]
		if top.node != nil && top.node.number {
			return number(top.path, top.text.String())
		}
	case xml.CharData:
		return w.text(string(t))
	}
	return nil
}

func (w *walker) text(s string) error {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	if len(w.stack) == 0 {
		return invalid("", "there is text outside the element <domain>")
	}
	top := w.stack[len(w.stack)-1]
	switch {
	case len(s) > maxText && !top.any:
		return invalid(top.path, "its text has %d bytes, and at most %d are read", len(s), maxText)
	case !top.any && !top.node.text:
		return invalid(top.path, "it has text, %.40q, where none may be", strings.TrimSpace(s))
	}
	if !top.any && top.node.number {
		top.text.WriteString(s)
	}
	return nil
}

// number refuses what is no unsigned 64-bit number, before a library does so without naming it.
func number(path, text string) error {
	if _, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64); err != nil {
		return invalid(path, "%.40q is not a number from 0 to 18446744073709551615", strings.TrimSpace(text))
	}
	return nil
}

func (w *walker) start(e xml.StartElement) error {
	w.elements++
	name := qualified(e.Name)
	switch {
	case w.elements > maxElements:
		return invalid(w.at(), "the document has more than %d elements", maxElements)
	case len(w.stack) >= maxDepth:
		return invalid(w.at(), "its elements are nested more than %d deep", maxDepth)
	case len(e.Attr) > maxAttrs:
		return invalid(join(w.at(), name), "it has more than %d attributes", maxAttrs)
	}
	if err := attributesOnce(join(w.at(), name), e.Attr); err != nil {
		return err
	}
	if len(w.stack) == 0 {
		return w.root(e, name)
	}
	top := w.stack[len(w.stack)-1]
	path := join(top.path, name)
	if top.any {
		w.stack = append(w.stack, &frame{path: path, any: true})
		return nil
	}
	next, err := w.child(top, name, path)
	if err != nil {
		return err
	}
	if err := w.attributes(path, next, e.Attr); err != nil {
		return err
	}
	w.stack = append(w.stack, &frame{path: path, node: next, seen: map[string]bool{}, any: next.any})
	return nil
}

func (w *walker) root(e xml.StartElement, name string) error {
	if w.rooted {
		return invalid("", "there is a second element, <%s>, after <domain>", name)
	}
	if name != "domain" {
		return invalid("", "expecting root element of 'domain', not '%s'", name)
	}
	w.rooted = true
	n := schema().children["domain"]
	if err := w.attributes("domain", n, e.Attr); err != nil {
		return err
	}
	w.stack = append(w.stack, &frame{path: "domain", node: n, seen: map[string]bool{}})
	return nil
}

// child finds the schema's word on an element.
func (w *walker) child(top *frame, name, path string) (*node, error) {
	next := top.node.children[name]
	switch {
	case top.node.caps:
		if _, known := capabilityNumber(name); !known {
			return nil, unsupported(path, "there is no capability of this name; capabilities(7) lists them, here without CAP_ and in lower case")
		}
		next = &node{attrs: map[string]attrRule{"state": {}}}
	case next == nil:
		return nil, invalid(path, "unknown element; see berth-xml(5)")
	case next.foreign:
		return nil, unsupported(path, "this element is not served by this version of Berth; remove it")
	}
	if values, gated := w.gate[path]; gated && values == "" {
		return nil, unsupported(path, "this element is not served by this version of Berth; remove it")
	}
	if top.seen[name] && !next.many {
		return nil, invalid(path, "this element may stand only once")
	}
	top.seen[name] = true
	return next, nil
}

func attributesOnce(path string, attrs []xml.Attr) error {
	seen := make(map[xml.Name]bool, len(attrs))
	for _, a := range attrs {
		if seen[a.Name] {
			return invalid(path+"@"+a.Name.Local, "this attribute stands twice")
		}
		seen[a.Name] = true
		if len(a.Value) > maxText {
			return invalid(path+"@"+a.Name.Local, "it has %d bytes, and at most %d are read", len(a.Value), maxText)
		}
	}
	return nil
}

func (w *walker) attributes(path string, n *node, attrs []xml.Attr) error {
	for _, a := range attrs {
		if a.Name.Space == "xmlns" || (a.Name.Space == "" && a.Name.Local == "xmlns") {
			continue
		}
		at := path + "@" + a.Name.Local
		rule, known := n.attrs[a.Name.Local]
		if a.Name.Space != "" || !known {
			return invalid(at, "unknown attribute; see berth-xml(5)")
		}
		if rule.number {
			if err := number(at, a.Value); err != nil {
				return err
			}
		}
		values, gated := w.gate[at]
		if gated && (values == "" || contains(values, a.Value)) {
			return unsupported(at, "'%s' is not served by this version of Berth", a.Value)
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

// qualified gives an element's name with the schema's prefix for its namespace.
func qualified(n xml.Name) string {
	switch n.Space {
	case "":
		return n.Local
	case lxcNamespace:
		return "lxc:" + n.Local
	case berthNamespace:
		return "berth:" + n.Local
	}
	return "{" + n.Space + "}" + n.Local
}
