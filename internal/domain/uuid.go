package domain

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// UUID identifies a container. It never changes while the container is defined.
type UUID [16]byte

// IsZero reports whether no UUID was given.
func (u UUID) IsZero() bool { return u == UUID{} }

// String returns the UUID in lower case with dashes.
func (u UUID) String() string {
	text := u.text('-')
	return string(text[:])
}

// Underscored is String with underscores, for the names that D-Bus allows no dashes in.
func (u UUID) Underscored() string {
	text := u.text('_')
	return string(text[:])
}

// text is made by hand, since each call on the bus makes some.
func (u UUID) text(dash byte) (text [36]byte) {
	at := 0
	for i, b := range u {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			text[at] = dash
			at++
		}
		const digits = "0123456789abcdef"
		text[at], text[at+1] = digits[b>>4], digits[b&15]
		at += 2
	}
	return text
}

// ParseUUID reads a UUID as libvirt does: it ignores dashes and blanks. It returns an error if the
// rest is not 32 hexadecimal digits, or is all zero.
func ParseUUID(s string) (UUID, error) {
	var u UUID
	var digits [2 * len(u)]byte
	n := 0
	for _, c := range []byte(strings.TrimSpace(s)) {
		if c == '-' || c == ' ' {
			continue
		}
		if n < len(digits) {
			digits[n] = c
		}
		n++
	}
	if n != len(digits) {
		return UUID{}, fmt.Errorf("uuid %q: want 32 hexadecimal digits", s)
	}
	if _, err := hex.Decode(u[:], digits[:]); err != nil {
		return UUID{}, fmt.Errorf("uuid %q: %w", s, err)
	}
	if u.IsZero() {
		return UUID{}, fmt.Errorf("uuid %q: all zero", s)
	}
	return u, nil
}
