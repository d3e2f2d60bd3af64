// Package shellword writes words for the command lines of a POSIX shell, as Berth prints them for people. It is pure.
package shellword

import "strings"

// plain has the characters of a word that a shell takes as it is, wherever it stands.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-"

// Quote returns a text as a shell reads it as one word. It adds quotes only if they are needed.
func Quote(word string) string {
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// Operand returns a text as a word that a command takes for no option: one that begins with a hyphen comes after --.
func Operand(word string) string {
	if strings.HasPrefix(word, "-") {
		return "-- " + Quote(word)
	}
	return Quote(word)
}
