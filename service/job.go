package service

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/berthd/berth/internal/domain"
)

// longJob is work on a container that may take long: a relabelling, or an unshift. The container's mu guards it.
type longJob struct {
	kind  JobKind
	began time.Time
	abort context.CancelCauseFunc // nil if it cannot be aborted
	trees []Tree
}

// JobKind is the kind of a long job on a container, "" for none.
type JobKind string

// The kinds.
const (
	JobRelabel JobKind = "relabel" // files get the container's label
	JobRestore JobKind = "restore" // files get their own labels back
	JobUnshift JobKind = "unshift" // files get their plain owners back
)

// Job is a long job on a container.
type Job struct {
	Kind      JobKind
	Elapsed   time.Duration
	Files     uint64 // that it has looked at, as far as that was told
	Abortable bool
}

// Job returns the job that goes on on a container. It returns the zero value if there is none.
func (s *Service) Job(u domain.UUID) (Job, error) {
	c, err := s.find(u)
	if err != nil {
		return Job{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.job.kind == "" {
		return Job{}, nil
	}
	return Job{Kind: c.job.kind, Elapsed: s.Now().Sub(c.job.began), Files: c.snap.RelabelProgress, Abortable: c.job.abort != nil}, nil
}

func (s *Service) beginJob(c *container, job longJob) {
	job.began = s.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.job = job
}

// endJob takes the job and its progress away. The caller has the container locked.
func (s *Service) endJob(c *container) {
	c.mu.Lock()
	c.job = longJob{}
	shown := c.snap.RelabelProgress != 0
	c.mu.Unlock()
	if shown {
		s.change(c, nil, func(snap *Snapshot) { snap.RelabelProgress = 0 })
	}
}

// AbortJob has the relabelling of a container that is being started, or that gets a device, end. That fails then, and
// the files have their own labels. It also has an unshift end, with a part of the files done. It does not wait for
// that. It returns a StateError if there is none.
func (s *Service) AbortJob(ctx context.Context, u domain.UUID) error {
	return s.chosen(ctx, func() (*container, error) { return s.find(u) }, func(c *container) error {
		if c.job.abort == nil {
			return &StateError{Kind: NotNow, Op: "to abort a job", Name: c.snap.Name, State: c.snap.State}
		}
		c.job.abort(errAborted)
		return nil
	})
}

// progress returns what announces the progress of a job on a container, which the caller has locked. It may be called
// by several goroutines.
func (s *Service) progress(c *container) func(files uint64) {
	var mu sync.Mutex
	last := s.Now()
	return func(files uint64) {
		mu.Lock()
		defer mu.Unlock()
		if s.Now().Sub(last) < progressPause {
			return
		}
		last = s.Now()
		s.change(c, nil, func(snap *Snapshot) { snap.RelabelProgress = files })
	}
}

// patient returns a context for a job in an operation that has a time limit: it ends when ctx ends, but not at the
// limit.
func patient(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	job, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		if cause := context.Cause(ctx); !errors.Is(cause, ErrTimeout) {
			cancel(cause)
		}
	})
	return job, func(cause error) {
		stop()
		cancel(cause)
	}
}

// renewed returns a context that has its time limit from now on, and ends with ctx otherwise.
func renewed(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	fresh, end := patient(ctx)
	fresh, cancel := limited(fresh, limit)
	return fresh, func() {
		cancel()
		end(nil)
	}
}

// restorePending restores the trees of runs that this host's last boot, or a failed restore, has left behind. live are
// the runs that are known. It returns the work, with the containers locked that it is for.
func (s *Service) restorePending(live []SavedRun) (work []func()) {
	pending, err := s.Trees.Pending()
	if err != nil {
		s.Log.Error("labels to restore", "err", err)
		return nil
	}
	known := map[domain.UUID]bool{}
	for _, r := range live {
		known[r.Run.UUID] = true
	}
	for _, u := range pending {
		if known[u] {
			continue
		}
		unlock := func() {}
		if c, err := s.find(u); err == nil {
			_ = c.lock(detached()) // nobody else knows it yet
			unlock = c.unlock
		}
		s.restoring.Add(1)
		work = append(work, func() {
			defer s.restoring.Add(-1)
			defer unlock()
			if err := s.restoreTrees(detached(), u); err != nil {
				s.Log.Error("restore labels", s.WhoHas(u), "err", err)
			}
		})
	}
	return work
}
