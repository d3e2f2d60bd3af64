package service

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/figures"
)

// Stats are the figures of one container, with its state at that moment.
type Stats struct {
	Snapshot
	figures.Figures
}

// Stats returns a running container's figures. It returns a StateError if the container is off.
func (s *Service) Stats(u domain.UUID, want figures.Wanted) (Stats, error) {
	c, err := s.find(u)
	if err != nil {
		return Stats{}, err
	}
	m := c.measured()
	if _, err := allow(opStats, &m.Snapshot); err != nil {
		return Stats{}, err
	}
	err = errors.Join(s.Cgroups.Figures().Read(&m.Figures, m.ControlGroup, m.groupID, want), ignoreGone(s.trafficOf(want, m).read(m)))
	if errors.Is(err, fs.ErrNotExist) { // it has ended meanwhile
		err = &StateError{Kind: NotRunning, Op: string(opStats), Name: m.Name, State: StateShutoff}
	}
	m.fromSnapshot(want)
	return m.Stats, err
}

// AllStats returns the figures of all containers that wanted accepts, by name. One that is off has those of the state
// only, and one that ends meanwhile has fewer. Nothing waits for a container here: the readers take no container's lock
// and no place in its queue, and the kernel answers from its memory. What cannot be read of one is logged, and is no
// fault of the others. It returns an error if berthd has not the means to read: a missing figure would say that the
// host does not count it.
func (s *Service) AllStats(want figures.Wanted, wanted func(*Snapshot) bool) ([]Stats, error) {
	list := s.toMeasure(wanted)
	traffic := s.trafficOf(want, list...)
	faults := make([]error, len(list))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(list)) {
		workers.Go(func() {
			reader := s.Cgroups.Figures()
			for n := next.Add(1) - 1; n < int64(len(list)); n = next.Add(1) - 1 {
				faults[n] = list[n].read(reader, traffic, want)
			}
		})
	}
	workers.Wait()
	all := make([]Stats, len(list))
	for i, m := range list {
		all[i] = m.Stats
	}
	return all, s.judge(list, faults)
}

// judge returns the first fault that is berthd's own. Of the others it logs the first only: most likely all have the
// same cause, and somebody asks every second.
func (s *Service) judge(list []*measured, faults []error) error {
	count, first := 0, 0
	for i, err := range slices.Backward(faults) {
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ENOMEM) {
			return err
		}
		if err != nil {
			count, first = count+1, i
		}
	}
	if count > 0 {
		s.Log.Error("read figures", list[first].Who(), "containers", count, "err", faults[first])
	}
	return nil
}

// measured is a container whose figures are being read.
type measured struct {
	Stats
	groupID uint64
}

func (c *container) measured() *measured {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &measured{Stats: Stats{Snapshot: c.snap}, groupID: c.groupID}
}

func (s *Service) toMeasure(wanted func(*Snapshot) bool) []*measured {
	s.mu.RLock()
	list := make([]*measured, 0, len(s.byUUID))
	for _, c := range s.byUUID {
		if m := c.measured(); wanted(&m.Snapshot) {
			list = append(list, m)
		}
	}
	s.mu.RUnlock()
	slices.SortFunc(list, func(a, b *measured) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// read reads the figures of one container of many.
func (m *measured) read(reader FigureReader, traffic *traffic, want figures.Wanted) (err error) {
	defer func() { // in this goroutine a panic would be the end of the daemon, not of one call
		if v := recover(); v != nil {
			err = fmt.Errorf("internal error: %v: %s", v, debug.Stack())
		}
	}()
	defer m.fromSnapshot(want)
	if m.ControlGroup == "" {
		return nil
	}
	return errors.Join(ignoreGone(reader.Read(&m.Figures, m.ControlGroup, m.groupID, want)), ignoreGone(traffic.read(m)))
}

// fromSnapshot enters the figures that the kernel does not know, and takes away what nobody wants.
func (m *measured) fromSnapshot(want figures.Wanted) {
	put := func(f figures.Figure, t time.Time) {
		if !t.IsZero() {
			m.Put(f, uint64(t.UnixMicro()))
		}
	}
	put(figures.StateChangedUSec, m.StateChanged)
	if m.State.Active() {
		put(figures.StartedUSec, m.Started)
		m.Put(figures.VCPUs, uint64(m.VCPUs))
	}
	m.Keep(want)
	if !want.Whole(figures.Net) {
		m.Figures.Interfaces = nil
	}
}
