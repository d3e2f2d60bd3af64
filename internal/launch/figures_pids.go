package launch

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/cgroup"
	"github.com/berthd/berth/internal/figures"
)

// maxWalk is how many groups are looked at for refused forks. A container can have as many as it likes.
const maxWalk = 128

// pids enters the tasks.
func (s *sheet) pids() {
	if s.want.Has(figures.TasksCurrent) && !s.single(payload+"pids.current", figures.TasksCurrent) {
		return
	}
	if s.want.HasAny(figures.TasksMax, figures.TasksMaxEvents) {
		s.single("pids.max", figures.TasksMax)
	}
	if s.want.Has(figures.TasksMaxEvents) {
		s.refused()
	}
}

// refused enters the forks that the limit refused. Since Linux 6.11 the kernel counts one in the group with the limit,
// and in those above. Before, and with the mount option pids_localevents, it counts only in the group of the process
// that forked. So if the scope has been at its limit, and says nothing of refused forks, the groups below say it. One
// that was removed says nothing more.
func (s *sheet) refused() {
	s.read("pids.events", s.into.PIDsEvents)
	limit, limited := s.into.Get(figures.TasksMax)
	if events, _ := s.into.Get(figures.TasksMaxEvents); events > 0 || !limited {
		return
	}
	var most figures.Set
	// Linux 6.0 has the peak.
	found := s.read("pids.peak", func(text []byte) error { return most.Single(figures.TasksCurrent, text) })
	if peak, _ := most.Get(figures.TasksCurrent); !found || peak >= limit {
		s.sumEvents()
	}
}

// sumEvents adds up what the groups of the payload count.
func (s *sheet) sumEvents() {
	next := []string{cgroup.Payload}
	for n := 0; n < len(next) && n < maxWalk; n++ {
		s.read(next[n]+"/pids.events", s.into.PIDsEvents)
		err := s.dir.Below(next[n], func(name string) { next = append(next, name) })
		if ignoreRemoved(err) != nil {
			s.errs = append(s.errs, err)
		}
	}
}

// ignoreRemoved returns nil if err says that a file or a group is not there, or no longer, or that the kernel was told
// not to count (psi=0).
func ignoreRemoved(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV) || errors.Is(err, unix.EOPNOTSUPP) {
		return nil
	}
	return err
}
