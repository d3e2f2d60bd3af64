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
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[0:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// ParseUUID reads a UUID as libvirt does: it ignores dashes and blanks. It returns an error if the
// rest is not 32 hexadecimal digits, or is all zero.
func ParseUUID(s string) (UUID, error) {
	var u UUID
	digits := strings.NewReplacer("-", "", " ", "").Replace(strings.TrimSpace(s))
	if len(digits) != 2*len(u) {
		return UUID{}, fmt.Errorf("uuid %q: want 32 hexadecimal digits", s)
	}
	if _, err := hex.Decode(u[:], []byte(digits)); err != nil {
		return UUID{}, fmt.Errorf("uuid %q: %w", s, err)
	}
	if u.IsZero() {
		return UUID{}, fmt.Errorf("uuid %q: all zero", s)
	}
	return u, nil
}
