package client

import (
	"context"

	"github.com/berthd/berth/contract"
)

// The calls here last until something happens in a container. They ask the next berthd when one ends meanwhile.

// restarts is how often in a row berthd may end during one of them.
const restarts = 100

// Restarting reports whether an error says that berthd ended before it answered: the next one can be asked.
func Restarting(err error) bool {
	switch NameOf(err) {
	case contract.ErrorNoReply, contract.ErrorShuttingDown, contract.ErrorNameHasNoOwner:
		return true
	}
	return false
}

// again asks each berthd that comes until one has answered. It returns that one's error.
func again(ask func() error) (err error) {
	for range restarts {
		if err = ask(); !Restarting(err) {
			break
		}
	}
	return err
}

// WaitReady returns when the container is ready.
func (c *Client) WaitReady(ctx context.Context, p Path) error {
	return again(func() error { return c.change(ctx, p, "WaitReady") })
}

// AwaitEnd returns when the run with an id is over, with the state and its reason of then.
func (c *Client) AwaitEnd(ctx context.Context, p Path, id uint32) (state, reason string, err error) {
	err = again(func() error {
		return c.call(ctx, p, contract.ContainerInterface, "AwaitEnd", []any{id, noOptions()}, &state, &reason)
	})
	return state, reason, err
}

// Wait returns when a command has ended. Its object is gone then.
func (c *Client) Wait(ctx context.Context, process Path) (e Exit, err error) {
	err = again(func() error {
		return c.call(ctx, process, contract.ProcessInterface, "Wait", []any{noOptions()}, &e.Code, &e.Kind)
	})
	return e, err
}
