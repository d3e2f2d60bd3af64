package domain

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Mention is an element or attribute of a document that has no effect in a container, and is kept.
type Mention struct {
	Element string // its path, as in errors; of several of one name, the first
	Line    int
	Text    string // why
}

// mention notes an element or attribute that has no effect.
func (w *walker) mention(path, why string) {
	r := reasons()[why]
	if path = withoutNumbers(path); !r.warn || slices.ContainsFunc(w.mentions, func(m Mention) bool { return m.Element == path }) {
		return
	}
	w.mentions = append(w.mentions, Mention{path, w.line, r.text})
}

// WithoutEffect returns what of a definition has no effect in a container, with libvirt as with Berth, but is kept. The
// document is one that Parse accepts.
func WithoutEffect(doc []byte) []Mention {
	return mentioned(newWalker(withoutMark(doc), notYetSupported()))
}

// WithoutEffectInDevice is WithoutEffect for a device that ParseDevice accepts.
func WithoutEffectInDevice(doc []byte) []Mention {
	w := newWalker(doc, notYetSupported())
	w.device = true
	list := mentioned(w)
	for i := range list {
		list[i].Element = strings.TrimPrefix(list[i].Element, atDevices)
	}
	return list
}

func mentioned(w *walker) []Mention {
	for {
		if _, err := w.Token(); errors.Is(err, io.EOF) {
			return w.mentions
		}
	}
}

// maxNames is the most that Names names: it makes a line for a person.
const maxNames = 40

// Names returns the elements and attributes in one line, without what is around all of them.
func Names(list []Mention) string {
	names := make([]string, 0, len(list))
	for i, m := range list {
		if i == maxNames {
			names = append(names, fmt.Sprintf("and %d more", len(list)-i))
			break
		}
		names = append(names, strings.TrimPrefix(m.Element, "domain/"))
	}
	return strings.Join(names, ", ")
}
