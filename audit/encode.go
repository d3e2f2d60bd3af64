package audit

import (
	"encoding/hex"
	"strings"
)

// maxText is the longest text of a record in bytes. The kernel cuts a longer one than 8560 off
// (AUDIT_MESSAGE_TEXT_MAX), and with it the result at its end.
const maxText = 8192

// field is one name=value of a record. Names are constants of this package.
type field struct {
	name    string
	value   string
	missing bool // there is no value
	foreign bool // the value is a string of others, in quotes or as hex digits
}

// str is a string that others choose.
func str(name, value string) field { return field{name: name, value: value, foreign: true} }

// optional is str of a string that may be missing.
func optional(name string, value *string) field {
	if value == nil {
		return field{name: name, missing: true, foreign: true}
	}
	return str(name, *value)
}

// word is a value that is written as it is. One that could be read as more than a value is written as hex digits.
func word(name, value string) field { return field{name: name, value: value, missing: value == ""} }

// text returns name=value. A longer value than most bytes is cut off.
func (f field) text(most int) string {
	value := f.value[:min(len(f.value), most)]
	switch {
	case f.missing && f.foreign:
		return f.name + `="?"`
	case f.missing:
		return f.name + "=?"
	case needsHex(value):
		return f.name + "=" + strings.ToUpper(hex.EncodeToString([]byte(value)))
	case f.foreign:
		return f.name + `="` + value + `"`
	}
	return f.name + "=" + value
}

// needsHex reports whether a value would end its field early, as libaudit's audit_value_needs_encoding does: it has a
// quote, a space, a control byte, or a byte of another script.
func needsHex(value string) bool {
	for i := range len(value) {
		if c := value[i]; c == '"' || c < 0x21 || c >= 0x7f {
			return true
		}
	}
	return false
}

// join returns fields as one text of maxText bytes at most. Values are cut off where it would be longer.
func join(fields []field) string {
	for most := maxText; ; most /= 2 {
		texts := make([]string, len(fields))
		for i, f := range fields {
			texts[i] = f.text(most)
		}
		if text := strings.Join(texts, " "); len(text) <= maxText {
			return text
		}
	}
}
