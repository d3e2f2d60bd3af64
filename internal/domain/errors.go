package domain

import (
	"fmt"
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
)

// Error is one mistake in a definition. Element is its place: a path such as
// "domain/devices/console". An attribute follows an "@".
type Error struct {
	Kind    ErrorKind
	Element string
	Text    string
}

func (e *Error) Error() string {
	if e.Element == "" {
		return e.Text
	}
	return e.Element + ": " + e.Text
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
