package supervisor

import (
	"os"

	"github.com/berthd/berth/internal/linux/owners"
	"github.com/berthd/berth/internal/shift"
	"github.com/berthd/berth/internal/shift/ondisk"
	"github.com/berthd/berth/internal/wire"
)

// isShifted reports whether the files of a source have the ids that init's user namespace has on the host. It returns a
// *shift.Error if the source is a root that can be neither mapped nor mounted as it is. tree is not mapped yet.
func isShifted(p *wire.Prepare, n int, tree *os.File) (bool, error) {
	m := shift.Map{UIDs: ranges(p.UIDs), GIDs: ranges(p.GIDs)}
	if n > 0 {
		top, err := owners.Top(tree)
		return err == nil && shift.JudgeVolume(m, shift.Owner{UID: top.UID, GID: top.GID}) == shift.Shifted, err
	}
	verdict, err := ondisk.Owners(tree, m)
	if err != nil {
		return false, err
	}
	return verdict.State == shift.Shifted, verdict.Check(p.Name, m)
}

// unmarked returns a *shift.InterruptedError if the nth source is a directory that is being taken back to plain owners.
// The tree is what will be mounted, so that it does not matter where its path leads meanwhile.
func unmarked(p *wire.Prepare, n int, tree *os.File) error {
	verdict, marked, err := ondisk.Marked(tree)
	if err != nil || !marked {
		return err
	}
	e := &shift.InterruptedError{Map: verdict.Mark}
	switch src := p.Sources[n]; {
	case src.Supplied:
	case n == 0:
		e.Name = p.Name
	default:
		e.Path = src.Path
	}
	return e
}

func ranges(list []wire.IDRange) []shift.Range {
	out := make([]shift.Range, len(list))
	for i, r := range list {
		out[i] = shift.Range(r)
	}
	return out
}
