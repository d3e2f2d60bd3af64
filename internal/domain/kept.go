package domain

import (
	"encoding/xml"
	"slices"
	"strings"
)

// Kept is the XML of what libvirt's LXC driver takes and gives no effect, and of which Berth keeps the words only: an
// element with the name of what it is part of, and in it what is kept, below the elements that that is in. "" means
// that there is nothing.
type Kept string

// elem is an element of such a text, or of a definition that such a text is put into.
type elem struct {
	name     string
	space    string // the namespace that it declares
	attrs    []xml.Attr
	children []*elem
	text     string
	inner    string // verbatim, instead of children and text
	counts   map[string][]*elem
}

// add appends a child.
func (e *elem) add(child *elem) {
	e.children = append(e.children, child)
	if e.counts == nil {
		e.counts = map[string][]*elem{}
	}
	e.counts[child.name] = append(e.counts[child.name], child)
}

// nth returns the child of a name with an index among those of that name. It makes those that are missing.
func (e *elem) nth(name string, index int) *elem {
	for len(e.counts[name]) <= index {
		e.add(&elem{name: name})
	}
	return e.counts[name][index]
}

// empty reports whether nothing is in it.
func (e *elem) empty() bool { return len(e.attrs)+len(e.children)+len(e.text)+len(e.inner) == 0 }

// keepOf returns what is kept of an element that is open, to add something.
func (w *walker) keepOf(depth int) *elem {
	f := w.stack[depth]
	if f.keep == nil {
		if depth == 0 {
			w.keeps = &elem{name: f.name.Local}
			f.keep = w.keeps
		} else {
			f.keep = w.keepOf(depth-1).nth(f.name.Local, f.index)
		}
	}
	return f.keep
}

// keepAttributes keeps those attributes of the element that has just begun.
func (w *walker) keepAttributes() {
	last := len(w.stack) - 1
	if last < 0 || len(w.stack[last].kept) == 0 {
		return
	}
	w.keepOf(last).attrs = w.stack[last].kept
}

// beginKept opens an element that is kept as a whole, or passed over as a whole.
func (w *walker) beginKept(path string, n *node, e xml.StartElement) {
	one := &elem{name: e.Name.Local, attrs: w.keptAttributes(path, e.Attr)}
	if reasons()[n.why].kept {
		w.keepOf(len(w.stack) - 1).add(one)
	}
	w.stack = append(w.stack, &frame{path: path, name: e.Name, raw: one})
}

// insideKept opens an element inside of one that is kept.
func (w *walker) insideKept(top *frame, e xml.StartElement, name string) {
	if top.seen == nil {
		top.seen = map[string]int{}
	}
	path := nth(join(top.path, name), top.seen[name])
	top.seen[name]++
	if e.Name.Space != "" {
		w.add(w.here(invalid(path, "unknown element; see berth-xml(5)")))
		w.stack = append(w.stack, &frame{path: path, skip: true})
		return
	}
	one := &elem{name: name, attrs: w.keptAttributes(path, e.Attr)}
	if !isRunAlias(withoutNumbers(path), one) {
		top.raw.add(one)
	}
	w.stack = append(w.stack, &frame{path: path, name: e.Name, raw: one})
}

// isRunAlias reports whether an element is the name that a run has given to a device, which is not kept.
func isRunAlias(path string, e *elem) bool {
	inDevices, below := strings.CutPrefix(path, atDevices)
	return below && e.name == "alias" && strings.Count(inDevices, "/") == 1 &&
		!slices.ContainsFunc(e.attrs, func(a xml.Attr) bool { return a.Name.Local == "name" && userAlias().MatchString(a.Value) })
}

func (w *walker) keptAttributes(path string, attrs []xml.Attr) (kept []xml.Attr) {
	for _, a := range w.once(path, attrs) {
		switch {
		case a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns":
		case a.Name.Space != "":
			w.add(w.here(invalid(path+"@"+qualified(a.Name), "unknown attribute; see berth-xml(5)")))
		default:
			kept = append(kept, a)
		}
	}
	return kept
}

