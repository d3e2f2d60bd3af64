package domain

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// The limits of what is said of one document: each mistake is one line for a person.
const (
	maxFaults      = 20
	maxFaultsBytes = 8 << 10
)

// faults collects the mistakes of one document.
type faults struct {
	list  []*Error
	bytes int // of the texts in list
	more  int
	lines map[string]int // the line of each element's start tag, by the element's path
}

// add notes a mistake, unless e is nil. It drops a mistake that only follows from one at the same place: an
// element or attribute that could not be read has no value.
func (f *faults) add(e *Error) {
	if e == nil || slices.ContainsFunc(f.list, func(other *Error) bool { return other.Element == e.Element && e.Element != "" }) {
		return
	}
	if len(f.list) == maxFaults || f.bytes+len(e.Element)+len(e.Text) > maxFaultsBytes && len(f.list) > 0 {
		f.more++
		return
	}
	f.bytes += len(e.Element) + len(e.Text)
	f.list = append(f.list, e)
}

func (f *faults) invalid(element, format string, args ...any) {
	f.add(invalid(element, format, args...))
}

func (f *faults) unsupported(element, format string, args ...any) {
	f.add(unsupported(element, format, args...))
}

// within reports whether a mistake is in an element, or in one below it.
func (f *faults) within(path string) bool {
	return slices.ContainsFunc(f.list, func(e *Error) bool {
		rest, below := strings.CutPrefix(e.Element, path)
		return below && (rest == "" || strings.ContainsRune("/@[", rune(rest[0])))
	})
}

// err returns nil, the only mistake as an *Error, or all as an *Errors.
func (f *faults) err() error {
	if len(f.list) == 0 {
		return nil
	}
	for _, e := range f.list {
		if e.Line == 0 {
			e.Line = f.lineOf(e.Element)
		}
		e.Element = f.numbered(e.Element)
	}
	slices.SortStableFunc(f.list, func(a, b *Error) int { return cmp.Compare(a.Line, b.Line) })
	if len(f.list) == 1 && f.more == 0 {
		return f.list[0]
	}
	return &Errors{List: f.list, More: f.more}
}

// lineOf returns the line of an element, or of the nearest one around it that the document has.
func (f *faults) lineOf(path string) int {
	for path != "" {
		if line, there := f.lines[path]; there {
			return line
		}
		path = path[:max(strings.LastIndexByte(path, '/'), strings.LastIndexByte(path, '@'), 0)]
	}
	return 0
}

// numbered adds "[1]" to each element that has a second one of its name beside it.
func (f *faults) numbered(path string) string {
	var out strings.Builder
	from := 0
	for i := range len(path) + 1 {
		if i < len(path) && path[i] != '/' && path[i] != '@' {
			continue
		}
		out.WriteString(path[from:i])
		if _, several := f.lines[path[:i]+"[2]"]; several {
			out.WriteString("[1]")
		}
		from = i
	}
	return out.String()
}

// nth returns the path of the element with the index i, from 0, among those of its name. The first one has no
// number: faults.numbered adds it.
func nth(path string, i int) string {
	if i == 0 {
		return path
	}
	return path + "[" + strconv.Itoa(i+1) + "]"
}
