package domain

import "fmt"

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
	return &Error{Kind: InvalidXML, Element: element, Text: fmt.Sprintf(format, args...)}
}

func unsupported(element, format string, args ...any) *Error {
	return &Error{Kind: InvalidConfig, Element: element, Text: fmt.Sprintf(format, args...)}
}
