package domain

import (
	"encoding/hex"
	"strings"
	"unicode"
)

// maxName leaves room in a file name of 255 bytes for what the store adds: a dot, ".xml" and the digits
// of a temporary file, or ".damaged" and a counter.
const maxName = 231

// maxHostname is HOST_NAME_MAX.
const maxHostname = 64

// checkName refuses what cannot be a file's name, or would forge a line of a log.
func checkName(name string) error {
	const at = "domain/name"
	switch {
	case name == "":
		return invalid(at, "a domain must have a name")
	case name == "." || name == "..":
		return invalid(at, "'%s' is no name for a domain", name)
	case strings.Contains(name, "/"):
		return invalid(at, "name %.60s cannot contain '/'", name)
	case strings.ContainsFunc(name, unicode.IsControl):
		return invalid(at, "name %.60q cannot contain newlines or other control characters", name)
	case len(name) > maxName:
		return invalid(at, "the name has %d bytes, and at most %d are possible", len(name), maxName)
	}
	return nil
}

// Hostname is what the container's host is called: the name, less what a host name cannot have.
func (d *Def) Hostname() string {
	var b strings.Builder
	for _, r := range d.Name {
		if isAlnum(r) || r == '-' {
			b.WriteRune(r)
		}
	}
	h := strings.TrimPrefix(b.String(), "-")
	if strings.Trim(h, "-") == "" {
		h = "container-" + d.shortID()
	}
	return h[:min(len(h), maxHostname)]
}

// MachineName is the name for systemd-machined: the container's own where it is a host name, else
// what remains of it with eight digits of the uuid, so that it is nobody else's.
func (d *Def) MachineName() string {
	if isHostname(d.Name) {
		return d.Name
	}
	var b strings.Builder
	for _, r := range d.Name {
		switch {
		case isAlnum(r):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	id := d.shortID()
	stem := b.String()
	stem = strings.Trim(stem[:min(len(stem), maxHostname-len(id)-1)], "-")
	if stem == "" {
		stem = "container"
	}
	return stem + "-" + id
}

func (d *Def) shortID() string { return hex.EncodeToString(d.UUID[:4]) }

// isHostname is machined's own rule (systemd 252, hostname_is_valid): letters, digits, "-" and single inner
// dots.
func isHostname(s string) bool {
	if s == "" || len(s) > maxHostname {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if !isAlnum(r) && r != '-' {
				return false
			}
		}
	}
	return true
}

func isAlnum(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}
