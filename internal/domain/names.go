package domain

import (
	"encoding/hex"
	"strings"
	"unicode"
)

// maxName is the longest name, in bytes. It leaves room in a file name of 255 bytes for the parts
// that the store adds: a dot, ".xml" and the digits of a temporary file, or ".damaged" and a counter.
const maxName = 231

// maxHostname is HOST_NAME_MAX, in bytes (sethostname(2)).
const maxHostname = 64

// checkName returns an error if name cannot be a file's name, or could forge a line in a log.
func checkName(name string) *Error {
	const at = "domain/name"
	switch {
	case name == "":
		return invalid(at, "a domain must have a name")
	case name == "." || name == "..":
		return invalid(at, "'%s' is not a name for a domain", name)
	case strings.Contains(name, "/"):
		return invalid(at, "name %.60s cannot contain '/'", name)
	case strings.ContainsFunc(name, unicode.IsControl):
		return invalid(at, "name %.60q cannot contain newlines or other control characters", name)
	case len(name) > maxName:
		return invalid(at, "the name has %d bytes; the limit is %d", len(name), maxName)
	}
	return nil
}

// Hostname returns the container's host name: its name without the characters that a host name
// cannot have.
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

// maxMachineUnit is the longest name of a machine in the name of a unit, in bytes: systemd's limit is 255, and the
// unit of an image's server is the longest, berth-image-NAME-PID.scope.
const maxMachineUnit = maxUnit - len("berth-image--4194304.scope")

// MachineName returns the name for systemd-machined. It is the container's name if machined accepts that, and if the
// names of its units are not too long: a dash has four bytes there. Otherwise it is the usable part of the name and
// eight digits of the uuid, which make it unique.
func (d *Def) MachineName() string {
	if isHostname(d.Name) && escapedLen(d.Name) <= maxMachineUnit {
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

// isHostname reports whether machined accepts s (systemd 252, hostname_is_valid): letters, digits, "-" and
// single inner dots.
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
