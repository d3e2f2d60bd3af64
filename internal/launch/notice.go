package launch

import "github.com/berthd/berth/service"

// Noticed returns a channel that gets a token when init has said something.
func (p *Process) Noticed() <-chan struct{} { return p.noticed }

// Notice returns what init has said so far.
func (p *Process) Notice() service.Notice {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.notice
}
