package domain

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// maxReport limits an error's texts, in bytes: they may quote a value of any length.
const maxReport = 400

// ErrorKind tells an invalid document from one that asks for something unsupported.
type ErrorKind int

// The kinds of errors.
const (
	InvalidXML    ErrorKind = iota // not well-formed, or against the rules of domain XML
	InvalidConfig                  // understood, but not supported here, or contradictory
	NoDevice                       // right, but the container has no such device
)

// Error is one mistake in a definition. Element is its place: a path such as
// "domain/devices/console[2]". The number counts the elements of this name, from 1; it is missing if
// there is only one. An attribute follows an "@".
type Error struct {
	Kind    ErrorKind
	Element string
	Line    int // of the element's start tag, or of that around a missing element; 0 if unknown
	Text    string
}

func (e *Error) Error() string {
	text := e.Text
	if e.Element != "" {
		text = e.Element + ": " + text
	}
	if e.Line > 0 {
		text += " (line " + strconv.Itoa(e.Line) + ")"
	}
	return text
}

// Errors is several mistakes in one definition, in the order of their lines.
type Errors struct {
	List []*Error // two or more
	More int      // the number of further mistakes, which List has no room for
}

// Error returns one line: how many there are, then each with its number.
func (e *Errors) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d faults:", len(e.List)+e.More)
	for i, one := range e.List {
		if i > 0 {
			b.WriteString(";")
		}
		fmt.Fprintf(&b, " (%d) %s", i+1, one.Error())
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "; and %d more", e.More)
	}
	return b.String()
}

// Unwrap returns the mistakes, so that errors.As finds the first of them.
func (e *Errors) Unwrap() []error {
	list := make([]error, len(e.List))
	for i, one := range e.List {
		list[i] = one
	}
	return list
}

func invalid(element, format string, args ...any) *Error {
	return report(InvalidXML, element, fmt.Sprintf(format, args...))
}

func unsupported(element, format string, args ...any) *Error {
	return report(InvalidConfig, element, fmt.Sprintf(format, args...))
}

func report(k ErrorKind, element, text string) *Error {
	return &Error{Kind: k, Element: oneLine(element), Text: oneLine(text)}
}

// oneLine shortens a text, and replaces the control characters that could forge a second line in a log.
func oneLine(s string) string {
	if len(s) > maxReport {
		s = strings.ToValidUTF8(s[:maxReport], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}
