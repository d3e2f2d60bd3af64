package bus

import "strings"

const (
	maxSignature = 255 // bytes
	maxNesting   = 32  // arrays, and structures, in one signature
)

// grammar is a set of signatures.
type grammar struct {
	basics string // the types that are no containers
	keys   string // those of them that a dictionary can have for keys
}

// anySignature is what the specification admits.
func anySignature() grammar { return grammar{basics: "ybnqiuxtdsogh", keys: "ybnqiuxtdsogh"} }

// decodable is what godbus can decode and we can take of a message without descriptors. Booleans and
// signatures for keys end its connection, and a float that is no number is found in no map.
func decodable() grammar { return grammar{basics: "ybnqiuxtdsog", keys: "ynqiuxtso"} }

// withDescriptors is the same of a message that has descriptors. godbus decodes them to their places.
func withDescriptors() grammar { return grammar{basics: "ybnqiuxtdsogh", keys: "ynqiuxtso"} }

// has reports whether s is a signature of the grammar.
func (g grammar) has(s string) bool {
	if len(s) > maxSignature {
		return false
	}
	for s != "" {
		rest, ok := g.complete(s, 0, 0)
		if !ok {
			return false
		}
		s = rest
	}
	return true
}

// complete takes one complete type off the front of s, inside so many arrays and structures.
func (g grammar) complete(s string, arrays, structs int) (rest string, ok bool) {
	switch {
	case s == "" || arrays > maxNesting || structs > maxNesting:
		return "", false
	case s[0] == 'v' || strings.IndexByte(g.basics, s[0]) >= 0:
		return s[1:], true
	case strings.HasPrefix(s, "a{"):
		if len(s) < 3 || strings.IndexByte(g.keys, s[2]) < 0 {
			return "", false
		}
		rest, ok = g.complete(s[3:], arrays+1, structs)
		if !ok || !strings.HasPrefix(rest, "}") {
			return "", false
		}
		return rest[1:], true
	case s[0] == 'a':
		return g.complete(s[1:], arrays+1, structs)
	case s[0] == '(':
		// An empty structure has no size, so that an array of them never ends.
		rest, ok = g.complete(s[1:], arrays, structs+1)
		for ok && !strings.HasPrefix(rest, ")") {
			rest, ok = g.complete(rest, arrays, structs+1)
		}
		if !ok {
			return "", false
		}
		return rest[1:], true
	}
	return "", false
}

// first is the length of the first complete type of a valid signature.
func first(s string) int {
	n := 0
	for s[n] == 'a' {
		n++
	}
	open := 0
	for {
		switch s[n] {
		case '(', '{':
			open++
		case ')', '}':
			open--
		}
		n++
		if open == 0 {
			return n
		}
	}
}

// alignment is that of a type by its first character.
func alignment(c byte) int {
	switch c {
	case 'n', 'q':
		return 2
	case 'b', 'i', 'u', 'h', 's', 'o', 'a':
		return 4
	case 'x', 't', 'd', '(', '{':
		return 8
	}
	return 1
}

// fixed is the size of a type whose every bit pattern is a value, and 0 for any other.
func fixed(c byte) int {
	switch c {
	case 'y':
		return 1
	case 'n', 'q':
		return 2
	case 'i', 'u', 'h':
		return 4
	case 'x', 't', 'd':
		return 8
	}
	return 0
}
