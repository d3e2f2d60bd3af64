package domain

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/berthd/berth/internal/pattern"
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

// walker reads a document as tokens, and checks it against the limits and the schema. It is a filter: it notes
// what is wrong, leaves that out, and hands the rest on to be unmarshalled.
//
// It refuses directives, and so document types, and entities other than XML's own five. So nothing
// is ever expanded.
type walker struct {
	*faults
	gate     map[string]string
	doc      []byte
	in       *xml.Decoder
	line     int // of the current token
	stack    []*frame
	ready    []xml.Token       // to hand on
	outer    map[string]string // the namespaces that <domain> and <metadata> declare, by prefix
	metadata string            // the content of <metadata>
	keeps    *elem             // what is only kept, below the elements that it is in
	mentions []Mention         // of what has no effect
	elements int
	rooted   bool
	device   bool // the document is one device
	broken   bool // the document cannot be read further
}

type frame struct {
	path  string
	name  xml.Name
	node  *node
	seen  map[string]int // how many elements of each name have begun
	index int            // among the elements of its name and parent
	kept  []xml.Attr     // the attributes that are only kept
	keep  *elem          // what is only kept of it, if there is anything
	raw   *elem          // it is only kept as a whole, or is inside of such an element
	any   bool           // <metadata> or an element inside
	skip  bool           // refused, or inside a refused element
	text  strings.Builder
	begin int64 // offset of the content
}

// newWalker returns a walker at the beginning of a document. The walker is broken if the document is too
// large, empty, or no text.
func newWalker(doc []byte, gate map[string]string) *walker {
	w := &walker{faults: &faults{lines: map[string]int{}}, gate: gate, doc: doc, outer: map[string]string{}}
	w.in = xml.NewDecoder(bytes.NewReader(doc))
	w.in.CharsetReader = func(charset string, _ io.Reader) (io.Reader, error) {
		return nil, errors.New("the encoding is " + charset + "; only UTF-8 is supported")
	}
	switch {
	case len(doc) > maxSize:
		w.stop(invalid("", "the document has %d bytes; the limit is %d", len(doc), maxSize))
	case len(bytes.TrimSpace(doc)) == 0:
		w.stop(invalid("", "the document is empty"))
	case !utf8.Valid(doc):
		w.stop(invalid("", "the document is not valid UTF-8"))
	default:
		if i := bytes.IndexFunc(doc, notXML); i >= 0 {
			r, _ := utf8.DecodeRune(doc[i:])
			w.line = 1 + bytes.Count(doc[:i], []byte("\n"))
			w.stop(invalid("", "the document has the character %U, which XML does not allow", r))
		}
	}
	return w
}

// notXML reports whether XML does not allow r. encoding/xml checks text and attributes only, not
// comments.
func notXML(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
}

// stop notes a mistake after which the document cannot be read further.
func (w *walker) stop(e *Error) {
	if e.Line == 0 {
		e.Line = w.line
	}
	w.add(e)
	w.broken = true
}

// Token returns the next token that is right. It returns io.EOF at the end of the document, and where the
// document cannot be read further.
func (w *walker) Token() (xml.Token, error) {
	for len(w.ready) == 0 {
		if w.broken {
			return nil, io.EOF
		}
		w.line, _ = w.in.InputPos()
		token, err := w.in.Token()
		switch {
		case errors.Is(err, io.EOF):
			if !w.rooted {
				w.stop(invalid("", "the document has no element"))
			}
			return nil, io.EOF
		case err != nil:
			w.stop(w.syntaxError(err))
		default:
			w.token(token)
		}
	}
	next := w.ready[0]
	w.ready = w.ready[1:]
	return next, nil
}

// rest reads the document to its end.
func (w *walker) rest() {
	for {
		if _, err := w.Token(); err != nil {
			return
		}
	}
}

// syntaxLine matches where encoding/xml says that the error is.
var syntaxLine = pattern.Of(`^(XML syntax error on )?line [0-9]+: `)

func (w *walker) syntaxError(err error) *Error {
	e := invalid(w.at(), "%s", strings.TrimPrefix(syntaxLine().ReplaceAllString(err.Error(), ""), "xml: "))
	if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
		e.Line = syntax.Line
	}
	return e
}

func (w *walker) at() string {
	if len(w.stack) == 0 {
		return ""
	}
	return w.stack[len(w.stack)-1].path
}

func (w *walker) token(t xml.Token) {
	switch t := t.(type) {
	case xml.Directive:
		w.stop(invalid(w.at(), "document types and other <!…> directives are not allowed"))
	case xml.ProcInst:
		if t.Target != "xml" || w.elements > 0 {
			w.stop(invalid(w.at(), "processing instructions are not allowed"))
		}
	case xml.StartElement:
		w.start(t)
	case xml.EndElement:
		w.end()
		w.deviceEnd()
	case xml.CharData:
		w.text(string(t))
	}
}

func (w *walker) text(s string) {
	if len(w.stack) == 0 {
		if strings.TrimSpace(s) != "" {
			w.stop(invalid("", "there is text outside the outermost element"))
		}
		return
	}
	top := w.stack[len(w.stack)-1]
	switch {
	case top.any || top.skip:
	case top.raw != nil:
		w.keepText(top, s)
	case top.node.text:
		if top.text.Len()+len(s) <= maxText || strings.TrimSpace(s) == "" {
			top.text.WriteString(s)
			return
		}
		w.add(w.here(invalid(top.path, "its text has more than %d bytes", maxText)))
	case strings.TrimSpace(s) != "":
		w.add(w.here(invalid(top.path, "it has text, %.40q, but may not have any", strings.TrimSpace(s))))
	}
}

// here gives a mistake the line of the current token.
func (w *walker) here(e *Error) *Error {
	e.Line = w.line
	return e
}

func (w *walker) end() {
	top := w.stack[len(w.stack)-1]
	w.stack = w.stack[:len(w.stack)-1]
	switch {
	case top.skip || top.any && top.node == nil:
		return
	case top.raw != nil:
		top.raw.text = keptText(top.raw, top.text.String())
		return
	case top.any:
		content := w.doc[top.begin:w.in.InputOffset()] // and the end tag, unless the element is one tag
		w.metadata = string(content[:max(bytes.LastIndexByte(content, '<'), 0)])
	case top.node.number:
		text := top.text.String()
		if e := number(top.path, text); e != nil {
			w.add(e)
			text = "0"
		}
		w.ready = append(w.ready, xml.CharData(text))
	case top.node.text:
		w.ready = append(w.ready, xml.CharData(top.text.String()))
	}
	w.ready = append(w.ready, xml.EndElement{Name: top.name})
}
