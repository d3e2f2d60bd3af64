package supervisor

import (
	"os"

	"github.com/berthd/berth/internal/linux/owners"
	"github.com/berthd/berth/internal/shift"
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
	files, err := owners.Directories(tree, shift.Places())
	if err != nil {
		return false, err
	}
	seen := make([]shift.Owner, len(files))
	for i, f := range files {
		seen[i] = shift.Owner{Path: "/" + f.Name, UID: f.UID, GID: f.GID}
	}
	verdict := shift.Judge(m, seen)
	return verdict.State == shift.Shifted, verdict.Check(p.Name, m)
}

func ranges(list []wire.IDRange) []shift.Range {
	out := make([]shift.Range, len(list))
	for i, r := range list {
		out[i] = shift.Range(r)
	}
	return out
}
