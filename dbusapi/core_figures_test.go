package dbusapi

import (
	"context"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/figures"
	"github.com/berthd/berth/service"
)

func (f *fakeCore) Stats(u domain.UUID, want figures.Wanted) (service.Stats, error) {
	f.mu.Lock()
	st := service.Stats{Snapshot: f.snaps[u]}
	f.mu.Unlock()
	st.Put(figures.CPUUsageUSec, 7)
	if want.Whole(figures.IO) {
		st.AddDevice(figures.Device{Name: "vda", ReadBytes: 512, ReadOperations: 1})
	}
	return st, f.run(context.Background(), "stats", u)
}

func (f *fakeCore) AllStats(want figures.Wanted, wanted func(*service.Snapshot) bool) ([]service.Stats, error) {
	var list []service.Stats
	for _, snap := range f.List() {
		if !wanted(&snap) {
			continue
		}
		st := service.Stats{Snapshot: snap}
		if snap.State.Active() {
			st, _ = f.Stats(snap.UUID, want)
		}
		list = append(list, st)
	}
	return list, nil
}
