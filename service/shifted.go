package service

import (
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/shift"
)

// shiftOf returns the ids of a definition with a user namespace.
func shiftOf(def *domain.Def) *shift.Map {
	ranges := func(list []domain.IDRange) (out []shift.Range) {
		for _, r := range list {
			out = append(out, shift.Range{Inside: r.Start, Outside: r.Target, Count: r.Count})
		}
		return out
	}
	return &shift.Map{UIDs: ranges(def.IDMap.UIDs), GIDs: ranges(def.IDMap.GIDs)}
}
