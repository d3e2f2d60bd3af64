package nspawnconf

import (
	"errors"
	"strings"
)

var errQuote = errors.New("a quote or a backslash has no end")

// words splits a value at blanks. Quotes keep blanks, and a backslash stands for C's escapes (systemd.syntax(7)).
func words(text string) ([]string, error) { return split(text, " \t") }

// parts splits a value at colons. A colon or backslash after a backslash is itself; an empty part counts.
func parts(text string) (list []string) {
	var part strings.Builder
	escaped := false
	for _, r := range text {
		switch {
		case escaped:
			if r != ':' && r != '\\' {
				part.WriteByte('\\')
			}
			part.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		case r == ':':
			list = append(list, part.String())
			part.Reset()
		default:
			part.WriteRune(r)
		}
	}
	if escaped {
		part.WriteByte('\\')
	}
	return append(list, part.String())
}

func split(text, blanks string) (list []string, err error) {
	var word strings.Builder
	var quote rune
	inWord, escaped := false, false
	for _, r := range text {
		switch {
		case escaped:
			if c, known := map[rune]rune{'n': '\n', 't': '\t', 'r': '\r', 's': ' ', 'a': '\a', 'b': '\b', 'f': '\f', 'v': '\v'}[r]; known {
				r = c
			}
			word.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped, inWord = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, inWord = r, true
		case strings.ContainsRune(blanks, r):
			if inWord {
				list = append(list, word.String())
				word.Reset()
				inWord = false
			}
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quote != 0 || escaped {
		return nil, errQuote
	}
	if inWord {
		list = append(list, word.String())
	}
	return list, nil
}

// boolean reads systemd's words for yes and no.
func boolean(text string) (on, ok bool) {
	switch strings.ToLower(text) {
	case "1", "yes", "y", "true", "t", "on":
		return true, true
	case "0", "no", "n", "false", "f", "off":
		return false, true
	}
	return false, false
}
