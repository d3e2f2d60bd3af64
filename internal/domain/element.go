package domain

import (
	"cmp"
	"encoding/xml"
	"slices"
	"strings"
)

// start checks an element's start tag. What is refused is left out with all that is inside.
func (w *walker) start(e xml.StartElement) {
	w.elements++
	name := qualified(e.Name)
	switch {
	case w.elements > maxElements:
		w.stop(invalid(w.at(), "the document has more than %d elements", maxElements))
	case len(e.Name.Space)+len(e.Name.Local) > maxWord:
		w.stop(invalid(w.at(), "the name of the element <%.40s…> has more than %d bytes", e.Name.Local, maxWord))
	case len(w.stack) >= maxDepth:
		w.stop(invalid(w.at(), "its elements are nested more than %d deep", maxDepth))
	case len(e.Attr) > maxAttrs:
		w.stop(invalid(join(w.at(), name), "it has more than %d attributes", maxAttrs))
	case len(w.stack) == 0 && w.device:
		w.deviceRoot(e, name)
	case len(w.stack) == 0:
		w.root(e, name)
	default:
		w.inner(w.stack[len(w.stack)-1], e, name)
	}
}

func (w *walker) root(e xml.StartElement, name string) {
	if w.rooted {
		w.stop(invalid("", "there is a second element, <%s>, after <domain>", name))
		return
	}
	if name != "domain" {
		w.stop(invalid("", "expecting root element of 'domain', not '%s'", name))
		return
	}
	w.rooted = true
	w.declare(e.Attr)
	w.enter("domain", schema().children["domain"], e)
	w.keepAttributes()
}

func (w *walker) inner(top *frame, e xml.StartElement, name string) {
	if top.skip {
		w.stack = append(w.stack, &frame{path: top.path, skip: true})
		return
	}
	if top.raw != nil {
		w.insideKept(top, e, name)
		return
	}
	if top.any {
		path := join(top.path, name)
		w.once(path, e.Attr)
		w.stack = append(w.stack, &frame{path: path, any: true})
		return
	}
	// libvirt takes the elements of <lxc:namespace> without the prefix, too.
	if e.Name.Space == "" && top.path == atShare && top.node.children["lxc:"+name] != nil {
		e.Name.Space, name = lxcNamespace, "lxc:"+name
	}
	index := top.seen[name]
	path := nth(join(top.path, name), index)
	top.seen[name]++
	w.lines[path] = w.line
	next, refused := w.child(top, name, path)
	if refused != nil {
		w.add(w.here(refused))
		w.stack = append(w.stack, &frame{path: path, skip: true})
		return
	}
	if next.why != "" {
		w.mention(path, next.why)
	}
	if next.why != "" && !next.own {
		w.beginKept(path, next, e)
		return
	}
	if next.any {
		w.declare(e.Attr)
	}
	w.enter(path, next, e)
	w.stack[len(w.stack)-1].index = index
	w.keepAttributes()
}

// enter opens an element that the schema has, and hands it on.
func (w *walker) enter(path string, n *node, e xml.StartElement) {
	w.lines[path] = w.line
	own, kept := w.attributes(path, n, w.once(path, e.Attr))
	w.stack = append(w.stack, &frame{
		path: path, name: e.Name, node: n, kept: kept, seen: map[string]int{}, any: n.any, begin: w.in.InputOffset(),
	})
	w.ready = append(w.ready, xml.StartElement{Name: e.Name, Attr: own})
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
func (w *walker) child(top *frame, name, path string) (*node, *Error) {
	next := top.node.children[name]
	switch {
	case top.node.caps:
		if _, known := capabilityNumber(name); !known {
			return nil, unsupported(path, "there is no capability of this name; capabilities(7) lists them, here without CAP_ and in lower case")
		}
		next = &node{attrs: map[string]attrRule{"state": {own: true}}}
	case next == nil:
		return nil, invalid(path, "unknown element; see berth-xml(5)")
	case !next.own && next.why != "" && next.why != "run" && !reasons()[next.why].kept:
		return nil, unsupported(path, "%s", notSupported("element", next.why))
	}
	if values, gated := w.gate[path]; gated && values == everything {
		return nil, unsupported(path, "%s", notSupported("element", "unknown"))
	}
	if top.seen[name] > 1 && !next.many {
		return nil, invalid(path, "this element may appear only once")
	}
	return next, nil
}

// once returns an element's attributes without those that are given twice or are too long. It notes each of those.
func (w *walker) once(path string, attrs []xml.Attr) (kept []xml.Attr) {
	seen := make(map[xml.Name]bool, len(attrs))
	for _, a := range attrs {
		at := path + "@" + qualified(a.Name)
		switch {
		case len(a.Name.Space)+len(a.Name.Local) > maxWord:
			w.add(w.here(invalid(path, "the name of its attribute %.40s… has more than %d bytes", a.Name.Local, maxWord)))
		case seen[a.Name]:
			w.add(w.here(invalid(at, "this attribute is given twice")))
		case len(a.Value) > maxText:
			w.add(w.here(invalid(at, "it has %d bytes; the limit is %d", len(a.Value), maxText)))
		default:
			kept = append(kept, a)
		}
		seen[a.Name] = true
	}
	return kept
}

// attributes returns the attributes that have a type of their own, and those that are only kept, without declarations
// of namespaces. It notes the others.
func (w *walker) attributes(path string, n *node, attrs []xml.Attr) (own, kept []xml.Attr) {
	for _, a := range attrs {
		if a.Name.Space == "xmlns" || (a.Name.Space == "" && a.Name.Local == "xmlns") {
			continue
		}
		at := path + "@" + qualified(a.Name)
		if e := w.attribute(at, n, a); e != nil {
			w.add(w.here(e))
			continue
		}
		rule := n.attrs[a.Name.Local]
		if rule.why != "" && rule.idleValue(a.Value) {
			w.mention(at, rule.why)
		}
		switch {
		case rule.own:
			own = append(own, a)
		case reasons()[rule.why].kept:
			kept = append(kept, a)
		}
	}
	slices.SortFunc(kept, func(a, b xml.Attr) int { return cmp.Compare(n.attrs[a.Name.Local].order, n.attrs[b.Name.Local].order) })
	return own, kept
}

func (w *walker) attribute(at string, n *node, a xml.Attr) *Error {
	rule, known := n.attrs[a.Name.Local]
	if a.Name.Space != "" || !known {
		return invalid(at, "unknown attribute; see berth-xml(5)")
	}
	if !rule.own && rule.why != "run" && !reasons()[rule.why].kept {
		return unsupported(at, "%s", notSupported("attribute", rule.why))
	}
	if rule.full && a.Value == "" {
		return invalid(at, "it is empty")
	}
	if rule.number {
		if e := number(at, a.Value); e != nil {
			return e
		}
	}
	values, gated := w.gate[withoutNumbers(at)]
	if gated && (values == everything || contains(values, a.Value)) {
		return unsupported(at, "%s", notSupported("attribute", "unknown"))
	}
	return nil
}

// withoutNumbers returns a path as the schema writes it.
func withoutNumbers(path string) string {
	for {
		before, rest, numbered := strings.Cut(path, "[")
		if !numbered {
			return path
		}
		_, after, _ := strings.Cut(rest, "]")
		path = before + after
	}
}
