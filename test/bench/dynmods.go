package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/berthd/berth/test/bench/host"
)

// errNotFavoured is why contenders that want favordynmods are not measured.
var errNotFavoured = errors.New("the machine's cgroup2 has no favordynmods, and --favordynmods, which sets it, is not given")

// checkFavoured excludes the contenders that want favordynmods if the machine does not have it and shall not get it.
func (s *session) checkFavoured() error {
	has, err := host.Favours()
	if err != nil {
		return err
	}
	for _, p := range s.contenders {
		if p.dynMods && !has && !s.options.favorDynMods {
			p.problem = errNotFavoured.Error()
		}
	}
	return nil
}

// favoured measures the contenders that want favordynmods, after all others. A nest has a cgroup namespace, in which
// the kernel ignores the option. So the machine gets it, and with it everybody.
func (s *session) favoured(ctx context.Context) (err error) {
	wanted := func(p *contender) bool { return p.dynMods }
	if !s.any(wanted) {
		return nil
	}
	back, err := host.FavorDynMods()
	if err != nil {
		return s.each(wanted, func(p *contender) error {
			s.exclude(p, fmt.Errorf("favordynmods: %w", err))
			return nil
		})
	}
	defer func() { err = errors.Join(err, back()) }()
	if err := s.rounds(ctx, "warm starts with favordynmods", wanted, s.warmStart); err != nil {
		return err
	}
	return s.rounds(ctx, "cold starts with favordynmods", wanted, s.coldStart)
}

// any reports whether there is a contender that is not excluded and that wanted accepts.
func (s *session) any(wanted func(*contender) bool) bool {
	for _, p := range s.contenders {
		if p.problem == "" && wanted(p) {
			return true
		}
	}
	return false
}
