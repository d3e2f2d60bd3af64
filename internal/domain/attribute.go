package domain

import (
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
)

// number checks that text is an unsigned 64-bit number. encoding/xml checks that too, but its error
// does not name the element.
func number(path, text string) *Error {
	if _, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64); err != nil {
		return invalid(path, "%.40q is not a number from 0 to 18446744073709551615", strings.TrimSpace(text))
	}
	return nil
}

func contains(words, word string) bool {
	return slices.Contains(strings.Fields(words), word)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "/" + name
}

// qualified returns an element's or attribute's name with the schema's prefix for its namespace.
func qualified(n xml.Name) string {
	switch n.Space {
	case "":
		return n.Local
	case lxcNamespace:
		return "lxc:" + n.Local
	case berthNamespace:
		return "berth:" + n.Local
	case xmlNamespace:
		return "xml:" + n.Local
	}
	return "{" + n.Space + "}" + n.Local
}