func (w *walker) keepText(top *frame, s string) {
	if top.text.Len()+len(s) > maxText && strings.TrimSpace(s) != "" {
		w.add(w.here(invalid(top.path, "its text has more than %d bytes", maxText)))
		return
	}
	if top.text.Len()+len(s) <= maxText {
		top.text.WriteString(s)
	}
}

// keptText returns the text of an element without the blanks of the layout.
func keptText(e *elem, text string) string {
	if trimmed := strings.TrimSpace(text); trimmed == "" || len(e.children) > 0 {
		return trimmed
	}
	return text
}

// keep gives the definition what the document has of it, in libvirt's order.
func (w *walker) keep(d *Def) {
	if w.keeps == nil {
		return
	}
	complete(w.keeps)
	sortKept(w.keeps, schema().children["domain"], "domain")
	if devices := w.keeps.counts["devices"]; len(devices) > 0 {
		top := devices[0]
		for name, list := range top.counts {
			if !isOwnDevice(name) {
				continue
			}
			for i, one := range list {
				if to := d.keptOf(name, i); to != nil && !one.empty() {
					*to = Kept(one.String())
				}
			}
		}
		top.children = slices.DeleteFunc(top.children, func(e *elem) bool { return isOwnDevice(e.name) })
		if top.empty() {
			w.keeps.children = slices.DeleteFunc(w.keeps.children, func(e *elem) bool { return e == top })
		}
	}
	if !w.keeps.empty() {
		d.Kept = Kept(w.keeps.String())
	}
}

// isOwnDevice reports whether a device is one that a container has, and not only kept.
func isOwnDevice(name string) bool {
	return name == "console" || slices.Contains(deviceKinds(), DeviceKind(name))
}

// keptOf returns where what is kept of a device belongs to, nil if there is no such device.
func (d *Def) keptOf(name string, i int) *Kept {
	kind := DeviceKind(name)
	switch {
	case name == "console" && i < len(d.Consoles):
		return &d.Consoles[i].Kept
	case name == "console" || i >= d.count(kind):
		return nil
	}
	return d.at(Slot{kind, i}).kept()
}

func (v Device) kept() *Kept {
	switch {
	case v.Disk != nil:
		return &v.Disk.Kept
	case v.Filesystem != nil:
		return &v.Filesystem.Kept
	case v.Interface != nil:
		return &v.Interface.Kept
	}
	return &v.HostDevice.Kept
}

func attr(name, value string) xml.Attr { return xml.Attr{Name: xml.Name{Local: name}, Value: value} }

// complete fills in what libvirt fills in.
func complete(e *elem) {
	for _, f := range e.counts["features"] {
		for name, preset := range map[string]xml.Attr{
			"hap": attr("state", "on"), "vmcoreinfo": attr("state", "on"), "hyperv": attr("mode", "custom"),
		} {
			for _, one := range f.counts[name] {
				if len(one.attrs) == 0 {
					one.attrs = []xml.Attr{preset}
				}
			}
		}
	}
	for _, devices := range e.counts["devices"] {
		for _, fs := range devices.counts["filesystem"] {
			for i, a := range fs.attrs { // fmode and dmode are octal, of four digits
				if strings.HasSuffix(a.Name.Local, "mode") && len(a.Value) == 3 {
					fs.attrs[i].Value = "0" + a.Value
				}
			}
		}
	}
	for _, cpu := range e.counts["cpu"] {
		for _, t := range cpu.counts["topology"] {
			sockets := slices.IndexFunc(t.attrs, func(a xml.Attr) bool { return a.Name.Local == "sockets" })
			if sockets >= 0 && !slices.ContainsFunc(t.attrs, func(a xml.Attr) bool { return a.Name.Local == "dies" }) {
				t.attrs = slices.Insert(t.attrs, sockets+1, attr("dies", "1"))
			}
		}
	}
}
