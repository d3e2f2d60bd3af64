// Package native has what the converters of other programs' configurations give: a definition with warnings, or an error with its
// place. It is pure.
package native

import (
	"strconv"
	"strings"
)

// Error is what is wrong with a line, or with a file if Line is 0.
type Error struct {
	File string
	Line int // from 1
	Key  string
	Text string
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		b.WriteString(":" + strconv.Itoa(e.Line))
	}
	if e.Key != "" {
		b.WriteString(": " + e.Key)
	}
	b.WriteString(": " + e.Text)
	return b.String()
}

// Warning is what was lost or changed.
type Warning struct {
	File string
	Line int // 0 if it is about the whole
	Text string
}

// Result is a converted configuration.
type Result struct {
	XML      string
	Warnings []Warning
}
