package shift

import (
	"fmt"

	"github.com/berthd/berth/internal/shellword"
)

// Error says why a root can be neither mapped nor mounted as it is.
type Error struct {
	Verdict
	Name string // of the container, for the advice
	Map  Map
}

func (e *Error) Error() string {
	what, todo := e.parts()
	return what + ": " + todo
}

// parts says what is wrong, and what to do about it.
func (e *Error) parts() (what, todo string) {
	ids := text(e.Map.UIDs)
	if groups := text(e.Map.GIDs); groups != ids {
		ids += " (of groups " + groups + ")"
	}
	if e.State == Other {
		return fmt.Sprintf("it is shifted on disk by other ids than this container's %s: %s", ids, e.Seen),
			advice(fmt.Sprintf("--from %d ", e.Seen.UID), e.Name) + "; or let <idmap> begin with that id"
	}
	from := ""
	if base, own := e.Seen.UID, root(e.Map.UIDs); base != own && among(e.Map.UIDs, base) == foreign {
		from = fmt.Sprintf("--from %d ", base)
	}
	seen := e.Seen.String()
	if e.Against != e.Seen {
		seen += ", but " + e.Against.String()
	}
	return fmt.Sprintf("it is half shifted on disk: %s, and the ids of this container are %s", seen, ids), advice(from, e.Name)
}

// advice says how a root gets plain owners, which is safe only where no user of the host reaches it.
func advice(options, name string) string {
	return "'berthctl unshift " + options + shellword.Operand(name) + "' takes it back to plain owners; before that, " + First
}

// First is what has to be done before an unshift.
const First = "stop whatever uses it, and put it below a directory that no user of the host can enter (berthctl(1), unshift)"

func (o Owner) String() string { return fmt.Sprintf("%s belongs to %d:%d", o.Path, o.UID, o.GID) }

// Check returns an *Error if a root of this state can be neither mapped nor mounted as it is.
func (v Verdict) Check(name string, m Map) error {
	if v.State == Half || v.State == Other {
		return &Error{Verdict: v, Name: name, Map: m}
	}
	return nil
}
