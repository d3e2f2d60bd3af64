package service

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/berthd/berth/internal/domain"
)

var errSilent = errors.New("the container's supervisor does not answer")

// silent stands for a supervisor that has not answered a new daemon yet. Its container can be frozen,
// thawed and killed, for that is done to the control group, but nothing can be asked of it.
type silent struct {
	end  func() error // of all processes of the scope
	once sync.Once
	over chan struct{} // closed when it was ended, or has answered
}

func (q *silent) PID() uint32                           { return 0 }
func (q *silent) Leader() uint32                        { return 0 }
func (q *silent) Place(context.Context, *os.File) error { return errSilent }
func (q *silent) Continue(context.Context) error        { return errSilent }
func (q *silent) Namespace(string) (*os.File, error)    { return nil, errSilent }
func (q *silent) Terminate() error                      { return errSilent }
func (q *silent) Failure() error                        { return nil }
func (q *silent) Done() <-chan struct{}                 { return q.over }
func (q *silent) End() End                              { return End{} }
func (q *silent) Close() error                          { return nil }

func (q *silent) Kill() error {
	defer q.finish()
	return q.end()
}

func (q *silent) finish() { q.once.Do(func() { close(q.over) }) }

// standIn makes a run ours whose supervisor did not answer. The caller holds the queue.
func (s *Service) standIn(c *container, r *run, def *domain.Def) *silent {
	q := &silent{over: make(chan struct{}), end: func() error {
		ctx, cancel := limited(detached(), endTimeout)
		defer cancel()
		return ignoreGone(s.inGroup(r, func(g Group) error { return g.End(ctx) }))
	}}
	r.supervisor = q
	s.carryOn(c, r, def)
	return q
}

// attachLater asks a supervisor that did not answer again and again, until it does or is gone.
func (s *Service) attachLater(c *container, r *run, def *domain.Def, q *silent) {
	defer q.finish() // whoever waits for the stand-in looks no further: what was ordered is ordered again
	ended := q.Done()
	for {
		ctx, cancel := limited(detached(), endTimeout)
		sup, found, err := s.Supervisors.Attach(ctx, s.Runs.Dir(r.UUID))
		cancel()
		if err == nil {
			_ = c.acquire(detached())
			defer c.release()
			if found {
				s.takeOver(c, r, def, sup)
			} else {
				s.ended(c, r, s.exitOf(r))
			}
			return
		}
		s.Log.Error("supervisor", "domain", def.Name, "err", err)
		select {
		case <-ended:
			ended = nil // once: it is gone soon
		case <-time.After(attachPause):
		}
	}
}
