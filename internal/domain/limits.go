package domain

import "strings"

// The kernel's limits for paths, in bytes: PATH_MAX without the zero byte, and NAME_MAX (path_resolution(7)).
const (
	maxPath     = 4095
	maxPathPart = 255
)

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
