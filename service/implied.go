package service

import (
	"context"

	"github.com/berthd/berth/contract"
)

// implied asks whether a caller who has not been given a right has one that implies it. v is the authority's word about
// the action itself: a no stays one, whatever implies the action. That is why the authority is not told what implies
// what: polkit would look for it before it takes a rule's no. All are asked about in each case, so that the time of an
// answer does not tell what it is. A no to what implies is remembered like one about what a caller sees, for those who
// ask often; a yes is not.
func (a *Access) implied(ctx context.Context, q Question, v Verdict) (Verdict, error) {
	could := v.Challenge
	for _, action := range contract.ImpliedBy(q.Action) {
		by := q
		by.Action = action
		if yes, known := a.knownToSee(by); known && !yes {
			continue
		}
		age := a.age()
		w, err := a.authority.Decide(ctx, by, false)
		if err != nil {
			return Verdict{}, err
		}
		if !w.Allowed && w.Lasting && q.Caller.key() != "" {
			a.remember(by, false, age)
		}
		v.Lasting = v.Lasting && w.Lasting
		v.Allowed = v.Allowed || could && w.Allowed
	}
	return v, nil
}
