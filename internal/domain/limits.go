package domain

import "strings"

// The kernel's limits for paths, in bytes: PATH_MAX without the zero byte, and NAME_MAX (path_resolution(7)).
const (
	maxPath     = 4095
	maxPathPart = 255
)

// maxVariable is the kernel's limit for one variable of the environment, in bytes (MAX_ARG_STRLEN without the
// zero byte, execve(2)).
const maxVariable = 128<<10 - 1

// maxImages limits the file systems of the types block and file. The tree of each is a descriptor in one message,
// which has 253 at most (SCM_MAX_FD, unix(7)), and other things need some of them.
const maxImages = 240

// The limits for a partition, in bytes. systemd's limit for the name of a unit is 255. The kernel's for a path
// leaves room for the container's own control groups below the partition's.
const (
	maxUnit  = 255
	maxGroup = 3000
)

// maxComment is room for what the store writes before a definition, in bytes.
const maxComment = 1 << 10

// canBeStored returns an error if the definition's own text is larger than a document may be: it could not be
// read again. The text has all defaults, and characters escaped that a caller need not escape.
func canBeStored(d *Def) *Error {
	text, err := d.Format(FormatOptions{})
	if err != nil {
		return invalid("domain", "%v", err)
	}
	if len(text) > maxSize-maxComment {
		return invalid("domain", "with all that is filled in, the definition has %d bytes; the limit is %d", len(text), maxSize-maxComment)
	}
	return nil
}

// checkPath returns an error if the kernel takes no path of this length.
func checkPath(at, p string) *Error {
	if len(p) > maxPath {
		return invalid(at, "the path has %d bytes; the kernel's limit is %d", len(p), maxPath)
	}
	for part := range strings.SplitSeq(p, "/") {
		if len(part) > maxPathPart {
			return invalid(at, "%.60s… in the path has %d bytes; a file name has %d at most", part, len(part), maxPathPart)
		}
	}
	return nil
}

// checkSlice returns an error if systemd takes no slice for the partition p, because its name is too long or
// because it is too deep.
func checkSlice(at, p string) *Error {
	name, group := 0, 0 // of the slice for p so far, and of its control group
	for part := range strings.SplitSeq(strings.Trim(p, "/"), "/") {
		name += escapedLen(part) + len("-")
		group += name + len(".slice/")
	}
	switch {
	case name-len("-")+len(".slice") > maxUnit:
		return unsupported(at, "the name of its slice has %d bytes; systemd's limit is %d", name-len("-")+len(".slice"), maxUnit)
	case group > maxGroup:
		return unsupported(at, "its control group has a path of %d bytes; the limit is %d", group, maxGroup)
	}
	return nil
}

// escapedLen returns the length of a part of a unit's name after systemd-escape(1).
func escapedLen(s string) int {
	n := 0
	for i := range len(s) {
		if c := s[i]; isAlnum(rune(c)) || c == ':' || c == '_' || c == '.' && i > 0 {
			n++
		} else {
			n += len(`\x2d`)
		}
	}
	return n
}
