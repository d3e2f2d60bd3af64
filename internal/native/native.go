// Package native has what the converters of other programs' configurations give: a definition with warnings, or an
// error with its place. It is pure.
package native

import (
	"errors"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/domain"
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

// Refused returns a warning about each thing for which a converted definition would be refused, with the file that it
// was made of. It does not ask whether the architecture is the host's.
func Refused(d domain.Def, file string) []Warning {
	d.OS.Arch = ""
	xml, err := d.Format(domain.FormatOptions{})
	if err == nil {
		_, err = domain.Parse([]byte(xml))
	}
	if err == nil {
		return nil
	}
	list := []*domain.Error{}
	if several, ok := errors.AsType[*domain.Errors](err); ok {
		list = several.List
	} else if one, ok := errors.AsType[*domain.Error](err); ok {
		list = append(list, one)
	}
	var warnings []Warning
	for _, e := range list {
		warnings = append(warnings, Warning{File: file, Text: "the definition has to be changed before it is defined: " + e.Element + ": " + e.Text})
	}
	return warnings
}
