package nspawn

import (
	"fmt"
	"strings"
)

// plain has the characters of a word that needs no quotes.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@+=:,./_-"

// fits reports whether a text can be in a line of a settings file: such a file has no way to write a line break or
// another control character, and a backslash at the end of a line continues it.
func fits(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) && !strings.HasSuffix(text, `\`)
}

func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, text)
}

// word quotes one of the words of Parameters= and Environment=. There a backslash has no meaning, so that each kind of
// quotes is written within the other one.
func word(text string) string {
	switch {
	case text != "" && strings.Trim(text, plain) == "":
		return text
	case !strings.Contains(text, `"`):
		return `"` + text + `"`
	case !strings.Contains(text, "'"):
		return "'" + text + "'"
	}
	return `"` + strings.ReplaceAll(text, `"`, `"'"'"`) + `"`
}

// part writes a path between the colons of Bind= and such. There a backslash takes the meaning of the next character.
func part(path string) string {
	return strings.NewReplacer(`\`, `\\`, ":", `\:`).Replace(path)
}

// execWord quotes a word of ExecStart= (systemd.service(5)).
func execWord(text string) string {
	text = strings.NewReplacer("%", "%%", "$", "$$").Replace(text)
	if strings.Trim(text, plain+"%$") == "" {
		return text
	}
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(c))
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return `"` + b.String() + `"`
}
