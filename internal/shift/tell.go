package shift

import "fmt"

// Tell says what is wrong with a root, and what to do about it: nothing for one that a start takes as it is. name is
// that of the container. A map without ranges is that of a container without a user namespace, which takes any owner as
// it is: what looks shifted is told all the same.
func (v Verdict) Tell(name string, m Map) (what, todo string) {
	switch {
	case v.State == Interrupted:
		return (&InterruptedError{Map: v.Mark, Name: name, Above: v.Above}).parts()
	case v.State != Half && v.State != Other:
		return "", ""
	case m.UIDs != nil:
		return (&Error{Verdict: v, Name: name, Map: m}).parts()
	}
	what = v.Seen.String()
	if v.State == Half && v.Against != v.Seen {
		what += ", but " + v.Against.String()
	}
	return "it looks shifted on disk, and the container has no <idmap>: " + what, advice(fmt.Sprintf("--from %d ", v.Seen.UID), name) +
		"; or give it an <idmap> that begins with that id"
}

// orNone returns the map by which a root is judged: that of a container without a user namespace maps each id to
// itself.
func (m Map) orNone() Map {
	if m.UIDs == nil {
		return From(0)
	}
	return m
}
