package launch

import (
	"context"
	"os"

	"github.com/berthd/berth/internal/wire"
)

// maxRequests is how many requests a supervisor has at once that it has not answered. One that answers nothing must not
// fill this daemon's memory.
const maxRequests = 1024

// answer is a supervisor's answer to a request. Only that to an Exec has an execution.
type answer struct {
	execution *Execution
	err       error
}

// answers are those to come. Process.mu guards them.
type answers struct {
	last    uint32
	waiting map[uint32]chan answer // by request; nil if nobody waits for the answer any more
	lost    bool                   // the supervisor has ended
}

// begin makes a request. It returns os.ErrProcessDone if the supervisor has ended, and errSilent if there are too many.
func (a *answers) begin() (request uint32, to <-chan answer, err error) {
	switch {
	case a.lost:
		return 0, nil, os.ErrProcessDone
	case len(a.waiting) >= maxRequests:
		return 0, nil, errSilent
	}
	if a.waiting == nil {
		a.waiting = map[uint32]chan answer{}
	}
	a.last++
	c := make(chan answer, 1)
	a.waiting[a.last] = c
	return a.last, c, nil
}

// answer gives an answer to whom it is for. It reports whether somebody waits for it.
func (a *answers) answer(request uint32, is answer) bool {
	c := a.waiting[request]
	delete(a.waiting, request)
	if c == nil {
		return false
	}
	c <- is // it has room
	return true
}

// forgo says that nobody waits for an answer any more, which is still to come.
func (a *answers) forgo(request uint32) {
	if _, ok := a.waiting[request]; ok {
		a.waiting[request] = nil
	}
}

// lose says that no answer comes any more: the supervisor has ended.
func (a *answers) lose() {
	a.lost = true
	for request := range a.waiting {
		a.answer(request, answer{err: os.ErrProcessDone})
	}
}

// request sends a request, and waits for its answer. It returns os.ErrProcessDone if the supervisor ends before.
func (p *Process) request(ctx context.Context, message func(request uint32) wire.Message, files ...*os.File) (*Execution, error) {
	p.mu.Lock()
	request, to, err := p.answers.begin()
	p.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if err := p.conn.SendWithin(ctx, message(request), files...); err != nil {
		p.mu.Lock()
		p.answers.answer(request, answer{}) // it has not been asked
		p.mu.Unlock()
		if hasEnded(err) {
			return nil, os.ErrProcessDone
		}
		return nil, err
	}
	select {
	case is := <-to:
		return is.execution, is.err
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case is := <-to: // it came at the same moment: nobody else would end its command
		return is.execution, is.err
	default:
		p.answers.forgo(request)
		return nil, context.Cause(ctx)
	}
}
