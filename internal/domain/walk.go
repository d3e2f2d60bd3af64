package domain

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// The limits of a document, far above the size of any real one.
const (
	maxSize     = 1 << 20 // bytes
	maxDepth    = 32
	maxElements = 20000
	maxAttrs    = 64
	maxText     = 64 << 10 // bytes of one attribute or text
	maxWord     = 256      // bytes of the name of an element or attribute
)

// The XML namespaces that a definition may use outside <metadata>. schemaText writes them as the
// prefixes lxc and berth.
const (
	lxcNamespace   = "http://libvirt.org/schemas/domain/lxc/1.0"
	berthNamespace = "urn:berth:container:1"
)

// xmlNamespace is the namespace of the prefix xml, which nobody needs to declare.
const xmlNamespace = "http://www.w3.org/XML/1998/namespace"

// walker checks a document against the limits and the schema before it is unmarshalled.
type walker struct {
	gate     map[string]string
	stack    []*frame
	outer    map[string]string // the namespaces that <domain> and <metadata> declare, by prefix
	elements int
	rooted   bool
}

type frame struct {
	path string
	node *node
	seen map[string]bool
	any  bool            // inside <metadata>
	text strings.Builder // only of an element that holds a number
}

// check reads the whole document as tokens. It returns the namespaces that the content of <metadata>
// can refer to. It returns an *Error if the document breaks a limit or a rule of the schema.
//
// It refuses directives, and so document types, and entities other than XML's own five. So nothing
// is ever expanded.
func check(doc []byte, gate map[string]string) (outer map[string]string, err error) {
	switch {
	case len(doc) > maxSize:
		return nil, invalid("", "the document has %d bytes; the limit is %d", len(doc), maxSize)
	case len(bytes.TrimSpace(doc)) == 0:
		return nil, invalid("", "the document is empty")
	case !utf8.Valid(doc):
		return nil, invalid("", "the document is not valid UTF-8")
	}
	if i := bytes.IndexFunc(doc, notXML); i >= 0 {
		r, _ := utf8.DecodeRune(doc[i:])
		return nil, invalid("", "the document has the character %U, which XML does not allow", r)
	}
	d := xml.NewDecoder(bytes.NewReader(doc))
	d.CharsetReader = func(charset string, _ io.Reader) (io.Reader, error) {
		return nil, errors.New("the encoding is " + charset + "; only UTF-8 is supported")
	}
	w := &walker{gate: gate, outer: map[string]string{}}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			if !w.rooted {
				return nil, invalid("", "the document has no element")
			}
			return w.outer, nil
		}
		if err != nil {
			return nil, invalid(w.at(), "%s", strings.TrimPrefix(strings.TrimPrefix(err.Error(), "XML syntax error on "), "xml: "))
		}
		if err := w.token(token); err != nil {
			return nil, err
		}
	}
}

// notXML reports whether XML does not allow r. encoding/xml checks text and attributes only, not
// comments.
func notXML(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
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
		return invalid(top.path, "its text has %d bytes; the limit is %d", len(s), maxText)
	case !top.any && !top.node.text:
		return invalid(top.path, "it has text, %.40q, but may not have any", strings.TrimSpace(s))
	}
	if !top.any && top.node.number {
		top.text.WriteString(s)
	}
	return nil
}

func (w *walker) start(e xml.StartElement) error {
	w.elements++
	name := qualified(e.Name)
	switch {
	case w.elements > maxElements:
		return invalid(w.at(), "the document has more than %d elements", maxElements)
	case len(e.Name.Space)+len(e.Name.Local) > maxWord:
		return invalid(w.at(), "the name of the element <%.40s…> has more than %d bytes", e.Name.Local, maxWord)
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
	if next.any {
		w.declare(e.Attr)
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
	w.declare(e.Attr)
	n := schema().children["domain"]
	if err := w.attributes("domain", n, e.Attr); err != nil {
		return err
	}
	w.stack = append(w.stack, &frame{path: "domain", node: n, seen: map[string]bool{}})
	return nil
}

func (w *walker) declare(attrs []xml.Attr) {
	for _, a := range attrs {
		if a.Name.Space == "xmlns" {
			w.outer[a.Name.Local] = a.Value
		}
	}
}

// child returns the schema's node for an element. It returns an error if the element is unknown, is
// not supported, or appears more often than the schema allows.
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
		return nil, unsupported(path, "this version of Berth does not support this element; remove it")
	}
	if values, gated := w.gate[path]; gated && values == everything {
		return nil, unsupported(path, "this version of Berth does not support this element; remove it")
	}
	if top.seen[name] && !next.many {
		return nil, invalid(path, "this element may appear only once")
	}
	top.seen[name] = true
	return next, nil
}
