package domain

import (
	"fmt"
	"strings"
	"unicode"
)

// maxReport bounds an error's texts, in bytes: what is wrong may quote a value of any length.
const maxReport = 400

// ErrorKind tells a document that is wrong from one that asks for what cannot be.
type ErrorKind int

// The kinds of errors.
const (
	InvalidXML    ErrorKind = iota // not well-formed, or against the rules of domain XML
	InvalidConfig                  // understood, but not supported here, or contradicting itself
)

// Error is what is wrong with a definition, and where. Element is a path such as
// "domain/devices/console"; an attribute follows an "@".
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

// oneLine makes a text short, and free of what would forge a second line of a log.
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
