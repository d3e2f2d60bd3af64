package bus

import (
	"errors"
	"fmt"
)

// What can be wrong with a body beside its values.
var (
	errBehind   = errors.New("there are bytes behind the last value")
	errArray    = errors.New("an array does not end with an element")
	errBoolean  = errors.New("a boolean is neither 0 nor 1")
	errNesting  = errors.New("it is nested too deeply")
	errMultiple = errors.New("a variant does not hold exactly one value")
	errIndex    = errors.New("it names a descriptor that did not come with it")
)

// maxDepth is how many containers may be in each other, variants included; godbus has the same limit
// and hangs up on who exceeds it.
const maxDepth = 64

// checkBody walks a body by its signature, which must be decodable, and reports what is wrong with it. godbus decodes
// every body that passes, in time and memory that are in proportion to its size. With plain set, a variant may hold
// only basic values, arrays of them, named descriptors (a(sh)) and numbers of devices (a(st)): of each other type
// reflect keeps a description for as long as the process lives. The body may name as many descriptors as came with it.
func checkBody(order byteOrder, signature string, body []byte, plain bool, descriptors uint32) error {
	w := walk{cursor: cursor{order: order, b: body}, types: decodable(), plain: plain, descriptors: descriptors}
	if descriptors > 0 {
		w.types = withDescriptors()
	}
	if err := w.values(signature, 0); err != nil {
		return err
	}
	if w.left() > 0 {
		return errBehind
	}
	return nil
}

// walk goes over marshalled values without making anything of them.
type walk struct {
	cursor
	types grammar // of variants
	plain bool

	descriptors uint32 // how many there are to name
}

func (w *walk) values(signature string, depth int) error {
	for signature != "" {
		n := first(signature)
		if err := w.value(signature[:n], depth); err != nil {
			return err
		}
		signature = signature[n:]
	}
	return nil
}

// value walks over one value of a single complete type.
func (w *walk) value(t string, depth int) error {
	if err := w.align(alignment(t[0])); err != nil {
		return err
	}
	switch t[0] {
	case 'b':
		n, err := w.uint32()
		if err == nil && n > 1 {
			return errBoolean
		}
		return err
	case 's':
		_, err := w.text()
		return err
	case 'o':
		path, err := w.text()
		if err == nil && !validPath(path) {
			return errPath
		}
		return err
	case 'g':
		s, err := w.signature()
		if err == nil && !anySignature().has(string(s)) {
			return errSignature
		}
		return err
	case 'h':
		n, err := w.uint32()
		if err == nil && n >= w.descriptors {
			return errIndex
		}
		return err
	case 'v':
		return w.variant(depth)
	case 'a':
		return w.array(t[1:], depth)
	case '(':
		if depth >= maxDepth {
			return errNesting
		}
		return w.values(t[1:len(t)-1], depth+1)
	}
	return w.skip(fixed(t[0]))
}

func (w *walk) variant(depth int) error {
	if depth >= maxDepth {
		return errNesting
	}
	s, err := w.signature()
	if err != nil {
		return err
	}
	if !w.types.has(string(s)) {
		return errSignature
	}
	if len(s) == 0 || first(string(s)) != len(s) {
		return errMultiple
	}
	if w.plain && !isPlain(s) {
		return fmt.Errorf("values of type %q are not taken in a variant", s)
	}
	return w.value(string(s), depth+1)
}

// isPlain reports whether a type is basic, an array of such, or that of named descriptors, of numbers of devices or of
// named texts.
func isPlain(t []byte) bool {
	if string(t) == "a(sh)" || string(t) == "a(st)" || string(t) == "a(ss)" {
		return true
	}
	last := t[len(t)-1]
	return last != 'v' && last != '}' && last != ')' && (len(t) == 1 || len(t) == 2 && t[0] == 'a')
}

// array walks over an array or, since they are marshalled alike, a dictionary.
func (w *walk) array(element string, depth int) error {
	inner := depth + 1
	if element[0] == '{' {
		inner = depth + 2 // godbus counts the entry, too
	}
	if inner > maxDepth {
		return errNesting
	}
	n, err := w.uint32()
	if err != nil {
		return err
	}
	if err := w.align(alignment(element[0])); err != nil {
		return err
	}
	if int64(n) > int64(w.left()) {
		return errShort
	}
	end := w.at + int(n)
	if size := fixed(element[0]); size > 0 && element != "h" {
		if int(n)%size != 0 {
			return errArray
		}
		w.at = end
		return nil
	}
	for w.at < end {
		if err := w.element(element, inner); err != nil {
			return err
		}
	}
	if w.at != end {
		return errArray
	}
	return nil
}

func (w *walk) element(t string, depth int) error {
	if t[0] != '{' {
		return w.value(t, depth)
	}
	if err := w.align(8); err != nil {
		return err
	}
	return w.values(t[1:len(t)-1], depth)
}
