package cli

import "fmt"

// defaultEscape is the key that leaves a console: Ctrl and ].
const defaultEscape = "^]"

// parseEscape reads a key as virsh does: a character, or ^ and a character for that with the Ctrl key.
func parseEscape(text string) (byte, error) {
	switch {
	case len(text) == 1 && text[0] < 0x80:
		return text[0], nil
	case len(text) == 2 && text[0] == '^':
		c := text[1]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if '@' <= c && c <= '_' {
			return c ^ 0x40, nil
		}
	}
	return 0, fmt.Errorf("invalid string '%s' for escape sequence: it is a character, or ^ and one of @ to _", printable(text))
}

// escapeText returns the text that stands for a key.
func escapeText(key byte) string {
	if key < 0x20 {
		return "^" + string(rune(key^0x40)) + " (Ctrl + " + string(rune(key^0x40)) + ")"
	}
	return string(rune(key))
}
