package client

import (
	"context"
	"sync"

	"github.com/berthd/berth/contract"
)

// interaction says whether polkit may ask the user for a password.
type interaction struct {
	mu    sync.Mutex // guards the fields; held while the agent starts
	never bool
	agent func(context.Context) error // starts what asks the user; nil if that runs already, or is not ours to start
}

// AskNobody makes polkit decide every later call alone.
func (c *Client) AskNobody() {
	c.asking.mu.Lock()
	defer c.asking.mu.Unlock()
	c.asking.never = true
}

// AskBy makes polkit decide calls alone until it wants to ask the user. Then agent is called, once, which starts what
// asks him, and the call is made again. If agent fails, there may still be another one, as that of a desktop. So a
// user whom nobody needs to ask does not wait for an agent.
func (c *Client) AskBy(agent func(context.Context) error) {
	c.asking.mu.Lock()
	defer c.asking.mu.Unlock()
	c.asking.agent = agent
}

// allowed reports whether polkit may ask during the next call.
func (i *interaction) allowed() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return !i.never && i.agent == nil
}

// couldAsk reports whether an error may be another one once polkit can ask. A container that the caller may not see
// looks as one that is not there.
func couldAsk(err error) bool {
	switch NameOf(err) {
	case contract.ErrorInteractionRequired, contract.ErrorNoSuchContainer, contract.ErrorUnknownObject:
		return true
	}
	return false
}

// prepared reports whether a call that failed can be made again, because polkit may ask by now. It starts the agent.
func (i *interaction) prepared(ctx context.Context, err error, asked bool) bool {
	if asked || !couldAsk(err) {
		return false
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.never {
		return false
	}
	if i.agent != nil {
		_ = i.agent(ctx) // it tells the user itself; the reply to the second call is the one that counts
		i.agent = nil
	}
	return ctx.Err() == nil
}
