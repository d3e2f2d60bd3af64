package syntax

import (
	"errors"
	"path"
	"slices"
	"strings"
)

// errNotPassed is why a file is not read that the caller does not have.
var errNotPassed = errors.New("its text was not given")

// Files returns a Reader of texts by their names. A name with a slash at its end is an empty directory. Unread says why
// a file has no text.
func Files(texts, unread map[string]string) Reader {
	return func(name string) (list []Source, err error) {
		if text, ok := texts[name]; ok {
			return []Source{{name, text}}, nil
		}
		if why, ok := unread[name]; ok {
			return nil, errors.New(why)
		}
		dir := path.Clean(name)
		for file, text := range texts {
			if path.Dir(file) == dir && IsIncluded(file) {
				list = append(list, Source{file, text})
			}
		}
		if _, empty := texts[dir+"/"]; len(list) == 0 && !empty {
			return nil, errNotPassed
		}
		slices.SortFunc(list, func(a, b Source) int { return strings.Compare(a.Name, b.Name) })
		return list, nil
	}
}

// IsIncluded reports whether a file is included with its directory.
func IsIncluded(name string) bool { return strings.HasSuffix(name, ".conf") }
