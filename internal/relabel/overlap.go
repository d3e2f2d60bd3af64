package relabel

import "slices"

// Overlap returns the first of some trees that has files in common with one of others, and that one: they are the same, or one is in
// the other, whatever paths lead there. Both are empty if there is none. A path that leads nowhere has no files. The host's
// root directory, with which everything would overlap, counts for none.
func Overlap(trees, others []string) (tree, other string) {
	above := make(map[string][]place, len(others))
	up := func(path string) []place {
		if list, known := above[path]; known {
			return list
		}
		above[path] = placesAbove(path)
		return above[path]
	}
	for _, tree := range trees {
		for _, other := range others {
			a, b := up(tree), up(other)
			if len(a) > 1 && len(b) > 1 && (slices.Contains(a, b[0]) || slices.Contains(b, a[0])) {
				return tree, other
			}
		}
	}
	return "", ""
}

// placesAbove returns the place of a file or directory and those above it, only one for the host's root directory, and none if
// the path leads nowhere.
func placesAbove(path string) []place {
	r, err := openRoot(Tree{Path: path})
	if err != nil {
		return nil
	}
	defer closeAll([]*root{r})
	up, err := ancestors(r)
	if err != nil {
		return nil
	}
	return up
}
