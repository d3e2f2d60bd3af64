package service

import (
	"context"
	"time"
)

// A list is a question about each container, so the time that it takes would tell how many there are, hidden ones too.
// It waits as if there were more, up to the next power of two: a caller learns no more than that, and of few nothing at
// all.
const (
	fewestQuestions = 16
	longestQuestion = 10 * time.Millisecond // that is waited for one which is not asked
)

// pace counts the questions of a list. The zero value is of none.
type pace struct {
	questions int
	fastest   time.Duration // question of these
}

func (p *pace) asked(took time.Duration) {
	if p.questions == 0 || took < p.fastest {
		p.fastest = took
	}
	p.questions++
}

// rest returns how long the questions take that a list of the next size would have asked, too. A list of which all is
// remembered asks nothing, whatever is hidden.
func (p *pace) rest() time.Duration {
	if p.questions == 0 {
		return 0
	}
	size := fewestQuestions
	for size < p.questions {
		size *= 2
	}
	return time.Duration(size-p.questions) * min(p.fastest, longestQuestion)
}

// wait takes that long, unless the caller leaves.
func (p *pace) wait(ctx context.Context) {
	timer := time.NewTimer(p.rest())
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
