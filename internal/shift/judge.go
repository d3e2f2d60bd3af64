package shift

// Owner is who owns a file of a tree.
type Owner struct {
	Path     string // from the top of the tree, which is /
	UID, GID uint32 // on disk
}

// Places returns the directories that tell of a root whether it is shifted, from its top, which is "". They belong to
// root in every distribution, nobody mounts anything else there, and no administrator makes them by hand. One that is
// missing or a symbolic link, as /bin is one, says nothing.
func Places() []string {
	return []string{"", "bin", "etc", "lib", "sbin", "usr", "var", "usr/bin", "usr/lib"}
}

// State is what a tree is.
type State int

// The states of a tree, for one map.
const (
	Plain       State = iota // the owners are those inside
	Shifted                  // the owners are those of the map on the host
	Half                     // some are, and some are not
	Other                    // the owners are of neither: it is shifted by another map
	Interrupted              // an unshift of it goes on, or was killed: it has the attribute MarkName
)

func (s State) String() string {
	return [...]string{"plain", "shifted", "half", "other", "interrupted"}[s]
}

// Verdict is what a root is. Two owners show it if it can be neither mapped nor mounted as it is.
type Verdict struct {
	State State
	// Seen is an owner that a plain tree has not: a shifted one, or one of another map. Against is one that does not fit
	// to that, of a tree of the state Half.
	Seen, Against Owner
	// Mark is the map of the unshift, of a tree that is Interrupted. It has no ranges if nobody knows it.
	Mark Map
	// Above is the path of the directory that is Interrupted, if that is one above the tree.
	Above string
}

// JudgeMark tells what a tree is that has a value of MarkName.
func JudgeMark(value []byte) Verdict {
	m, _ := ParseMark(value) // a value that is none of ours is a mark, too
	return Verdict{State: Interrupted, Mark: m}
}

// class is what one id is.
type class int

const (
	plain   class = iota
	shifted       // to the map
	either        // both are possible
	foreign       // neither is
)

// classify tells what an id is, of a file that belongs to root.
func classify(list []Range, id uint32) class {
	base := root(list)
	switch {
	case id == 0 && base == 0:
		return either
	case id == 0:
		return plain
	case id == base:
		return shifted
	}
	return among(list, id)
}

// among tells what an id is, of a file of anybody.
func among(list []Range, id uint32) class {
	_, out := Inside(list, id)
	switch in := within(list, id); {
	case in && out:
		return either
	case in:
		return plain
	case out:
		return shifted
	}
	return foreign
}

// Judge tells what a root is, by the owners of Places, the top first. A map without ranges is that of a container
// without a user namespace. A root where nothing tells is plain. The top of a plain root may be anybody's: it is often
// made by other hands than what is in it.
func Judge(m Map, seen []Owner) Verdict {
	m = m.orNone()
	found := map[class][]Owner{}
	for _, o := range seen {
		user, group := classify(m.UIDs, o.UID), classify(m.GIDs, o.GID)
		found[user] = append(found[user], o)
		if group != user {
			found[group] = append(found[group], o)
		}
	}
	plains, shifts, others := found[plain], found[shifted], found[foreign]
	switch {
	case len(shifts) > 0 && len(plains) > 0:
		return Verdict{State: Half, Seen: shifts[0], Against: plains[0]}
	case len(shifts) > 0 && len(others) > 0:
		return Verdict{State: Half, Seen: shifts[0], Against: others[0]}
	case len(shifts) > 0:
		return Verdict{State: Shifted, Seen: shifts[0]}
	case len(others) > 0 && len(plains) == 0:
		return Verdict{State: Other, Seen: others[0]}
	case len(others) > 0 && others[len(others)-1] != seen[0]:
		return Verdict{State: Half, Seen: others[len(others)-1], Against: plains[0]}
	}
	return Verdict{State: Plain}
}

// JudgeVolume tells what a tree is that is no root, or a single file: Plain or Shifted. Its top may be anybody's, so
// only an id that is none of those inside is proof, and that of the user more than that of the group.
func JudgeVolume(m Map, top Owner) State {
	c := among(m.UIDs, top.UID)
	if c == either {
		c = among(m.GIDs, top.GID)
	}
	if c == shifted {
		return Shifted
	}
	return Plain
}
