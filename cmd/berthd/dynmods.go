package main

import (
	"log/slog"

	"github.com/berthd/berth/internal/cgroup"
)

// favorDynMods carries out FavorDynMods=yes. A host without the option starts containers all the same, only later.
func favorDynMods(log *slog.Logger) {
	changed, err := cgroup.FavorDynMods()
	switch {
	case err != nil:
		log.Warn("FavorDynMods= has no effect", "err", err)
	case changed:
		log.Info("cgroup2 is mounted with favordynmods from now on (FavorDynMods=)")
	}
}
